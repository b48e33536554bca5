"""The command that speaks golden calls."""

import json
from functools import partial
from pathlib import Path

import av
import pytest
from click.testing import CliRunner
from evals.lab.speak_calls import Line, choose, speak, spoken_set
from evals.lab.spoken import casting
from evals.lab.spoken.casting import CAST, TRAINING
from tests.lab.test_casting import needs_german
from tests.lab.test_speaking import labelled

from ausweis.errors import InputError
from ausweis.vocabulary import LANGUAGES, Speaker

EIGHT: list[tuple[Speaker, str]] = [("agent", "Ja."), ("caller", "Gut, 4711.")] * 4


def test_calls_are_chosen_from_each_policy_and_outcome() -> None:
    many = [labelled(*EIGHT, name=f"b-{n}", outcome="compliant") for n in range(9)]
    other = labelled(*EIGHT, name="t-1", policy="telecom-de", outcome="compliant")
    short = labelled(*EIGHT[:7], name="s-1", policy="energy-de", outcome="compliant")
    nothing = labelled(*EIGHT, name="n-1", policy="energy-de")
    chosen = [one.call.id for one in choose([*many, other, short, nothing], 3)]
    assert len(chosen) == 3
    assert chosen[-1] == "t-1"
    assert chosen == [one.call.id for one in choose([nothing, short, other, *reversed(many)], 3)]


def test_calls_are_chosen_by_language() -> None:
    both = [labelled(*EIGHT, name=name, outcome="violation", language=name) for name in LANGUAGES]
    assert [one.call.id for one in choose(both, 9, ["de"])] == ["de"]
    assert [one.call.id for one in choose(both, 9)] == ["de", "en"]


def test_longer_calls_are_chosen_where_they_are_asked_for() -> None:
    long = labelled(*EIGHT * 4, name="long", outcome="compliant")
    assert choose([long]) == []
    assert choose([long], most_turns=32) == [long]


def test_calls_to_learn_from_have_other_voices_than_those_to_measure_by(tmp_path: Path) -> None:
    line = partial(Line, tmp_path, mono=False, snr=None, noise="white", music=None, law=None, loss=0)
    assert line(training_voices=False).voices is CAST
    assert line(training_voices=True).voices is TRAINING


def test_the_spoken_set_holds_long_calls_of_both_languages() -> None:
    german, english = (spoken_set([language]) for language in LANGUAGES)
    assert (len(german), len(english)) == (40, 20)
    for calls in (german, english):
        assert sum(len(one.call.turns) > 50 for one in calls) >= 4


def test_a_call_on_the_list_that_is_nowhere_is_named(tmp_path: Path) -> None:
    listed = tmp_path / "spoken.jsonl"
    listed.write_text('{"call": "dev-0", "set": "dev"}\n')
    with pytest.raises(InputError, match="dev-0"):
        spoken_set(["de"], listed)


def test_a_missing_voice_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(casting, "MBROLA_FILES", tmp_path)
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
    wanted = ["--labelled", str(calls), "--language", "de", "--mono", "--snr", "20", "--loss", "3"]
    done = CliRunner().invoke(speak, [str(tmp_path / "out"), *wanted])
    assert done.exit_code == 0, done.output
    with av.open(str(tmp_path / "out" / "x-1.wav")) as container:
        coded = container.streams.audio[0].codec_context
        assert (coded.name, coded.sample_rate, coded.channels) == ("pcm_alaw", 8_000, 1)
    truth = json.loads((tmp_path / "out" / "x-1.truth.json").read_text(encoding="utf-8"))
    assert truth["turns"][1]["written"] == "Gut, 4711."
    assert "4711" not in truth["turns"][1]["text"]
    assert len(set(truth["voices"].values())) == 2
