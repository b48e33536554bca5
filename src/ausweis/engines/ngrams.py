"""A learned classifier of a line by its words, weighed with what a probe says: it errs elsewhere.

What a model has understood of a line stands in its states; that a line says *meine Nichte* or *hab ich geändert* stands
in its words. Words and pairs of words are counted in buckets by a hash (feature hashing, Weinberger et al. 2009, arXiv
0902.2206): no word of a call stands in the file. Each label has a logistic regression over them, and weights by
which its log-odds and those of the probe are added (stacking, Wolpert 1992). It is data only (safetensors), and bound
to one probe.
"""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.learned_file import LearnedFile
from ausweis.engines.probe import probabilities_of

__all__ = ["BUCKETS", "NGRAM_PARTS", "Ngrams", "log_odds", "ngrams_of"]

BUCKETS = 2**14
"""Few enough for a small file; twice or half as many tell as much."""
NGRAM_PARTS: Mapping[str, str] = {"rarity": "n", "weights": "nk", "bias": "k", "stacking": "ks"}
"""What it is made of, each with its shape. n: buckets; k: labels; s: the probe, the words, what is added."""
_WORD = re.compile(r"\w+")
_SUREST = 1e-4
"""Probabilities are told with four digits: what is 0 or 1 there is taken as no surer than this."""


def ngrams_of(text: str) -> NDArray[np.int64]:
    """The buckets of its words and of its pairs of words, each once, in order."""
    words = _WORD.findall(text.lower())
    pairs = (f"{one} {other}" for one, other in pairwise(words))
    return np.unique([zlib.crc32(ngram.encode()) % BUCKETS for ngram in (*words, *pairs)]).astype(np.int64)


def log_odds(probability: float) -> float:
    """Of a probability as probes tell it."""
    bounded = min(max(probability, _SUREST), 1 - _SUREST)
    return float(np.log(bounded / (1 - bounded)))


@dataclass(frozen=True, kw_only=True)
class Ngrams(LearnedFile):
    """Labels with what they are read by. `rarity`: how much a bucket counts, 0 where it taught nothing."""

    KIND = "ngrams"
    SCHEMA = "ausweis/ngrams@1"
    SHAPES = NGRAM_PARTS
    LISTS = ("labels", "layers")

    labels: tuple[str, ...]

    @cached_property
    def _columns(self) -> Mapping[str, int]:
        return {label: column for column, label in enumerate(self.labels)}

    def scores(self, text: str) -> NDArray[np.float32]:
        """The log-odds of each label, by the words of a line alone: shape (labels,)."""
        buckets = ngrams_of(text)
        rarities = self.parts["rarity"][buckets]
        length = max(float(np.linalg.norm(rarities)), 1e-6)
        scores: NDArray[np.float32] = rarities @ self.parts["weights"][buckets] / length + self.parts["bias"]
        return scores

    def weighed(self, text: str, answers: Mapping[str, float]) -> dict[str, float]:
        """What the probe says of a line, and what its words say; labels that it does not know stay as they are.

        Raises:
            EngineError: a weight is NaN, as in a broken file.
        """
        told = self.scores(text)
        weighed = dict(answers)
        for label, probability in answers.items():
            if (column := self._columns.get(label)) is not None:
                probe, words, shift = self.parts["stacking"][column]
                (weighed[label],) = probabilities_of([probe * log_odds(probability) + words * told[column] + shift])
        return weighed
