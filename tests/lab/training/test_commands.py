"""Each training from its command to the part that the reader finds, with states that are made of a line's words."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from evals.lab.__main__ import lab
from evals.lab.training import steps
from evals.lab.training.options import Options
from numpy.typing import NDArray

from ausweis.cli import main
from ausweis.engines.fake import FakeEngine
from ausweis.engines.learned_index import Base, LearnedIndex, LearnedKind, LearnedPart, index_to_write
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.protocol import Result, Transcript
from ausweis.evals.folder import CALIBRATION_FILE
from ausweis.journal import replace_file
from ausweis.prompts import default_library

pytestmark = pytest.mark.training
EVALS = Path(__file__).parents[3] / "evals"


class Reads(FakeEngine):
    """Three tokens for each row and question; the words of each stand in its states."""

    layers = 7

    def read(self, transcript: Transcript) -> list[Result]:
        raise AssertionError("nothing is answered")

    def states(self, transcript: Transcript, layers: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        for text in [*transcript.rows, *(question[0].content for question in transcript.questions)]:
            words = [np.random.default_rng(crc32(word.encode())).normal(size=8) for word in re.findall(r"\w+", text)]
            chance = np.random.default_rng(crc32(text.encode()))
            yield (sum(words) + chance.normal(size=(3, len(layers), 8))).astype(np.float32)


Train = Callable[..., str]


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Train:
    monkeypatch.chdir(EVALS.parent)
    monkeypatch.setenv("AUSWEIS_LEARNED", str(tmp_path / "learned"))
    (tmp_path / "learned").mkdir()
    monkeypatch.setattr(LlamaEngine, "load", lambda *_: Reads([]))

    def in_this_process(what: str, *arguments: str) -> str:
        with pytest.raises(SystemExit) as done:
            main(["train", what, *arguments, "--work", str(tmp_path / "work")], lab)
        out, err = capfd.readouterr()
        assert not done.value.code, err
        return out

    return in_this_process


def learned(tmp_path: Path) -> dict[str, LearnedPart]:
    """The newest part of each kind."""
    return {part.kind: part for part in LearnedIndex.read(tmp_path / "learned").parts}


def test_probe_answers_matcher_and_words(train: Train, tmp_path: Path) -> None:
    dev, start = str(EVALS / "golden/dev.jsonl"), tmp_path / "start.safetensors"
    out = train("probe", dev, "--limit", "30", "--rounds", "1", "--out", str(start))
    assert "outcome accuracy" in out
    goes_on = ("--go-on", str(start), "--rehearse", dev, "--rehearsed", "20", "--share", "0.5")
    out = train("probe", str(EVALS / "golden/test.jsonl"), "--limit", "40", "--rounds", "1", *goes_on)
    assert "share 0.5" in out
    assert "The same, with the words of the lines:" in out
    out = train("answers", str(EVALS / "golden/short-test.jsonl"), "--weigh", dev)
    assert "by both" in out
    out = train("matcher", str(EVALS / "incidents/described-golden.jsonl"), "--limit", "12", "--rounds", "1")
    assert "weighed: " in out
    out = train("words", str(EVALS / "golden/own-test.jsonl"), "--limit", "12", "--rounds", "1")
    assert "own words, gives" in out
    parts = learned(tmp_path)
    assert set(parts) == {"probe", "ngrams", "answers", "matcher", "words"}
    assert all(parts[kind].bound_to == {"probe": parts["probe"].sha256} for kind in ("ngrams", "answers", "words"))


TABLE = """
transcript:
  - {{name: start, learns: probe, labelled: [{dev}], rounds: 1, kept: false, lost: all}}
  - {{name: ordinary, learns: probe, after: start, labelled: [{test}], rehearse: [{dev}], rehearsed: 20, rounds: 1,
     ngrams: false, lost: all}}
  - {{name: words, learns: words, after: ordinary, labelled: [{own}], rounds: 1, lost: own words}}
  - {{name: probe, learns: probe, after: ordinary, labelled: [{short}], rounds: 1, share: 0.5, lost: much}}
  - {{name: answers, learns: answers, after: probe, labelled: [golden/short-test.jsonl], weigh: [golden/dev.jsonl],
     lost: callers}}
  - {{name: calibration, learns: calibration, after: probe, labelled: [{test}], lost: trust}}
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All steps of the transcript, from a few calls each."""
    files = {}
    for name, calls in (("dev", 30), ("test", 30), ("own-test", 12), ("short-test", 30)):
        path = files[name.partition("-")[0]] = tmp_path / f"{name}.jsonl"
        lines = (EVALS / f"golden/{name}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[:: len(lines) // calls]), encoding="utf-8")
    (tmp_path / "policies").symlink_to(EVALS / "golden/policies")
    (tmp_path / "steps.yaml").write_text(TABLE.format(**files), encoding="utf-8")
    monkeypatch.setattr(steps, "TABLE", tmp_path / "steps.yaml")
    return tmp_path / "steps.yaml"


@pytest.fixture
def calibrated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The eval runs that were calibrated by: none of them is made."""
    runs: list[Path] = []

    def calibrate(run: Path, tell: object) -> None:
        runs.append(run)
        probe = learned(tmp_path)["probe"]
        run.mkdir(parents=True)
        (run / CALIBRATION_FILE).touch()
        index_to_write().register(
            "calibration", probe.template, probe.base, b"{}", "", bound_to={"probe": probe.sha256}
        )

    monkeypatch.setattr(steps, "evaluate", lambda job, folder: None)
    monkeypatch.setattr(steps, "calibrate", calibrate)
    return runs


