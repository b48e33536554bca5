"""What is told of calls that were left out."""

from dataclasses import replace

import numpy as np
import pytest
from evals.lab.training.network import Basis, CallNumbers
from evals.lab.training.probe import Learned, LeftOut
from evals.lab.training.showing import LONG, show_incidents
from numpy.typing import NDArray

pytestmark = pytest.mark.training
Array = NDArray[np.float32]
NOTHING: Array = np.zeros((0, 0), np.float32)


def call(lines: int, happens: dict[int, int], said: dict[int, int]) -> tuple[CallNumbers, Array]:
    """Of two kinds, each in one line at most; the last line is not known of."""
    labels, counts = np.zeros((lines, 2), np.float32), np.ones((lines, 2), np.float32)
    answers = np.full((lines, 2), 0.3, np.float32)
    labels[-1] = 1
    counts[-1] = 0
    for kind, line in happens.items():
        labels[line, kind] = 1
    for kind, line in said.items():
        answers[line, kind] = 0.5
    tokens, owner = np.zeros((lines, 1), np.float16), np.arange(lines, dtype=np.int32)
    return CallNumbers(tokens, owner, tokens, labels, counts), answers


def test_false_alarms_and_what_is_found_are_told_of_short_and_of_long_calls() -> None:
    unknown, nothing_said = call(4, {}, {})
    calls = [
        (replace(unknown, counts=np.zeros((4, 2), np.float32)), nothing_said),
        call(4, {}, {}),
        call(4, {}, {0: 1}),
        call(4, {}, {1: 3}),
        call(LONG, {1: 7}, {1: 9}),
        call(LONG, {0: 7, 1: 7}, {0: 7}),
        call(LONG, {}, {0: 1, 1: 2}),
    ]
    numbers, answers = zip(*calls, strict=True)
    learned = Learned(Basis(*[NOTHING] * 4), ("press threat", "rude agent"), [], list(numbers), [])
    lines: list[str] = []
    show_incidents(LeftOut(learned, answers, answers, ()), lines.append)
    nothing = "calls flagged in which nothing happens"
    assert lines == [
        f"fewer than 50 lines: 1 of 3 {nothing}; 0 of 0 found, 0 of 1 right that are said",
        f"50 lines or more: 1 of 1 {nothing}; 2 of 3 found, 2 of 4 right that are said",
    ]
