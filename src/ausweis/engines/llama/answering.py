"""An answer under way: a generator that says which tokens to evaluate next, and gets the logits after them."""

from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Answer", "Answering", "Logits", "Step"]

Logits = NDArray[np.float32]
"""One number a vocabulary token."""


class Step(NamedTuple):
    """Tokens to evaluate after the question; with `keep` the next step goes on after them, else they are forgotten."""

    tokens: Sequence[int]
    keep: bool


class Answer(NamedTuple):
    """A text, with the probability of each choice where there were choices."""

    text: str
    probabilities: tuple[float, ...] = ()


Answering = Generator[Step, Logits, Answer]
