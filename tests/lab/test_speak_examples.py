"""The German example recordings, and the calls that they speak."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from evals.lab.speak_examples import EXAMPLES, speak
from ruamel.yaml import YAML

from ausweis.audio.decode import Recording
from ausweis.audio.sidecar import Sidecar
from ausweis.evals import LabelledCall, read_all

FOLDER = Path(__file__).parents[2] / "examples"
CALLS = list(read_all([EXAMPLES]))
MOST_BYTES = 400_000


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
    done = CliRunner().invoke(speak, [str(tmp_path)])
    assert done.exit_code == 0, done.output
    names = {labelled.call.id for labelled in CALLS}
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}{end}" for name in names for end in (".ogg", ".json")}
    kept = FOLDER / "recordings-de"
    for name in names:
        assert (tmp_path / f"{name}.json").read_bytes() == (kept / f"{name}.json").read_bytes()
        size, before = ((folder / f"{name}.ogg").stat().st_size for folder in (tmp_path, kept))
        assert size == pytest.approx(before, rel=0.1)
