"""The commands that speak golden calls and the German example recordings."""

import json
import shutil
from pathlib import Path
from typing import Any

import av
import pytest
from click.testing import CliRunner
from evals.lab.speak_calls import EXAMPLES, speak, spoken_set
from evals.lab.spoken import voices
from ruamel.yaml import YAML
from tests.lab.test_voices import needs_german

from ausweis.audio.decode import Recording
from ausweis.audio.sidecar import Sidecar
from ausweis.errors import InputError
from ausweis.labelled import LabelledCall, read_all
from ausweis.vocabulary import Speaker

EIGHT: list[tuple[Speaker, str]] = [("agent", "Ja."), ("caller", "Gut, 4711.")] * 4
FOLDER = Path(__file__).parents[2] / "examples"
CALLS = list(read_all([EXAMPLES]))
MOST_BYTES = 400_000


def test_the_spoken_set_holds_long_calls_of_both_languages() -> None:
    for language, count in (("de", 40), ("en", 20)):
        calls = [one.call for one in spoken_set() if one.call.language == language]
        assert len(calls) == count
        assert sum(len(call.turns) > 50 for call in calls) >= 4


def test_a_call_on_the_list_that_is_nowhere_is_named(tmp_path: Path) -> None:
    listed = tmp_path / "spoken.jsonl"
    listed.write_text('{"call": "dev-0", "set": "dev"}\n')
    with pytest.raises(InputError, match="dev-0"):
        spoken_set(listed)


def test_a_missing_voice_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(voices, "MBROLA_FILES", tmp_path)
    done = CliRunner().invoke(speak, [str(tmp_path / "out"), "--language", "de"])
    assert done.exit_code == 1
    assert "apt install" in done.output
    assert "mbrola-de1" in done.output
    assert not (tmp_path / "out").exists()


@needs_german
def test_a_german_call_becomes_a_recording_and_its_truth(tmp_path: Path) -> None:
    calls = tmp_path / "calls.jsonl"
    turns = [{"speaker": speaker, "text": text} for speaker, text in EIGHT]
    gold = {"policy": "telecom-de", "outcome": "violation"}
    row = {"schema": "ausweis/labelled@1", "call": {"id": "x-1", "language": "de", "turns": turns}, "gold": gold}
    calls.write_text(json.dumps(row) + "\n")
    wanted = ["--labelled", str(calls), "--language", "de", "--mono", "--snr", "20"]
    done = CliRunner().invoke(speak, [str(tmp_path / "out"), *wanted])
    assert done.exit_code == 0, done.output
    with av.open(str(tmp_path / "out" / "x-1.wav")) as container:
        coded = container.streams.audio[0].codec_context
        assert (coded.name, coded.sample_rate, coded.channels) == ("pcm_alaw", 8_000, 1)
    truth = json.loads((tmp_path / "out" / "x-1.truth.json").read_text(encoding="utf-8"))
    assert truth["turns"][1]["written"] == "Gut, 4711."
    assert "4711" not in truth["turns"][1]["text"]
    assert len(set(truth["voices"].values())) == 2


@pytest.mark.parametrize("labelled", CALLS, ids=lambda labelled: labelled.call.id)
def test_label_is_what_the_recording_must_come_to(labelled: LabelledCall) -> None:
    expected: dict[str, Any] = YAML(typ="safe").load((FOLDER / "expected.yaml").read_text(encoding="utf-8"))
    told = expected[f"recordings-de/{labelled.call.id}.ogg"]
    violations = [f"{violation.type}@{violation.turn}" for violation in labelled.gold.violations]
    assert (told["policy"], told["outcome"]) == (labelled.policy, labelled.gold.outcome)
    assert told.get("violations", []) == violations


@pytest.mark.parametrize("labelled", CALLS, ids=lambda labelled: labelled.call.id)
def test_recording_is_small_and_says_who_is_on_which_channel(labelled: LabelledCall) -> None:
    path = FOLDER / "recordings-de" / f"{labelled.call.id}.ogg"
    assert path.stat().st_size < MOST_BYTES
    recording = Recording.open(path)
    seconds = sum(part.shape[1] for part in recording.chunks(60.0)) / 16_000
    assert (recording.channels, 45 < seconds < 80) == (2, True)
    assert Sidecar.read(path.with_suffix(".json")).channels == ("agent", "caller")


@pytest.mark.skipif(shutil.which("pico2wave") is None, reason="needs Pico: libttspico-utils of Debian's non-free")
def test_examples_are_spoken_again(tmp_path: Path) -> None:
    done = CliRunner().invoke(speak, [str(tmp_path), "--examples"])
    assert done.exit_code == 0, done.output
    names = {labelled.call.id for labelled in CALLS}
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}{end}" for name in names for end in (".ogg", ".json")}
    kept = FOLDER / "recordings-de"
    for name in names:
        assert (tmp_path / f"{name}.json").read_bytes() == (kept / f"{name}.json").read_bytes()
        size, before = ((folder / f"{name}.ogg").stat().st_size for folder in (tmp_path, kept))
        assert size == pytest.approx(before, rel=0.1)
