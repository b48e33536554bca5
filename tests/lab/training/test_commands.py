"""Each training from its command to the part that the reader finds, with states that are made of a line's words."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from evals.lab.__main__ import lab
from numpy.typing import NDArray

from ausweis.cli import main
from ausweis.engines.fake import FakeEngine
from ausweis.engines.learned_index import LearnedIndex
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.protocol import Result, Transcript

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


def test_probe_answers_matcher_and_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(EVALS.parent)
    monkeypatch.setenv("AUSWEIS_LEARNED", str(tmp_path / "learned"))
    (tmp_path / "learned").mkdir()
    monkeypatch.setattr(LlamaEngine, "load", lambda *_: Reads([]))

    def train(what: str, *arguments: str) -> str:
        with pytest.raises(SystemExit) as done:
            main(["train", what, *arguments, "--work", str(tmp_path / "work")], lab)
        out, err = capfd.readouterr()
        assert not done.value.code, err
        return out

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
    parts = {part.kind: part for part in LearnedIndex.read(tmp_path / "learned").parts}
    assert set(parts) == {"probe", "ngrams", "answers", "matcher", "words"}
    assert all(parts[kind].bound_to == {"probe": parts["probe"].sha256} for kind in ("ngrams", "answers", "words"))
