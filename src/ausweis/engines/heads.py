"""Heads: what was learned of a model, small networks that tell labels from what it computed.

`Probe` tells the labels of a line from the states of a few middle layers, with several learned queries (attention
pooling), so that a second thing said in half a sentence is found beside the first, and from the line as a whole.
`Ngrams` tells them by words and pairs of words, counted in buckets by a hash (feature hashing, Weinberger et al. 2009,
arXiv 0902.2206), so that no word of a call stands in the file. `AnswerProbe` tells of a call whether any line has a
label, from the last token of questions asked after the last line. The latter two are logistic regressions, with weights
by which their log-odds and the probe's are added (stacking, Wolpert 1992). `matcher` has what reads descriptions.

A head is data only (safetensors, half precision), bound to one version of a template and to one model by their hashes.
"""

import hashlib
import json
import math
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ausweis.engines.learned_index import LearnedKind
from ausweis.errors import EngineError, PromptError
from ausweis.journal import replace_file
from ausweis.opening import read_bytes
from ausweis.provenance import PromptProvenance

Array = NDArray[np.float32]

_TEXTS = ("template", "template_sha256", "model_sha256", "notes")


@dataclass(frozen=True, kw_only=True)
class LearnedFile:
    """What was learned for one version of a template and one model. `sha256`: of the file, where it was loaded.

    `layers`: whose states are read, numbered from 0, in rising order. `parts`: float32, named and shaped as `SHAPES`
    says.
    """

    KIND: ClassVar[LearnedKind]
    SCHEMA: ClassVar[str]
    SHAPES: ClassVar[Mapping[str, str]]
    """A letter for each axis of a part; the same letter is the same size; `k` counts the labels."""
    LISTS: ClassVar[tuple[str, ...]] = ("layers",)
    """The fields that are lists, in the file too."""

    layers: tuple[int, ...]
    parts: Mapping[str, Array]
    template: str
    template_sha256: str
    model_sha256: str
    notes: str
    sha256: str = ""
    version: int = 0
    """The one that its index names; 0 where it was loaded without one."""
    asked_by: PromptProvenance | None = None
    """As in `LearnedPart`."""

    @property
    def provenance(self) -> PromptProvenance:
        """What verdicts name it by, such as `transcript:probe`."""
        template = self.template.partition("@")[0]
        return PromptProvenance(id=f"{template}:{self.KIND}", version=self.version, sha256=self.sha256)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file.

        Raises:
            PromptError: it is none of this kind, or its parts do not fit together.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            data = read_bytes(path)
            parts = {name: part.astype(np.float32) for name, part in load(data).items()}
            # Its header is JSON, whose length the first eight bytes tell, little-endian.
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            about = json.loads(header["__metadata__"]["about"])
            sizes = {"k": len(about["labels"])} if "labels" in about else {}
            if about.get("schema") != cls.SCHEMA or not _fit(parts, cls.SHAPES, sizes):
                raise PromptError("is no learned part of this kind: train it again", place=str(path))
            told = {name: about[name] for name in _TEXTS} | {name: tuple(about[name]) for name in cls.LISTS}
            return cls(parts=parts, sha256=hashlib.sha256(data).hexdigest(), **told)
        except (OSError, SafetensorError, AttributeError, KeyError, TypeError, ValueError):
            raise PromptError("is no learned part, or a broken one: train it again", place=str(path)) from None

    def save(self, path: Path) -> None:
        """Write the file, at once or not at all."""
        replace_file(path, self.data())

    def data(self) -> bytes:
        """What its file has: weights at half precision; the same parts give the same bytes."""
        from safetensors.numpy import save

        halves = {name: np.ascontiguousarray(part.astype(np.float16)) for name, part in self.parts.items()}
        about = {name: getattr(self, name) for name in (*_TEXTS, *self.LISTS)}
        # One entry: several would be written in an order of their own each time.
        told = json.dumps({"schema": self.SCHEMA, **about}, sort_keys=True)
        return save(halves, metadata={"about": told})


def shapes(table: str) -> dict[str, str]:
    """The shape of each part, from `name:axes` and blanks."""
    return dict(part.split(":") for part in table.split())


def _fit(parts: Mapping[str, Array], shapes: Mapping[str, str], sizes: dict[str, int]) -> bool:
    """Whether all parts are there, and letters that are the same are numbers that are the same."""
    return set(parts) == set(shapes) and all(
        part.ndim == len(shapes[name])
        and all(sizes.setdefault(axis, size) == size for axis, size in zip(shapes[name], part.shape, strict=True))
        for name, part in parts.items()
    )


