"""How likely each answer of a closed list is, read from the model's probabilities. Nothing is generated.

The answers' tokens form a tree. At each fork the model's probabilities are shared out among the branches that the list
allows; an answer's probability is the product along its way. A fork that is reached with little probability is not
looked into: its answers share what reached it evenly.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEGLIGIBLE", "choice_probabilities"]

NEGLIGIBLE = 0.02

Logits = Callable[[tuple[int, ...]], NDArray[np.float32]]
"""The logits after the prompt and these tokens of an answer."""


def choice_probabilities(answers: Mapping[str, Sequence[int]], end: int, logits: Logits) -> dict[str, float]:
    """Probabilities that sum to 1. `answers` are the tokens of each; `end` stands for where a shorter answer ends."""
    found: dict[str, float] = {}

    def share(way: tuple[int, ...], names: list[str], probability: float) -> None:
        if len(names) == 1:
            found[names[0]] = probability
            return
        if probability < NEGLIGIBLE:
            found.update(dict.fromkeys(names, probability / len(names)))
            return
        branches: dict[int, list[str]] = {}
        for name in names:
            tokens = answers[name]
            branches.setdefault(tokens[len(way)] if len(tokens) > len(way) else end, []).append(name)
        if len(branches) == 1:
            (token,) = branches
            share((*way, token), names, probability)
            return
        weights = softmax(logits(way)[list(branches)])
        for weight, (token, below) in zip(weights, branches.items(), strict=True):
            share((*way, token), below, probability * float(weight))

    share((), list(answers), 1.0)
    return {name: found[name] for name in answers}


def softmax(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probabilities of logits."""
    shifted: NDArray[np.float64] = np.exp(values.astype(np.float64) - float(values.max()))
    shares: NDArray[np.float64] = shifted / shifted.sum()
    return shares
