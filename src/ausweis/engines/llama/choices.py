"""How likely each answer of a closed list is, read from the model's probabilities. Nothing is generated.

The answers' tokens form a tree. At each fork the model's probabilities are shared out among the branches that the list
allows; an answer's probability is the product along its way. A fork that is reached with little probability is not
looked into: its answers share what reached it evenly.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama.answering import Answer, Answering, Logits, Step
from ausweis.errors import EngineError

__all__ = ["NEGLIGIBLE", "choose"]

NEGLIGIBLE = 0.02


def choose(answers: Mapping[str, Sequence[int]], end: int, logits: Logits) -> Answering:
    """Ask for the logits at one fork after another; the probabilities sum to 1, the likeliest answer is the text.

    `answers` are the tokens of each answer; `end` stands for the place where a shorter answer ends; `logits` are those
    where the answer begins.

    Raises:
        EngineError: the model gives something else than numbers, as broken weights do.
    """
    found: dict[str, float] = {}
    forks: list[tuple[tuple[int, ...], list[str], float]] = [((), list(answers), 1.0)]
    while forks:
        way, names, probability = forks.pop()
        if len(names) == 1 or probability < NEGLIGIBLE:
            found.update(dict.fromkeys(names, probability / len(names)))
            continue
        branches: dict[int, list[str]] = {}
        for name in names:
            tokens = answers[name]
            branches.setdefault(tokens[len(way)] if len(tokens) > len(way) else end, []).append(name)
        shares = np.ones(1)
        if len(branches) > 1:
            here = (yield Step(way, keep=False)) if way else logits
            shares = _softmax(here[list(branches)])
        for share, (token, below) in zip(shares, branches.items(), strict=True):
            forks.append(((*way, token), below, probability * float(share)))
    return Answer(max(answers, key=found.__getitem__), tuple(found[name] for name in answers))


def _softmax(values: Logits) -> NDArray[np.float64]:
    if not np.isfinite(values).all():
        raise EngineError("the model gave no numbers for the answers: see that its file is whole")
    shifted: NDArray[np.float64] = np.exp(values.astype(np.float64) - float(values.max()))
    shares: NDArray[np.float64] = shifted / shifted.sum()
    return shares
