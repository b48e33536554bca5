"""A learned probe: how likely each label is, from the states of a few layers of the model at the line in question.

What a model has understood of a line stands in the middle of its layers; its last layers are busy with the next word.
A probe is a few small networks over these states. Each looks at the tokens of the line with several learned
queries (attention pooling), so that a second thing said in half a sentence is found beside the first, and at the line
as a whole; what they say is averaged. It is data only (safetensors), and bound to one version of a template and to
one model file by their hashes: with any other it is refused.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ausweis.engines.learned_file import LearnedFile
from ausweis.errors import EngineError

__all__ = ["PARTS", "LineFeatures", "Probe", "features", "gelu", "probabilities_of", "probability_of"]

Array = NDArray[np.float32]

PARTS: Mapping[str, str] = {
    "token_basis": "fd",
    "token_shift": "d",
    "line_basis": "ge",
    "line_shift": "e",
    "query": "mdh",
    "value": "mdhv",
    "line_hidden": "mew",
    "pooled_hidden": "mhvw",
    "hidden_bias": "mw",
    "hidden_label": "mwk",
    "line_label": "mek",
    "pooled_label": "mhvk",
    "label_bias": "mk",
}
"""What a probe is made of, each with its shape.

f, g: features of a token, of a line; d, e: what is kept of them; m: networks; h: queries; v: numbers that a query
fetches; w: hidden units; k: labels.
"""


class LineFeatures(NamedTuple):
    """A line in numbers. `tokens`: shape (tokens, f); `line`: shape (g,)."""

    tokens: Array
    line: Array


@dataclass(frozen=True, kw_only=True)
class Probe(LearnedFile):
    """Labels with what they are read by."""

    KIND = "probe"
    SCHEMA = "ausweis/readout@3"
    SHAPES = PARTS
    LISTS = ("labels", "layers", "dialogue")

    labels: tuple[str, ...]
    dialogue: tuple[float, ...] = ()
    """Weights of what speaks for a factor (`reading.dialogue`), the last one a bias; none: the line alone counts."""

    def only(self, labels: Sequence[str]) -> "Probe":
        """The same probe for some of its labels, in this order."""
        places = [self.labels.index(label) for label in labels]
        parts = {name: part[..., places] if PARTS[name].endswith("k") else part for name, part in self.parts.items()}
        return replace(self, labels=tuple(labels), parts=parts)

    def probabilities(self, states: Array, compared: Sequence[Array] = ()) -> tuple[float, ...]:
        """The probability of each label, in the order of the labels; each for itself, they need not sum to 1.

        `states`: shape (tokens, layers, width), as `TranscriptContext.read` gives them. It compares with nothing.
        """
        return probabilities_of(self.scores(features(states)))

    def scores(self, seen: LineFeatures) -> Array:
        """The log-odds of each label: shape (labels,)."""
        part = self.parts
        tokens = seen.tokens @ part["token_basis"] + part["token_shift"]
        line = seen.line @ part["line_basis"] + part["line_shift"]
        looks = np.einsum("td,mdh->mth", tokens, part["query"], optimize=True)
        looks = np.exp(looks - looks.max(axis=1, keepdims=True))
        looks /= looks.sum(axis=1, keepdims=True)
        fetched = np.einsum("mth,td->mhd", looks, tokens, optimize=True)
        pooled = np.einsum("mhd,mdhv->mhv", fetched, part["value"], optimize=True)
        hidden = gelu(
            np.einsum("e,mew->mw", line, part["line_hidden"])
            + np.einsum("mhv,mhvw->mw", pooled, part["pooled_hidden"])
            + part["hidden_bias"]
        )
        each = (
            np.einsum("mw,mwk->mk", hidden, part["hidden_label"])
            + np.einsum("e,mek->mk", line, part["line_label"])
            + np.einsum("mhv,mhvk->mk", pooled, part["pooled_label"])
            + part["label_bias"]
        )
        mean: Array = each.mean(axis=0)
        return mean


_NO_NUMBERS = "the model gave no numbers for a line: see that its file is whole"
_SURELY_NOT = 700.0
"""Log-odds against something beyond which a float has no room for the odds."""


def probability_of(log_odds: float) -> float:
    """Log-odds as a probability, not rounded.

    Raises:
        EngineError: they are NaN, as broken weights give them. NaN is below no bar and above none: what it stands for
            would be lost without a word.
    """
    if math.isnan(log_odds):
        raise EngineError(_NO_NUMBERS)
    return 1 / (1 + math.exp(min(-log_odds, _SURELY_NOT)))


def probabilities_of(scores: ArrayLike) -> tuple[float, ...]:
    """Log-odds as probabilities of four digits, as exact as recorded answers are.

    Raises:
        EngineError: one is NaN, as broken weights give it.
    """
    values: Any = 1.0 / (1.0 + np.exp(-np.asarray(scores, np.float64)))
    if np.isnan(values).any():
        raise EngineError(_NO_NUMBERS)
    return tuple(round(float(value), 4) for value in values)


def features(states: Array) -> LineFeatures:
    """The states of a line's tokens, shape (tokens, layers, width), as what a probe looks at.

    Each layer's part of a vector is brought to length 1: layers differ in scale, tokens too. `line` is made of the last
    token's states and of the mean over all tokens.
    """
    line = np.stack([states[-1], states.mean(axis=0)])
    return LineFeatures(_unit(states).reshape(len(states), -1), _unit(line).reshape(-1))


def _unit(states: Array) -> Array:
    lengths = np.linalg.norm(states, axis=-1, keepdims=True)
    unit: Array = (states / np.maximum(lengths, 1e-6)).astype(np.float32)
    return unit


def gelu(x: Array) -> Array:
    """Gaussian error linear unit, by its tanh approximation (Hendrycks and Gimpel 2016)."""
    activated: Array = 0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))
    return activated