PARTS = shapes(
    "token_basis:fd token_shift:d line_basis:ge line_shift:e query:mdh value:mdhv line_hidden:mew pooled_hidden:mhvw "
    "hidden_bias:mw hidden_label:mwk line_label:mek pooled_label:mhvk label_bias:mk"
)
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

    KIND, SCHEMA, SHAPES, LISTS = "probe", "ausweis/readout@3", PARTS, ("labels", "layers", "dialogue")
    asks: ClassVar[bool | None] = None
    answered_labels: ClassVar[tuple[str, ...]] = ()

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
        EngineError: they are NaN, as broken weights give them. NaN fails every comparison, so the event would silently
            disappear.
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


BUCKETS = 2**14
"""Few enough for a small file; twice or half as many tell as much."""
NGRAM_PARTS = shapes("rarity:n weights:nk bias:k stacking:ks")
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

    KIND, SCHEMA, SHAPES, LISTS = "ngrams", "ausweis/ngrams@1", NGRAM_PARTS, ("labels", "layers")

    labels: tuple[str, ...]

    def scores(self, text: str) -> NDArray[np.float32]:
        """The log-odds of each label, by the words of a line alone: shape (labels,)."""
        buckets = ngrams_of(text)
        rarities = self.parts["rarity"][buckets]
        length = max(float(np.linalg.norm(rarities)), 1e-6)
        scores: NDArray[np.float32] = rarities @ self.parts["weights"][buckets] / length + self.parts["bias"]
        return scores

    def weighed(self, text: str, answers: Mapping[str, float]) -> dict[str, float]:
        """What the probe says of a line, and what its words say; labels that it does not know stay as they are."""
        told = self.scores(text)
        weighed = dict(answers)
        for label, of_words, (probe, words, shift) in zip(self.labels, told, self.parts["stacking"], strict=True):
            if label in answers:
                (weighed[label],) = probabilities_of([probe * log_odds(answers[label]) + words * of_words + shift])
        return weighed


ANSWER_PARTS = shapes("weights:fk bias:k stacking:ks")
"""What it is made of, each with its shape. f: features of all questions; k: labels; s: line, answers, what is added."""


LEAST = 0.01
"""A line that is less likely to have a label is not raised: its words would be the evidence, and say nothing of it.

In all of 186 labelled calls with such a line the likeliest one stood higher.
"""


def answer_features(questions: Sequence[Array]) -> Array:
    """What is looked at: the last token of each question; each layer's part brought to length 1. Shape (f,).

    `questions`: the states of the tokens of each, shape (tokens, layers, width).
    """
    return np.concatenate([features(states[-1:]).tokens[0] for states in questions])


@dataclass(frozen=True, kw_only=True)
class AnswerProbe(LearnedFile):
    """Labels with what they are read by. `template`: that of the questions."""

    KIND, SCHEMA, SHAPES, LISTS = "answers", "ausweis/answers@1", ANSWER_PARTS, ("labels", "layers")

    labels: tuple[str, ...]

    def probabilities(self, questions: Sequence[Array]) -> tuple[float, ...]:
        """How likely it is of each label that a line of the call has it. `questions`: as in `answer_features`."""
        return probabilities_of(answer_features(questions) @ self.parts["weights"] + self.parts["bias"])

    def weighed(self, lines: Sequence[Mapping[str, float]], answers: Sequence[float]) -> list[dict[str, float]]:
        """The probabilities of each line's labels, weighed with the `answers` about the call.

        Which line it is the answers do not tell: so the likeliest line alone may gain by them, if it may be one at all
        (`LEAST`); all may lose.
        """
        weighed = [dict(line) for line in lines]
        for label, answer, (of_line, of_answer, shift) in zip(
            self.labels, answers, self.parts["stacking"], strict=True
        ):
            places = [place for place, line in enumerate(lines) if label in line]
            likeliest = max(places, key=lambda place: lines[place][label], default=None)
            for place in places:
                before = lines[place][label]
                (told,) = probabilities_of([of_line * log_odds(before) + of_answer * log_odds(answer) + shift])
                gains = place == likeliest and before >= LEAST
                weighed[place][label] = told if gains else min(told, before)
        return weighed
