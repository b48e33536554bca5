"""Where states are kept, and what is read only once."""

import os
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from evals.lab.training.lines import collect, keep_arrays, question_states, sampled
from numpy.typing import NDArray
from tests.evals.cases import labelled

from ausweis.engines.fake import FakeEngine
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.matcher import ANSWER_TOKENS
from ausweis.engines.protocol import Message, Transcript
from ausweis.errors import RunError
from ausweis.evals.labelled import LabelledCall
from ausweis.prompts import default_library
from ausweis.reading.described import Ending

pytestmark = pytest.mark.training
TEMPLATE = default_library().get("transcript")


class Reads:
    """Nine tokens for each row and question, in two layers; counts what it was asked to read."""

    info = FakeEngine([]).info

    def __init__(self) -> None:
        self.read: list[Transcript] = []

    def states(self, transcript: Transcript, _: tuple[int, ...]) -> list[NDArray[np.float32]]:
        self.read.append(transcript)
        count = len(transcript.rows) + len(transcript.questions)
        tokens = np.arange(9, dtype=np.float32)[:, None, None] / 10
        return [(np.full((9, 2, 3), place) + tokens).astype(np.float32) for place in range(count)]


def question(text: str) -> Ending:
    return Message(role="user", content=text), Message(role="assistant", content="It is")


def test_a_call_and_the_questions_after_it_are_read_once(tmp_path: Path) -> None:
    engine, call = Reads(), labelled("a", "A: Guten Tag", "C: Hallo")
    reader = cast("LlamaEngine", engine)
    asked = [question("Who?"), question("Where?")]

    def collected(questions: list[Ending]) -> Path:
        ((same, path),) = collect(reader, TEMPLATE, [call], (1, 2), tmp_path, lambda _: questions)
        assert same is call
        return path

    path = collected(asked)
    assert [len(read.questions) for read in engine.read] == [2]
    assert collected([]) == collected(asked) == path
    assert len(engine.read) == 1
    who, where = question_states(path, asked)
    assert who.shape == (ANSWER_TOKENS, 2, 3)
    assert (who[-1, 0, 0], where[-1, 0, 0]) == (pytest.approx(2.8, abs=1e-2), pytest.approx(3.8, abs=1e-2))
    with np.load(path) as kept:
        assert kept["lengths"].tolist() == [9, 9]
    assert question_states(path, []) == []
    assert collected(asked[:1]) == path
    assert len(engine.read) == 2


def test_without_questions_a_call_is_kept_as_before(tmp_path: Path) -> None:
    calls: list[LabelledCall] = [labelled("a", "A: Guten Tag"), labelled("b")]
    kept = list(collect(cast("LlamaEngine", Reads()), TEMPLATE, calls, (1, 2), tmp_path))
    assert [call.call.id for call, _ in kept] == ["a"]
    assert len(list(tmp_path.rglob("*.npz"))) == 1


def test_where_states_cannot_be_kept_nothing_half_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"states\.npz: the disk is full"):
        keep_arrays(tmp_path / "states.npz", states=np.zeros(3, np.float16))
    assert list(tmp_path.iterdir()) == []


def test_a_sample_is_spread_evenly() -> None:
    assert len(sampled(range(10))) == 10
    assert list(sampled(range(450))) == list(range(0, 450, 3))
    assert list(sampled([])) == []