def done(out: str) -> list[str]:
    """The steps that are said to be done."""
    return re.findall(r"^(\S+) +done", out, re.MULTILINE)


def test_all_steps_each_once(train: Train, tmp_path: Path, table: Path, calibrated: list[Path]) -> None:
    template = ("--template", "transcript")
    assert done(train("all", *template, "--dry-run")) == []
    assert not any((tmp_path / "learned").iterdir())
    train("all", *template, "--without", "answers", "--without", "calibration")
    assert done(train("all", *template, "--dry-run")) == ["start", "ordinary", "words", "probe"]
    train("all", *template)
    parts = LearnedIndex.read(tmp_path / "learned").parts
    kinds = [part.kind for part in parts]
    assert kinds == ["probe", "words", "probe", "ngrams", "answers", "calibration", "calibration"]
    ordinary, probe = parts[0].sha256, parts[2].sha256
    bound = [part.bound_to["probe"] for part in parts if part.bound_to]
    # The reader of own words is calibrated as the other one is.
    assert bound == [ordinary, probe, probe, probe, ordinary]
    out = train("all", *template)
    assert done(out) == ["start", "ordinary", "words", "probe", "answers", "calibration"]
    assert LearnedIndex.read(tmp_path / "learned").parts == parts
    assert len(calibrated) == 1


def test_what_hangs_on_a_change_is_learned_anew(
    train: Train, tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template, base = default_library().get("transcript"), Base(id="tiny", sha256="b" * 64)

    def trained(options: Options) -> Path:
        """Learns nothing."""
        if options.out is None:
            kind: LearnedKind = "words" if options.beside else "probe"
            return index_to_write().register(kind, template.provenance, base, b"-", options.digest)
        options.out.parent.mkdir(exist_ok=True)
        replace_file(options.out, "-")
        return options.out

    monkeypatch.setattr(steps, "TRAININGS", dict.fromkeys(("probe", "words"), trained))
    with pytest.raises(AssertionError, match="words needs ordinary: leave out both, or none"):
        train("all", "--template", "transcript", "--without", "ordinary")
    train("all", "--template", "transcript", "--without", "answers", "--without", "calibration")
    table.write_text(table.read_text(encoding="utf-8").replace("share: 0.5", "share: 0.6"), encoding="utf-8")
    assert done(train("all", "--template", "transcript", "--dry-run")) == ["start", "ordinary", "words"]
    with (tmp_path / "test.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert done(train("all", "--template", "transcript", "--dry-run")) == ["start"]
