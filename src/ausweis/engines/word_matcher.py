"""A learned matcher of words: what a line of a call does with a company's own factor or category, by its description.

A description is read by the same template as the line, and compared with it token by token, as a `Matcher` compares
incidents (late interaction, arXiv 2004.12832). Five things are told at once: that the factor is asked for, given or
read out, that data of the category are told, that something of it is changed. How what the lines around it say is
weighed stands in the same file; `ausweis.reading.word_evidence` says what is weighed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.learned_file import LearnedFile
from ausweis.engines.matcher import NEARNESS_SCALE, softmax, unit
from ausweis.engines.probe import LineFeatures, Probe, features, gelu, probabilities_of

__all__ = ["VERBS", "WORD_PARTS", "DescribedWords", "WordMatcher", "WordProbe", "weigh"]

Array = NDArray[np.float32]

VERBS = ("asks", "gives", "reads out", "tells", "changes")
"""What may be done with a word, in the order of the outputs: the first three with a factor, the others a category."""

WORD_PARTS: Mapping[str, str] = {
    "token_basis": "fd",
    "token_shift": "d",
    "described_token_shift": "d",
    "line_basis": "ge",
    "line_shift": "e",
    "described_line_shift": "e",
    "of_token": "mdr",
    "of_described_token": "mdr",
    "token_weight": "md",
    "described_token_weight": "md",
    "of_line": "mep",
    "line_hidden": "meq",
    "line_pair": "mex",
    "described_line_pair": "mex",
    "hidden": "mhw",
    "hidden_bias": "mw",
    "hidden_out": "mwo",
    "nearness": "mno",
    "line": "meo",
    "bias": "mo",
    "weigh_hidden": "viu",
    "weigh_hidden_bias": "vu",
    "weigh_hidden_out": "vu",
    "weigh_direct": "vi",
    "weigh_bias": "v",
}
"""What a matcher of words is made of, each with its shape.

f, g: features of a token, of a line; d, e: what is kept of them; m: networks; r, p: dimensions in which tokens and
lines are compared; n: the three ways to be near; q: what the hidden layer sees of a line; x: products of a line and a
description; h: n + q + x; w: hidden units; o: `VERBS`. v: the verbs of own words, then of known ones; i: evidence, as
much as the verb with most of it has; u: hidden units.
"""


class DescribedWords(NamedTuple):
    """Descriptions in the basis, filled up: tokens (k, t, d), which of them are there (k, t), and lines (k, e)."""

    tokens: Array
    there: NDArray[np.bool_]
    lines: Array


@dataclass(frozen=True, kw_only=True)
class WordMatcher(LearnedFile):
    """Tells what a line does with what each description says."""

    SCHEMA = "ausweis/words@2"
    SHAPES = WORD_PARTS

    def described(self, descriptions: Sequence[LineFeatures]) -> DescribedWords:
        """Descriptions, made ready to be compared with."""
        part = self.parts
        longest = max(len(description.tokens) for description in descriptions)
        tokens = np.zeros((len(descriptions), longest, len(part["token_shift"])), np.float32)
        there = np.zeros((len(descriptions), longest), np.bool_)
        for place, description in enumerate(descriptions):
            size = len(description.tokens)
            tokens[place, :size] = description.tokens @ part["token_basis"] + part["described_token_shift"]
            there[place, :size] = True
        lines = np.stack([description.line for description in descriptions])
        return DescribedWords(tokens, there, lines @ part["line_basis"] + part["described_line_shift"])

    def scores(self, line: LineFeatures, words: DescribedWords) -> Array:
        """The log-odds of each of `VERBS` for each word: shape (words, verbs)."""
        tokens = line.tokens @ self.parts["token_basis"] + self.parts["token_shift"]
        whole = line.line @ self.parts["line_basis"] + self.parts["line_shift"]
        each = [self._network(number, tokens, whole, words) for number in range(len(self.parts["bias"]))]
        mean: Array = np.mean(each, axis=0)
        return mean

    def _network(self, number: int, tokens: Array, whole: Array, words: DescribedWords) -> Array:
        part = {name: self.parts[name][number] for name, shape in WORD_PARTS.items() if shape.startswith("m")}
        count, longest, _ = words.tokens.shape
        wanted = unit(words.tokens @ part["of_described_token"]).reshape(count * longest, -1)
        same = (unit(tokens @ part["of_token"]) @ wanted.T).reshape(-1, count, longest)
        same = np.where(words.there, same, -1.0)
        weights = np.where(words.there, words.tokens @ part["described_token_weight"], -1e9)
        looks = np.exp(np.clip(tokens @ part["token_weight"], -8, 8))
        near = np.stack(
            [
                (same.max(axis=0) * softmax(weights)).sum(axis=1),
                looks @ same.max(axis=2) / looks.sum(),
                unit(words.lines @ part["of_line"]) @ unit(whole @ part["of_line"]),
            ],
            axis=1,
        )
        pair = (whole @ part["line_pair"]) * (words.lines @ part["described_line_pair"])
        of_line = np.broadcast_to(whole @ part["line_hidden"], (count, part["line_hidden"].shape[1]))
        seen = np.concatenate([near * NEARNESS_SCALE, of_line, pair], axis=1)
        hidden = gelu(seen @ part["hidden"] + part["hidden_bias"])
        told: Array = near @ part["nearness"] + hidden @ part["hidden_out"] + whole @ part["line"] + part["bias"]
        return told

    def weigh(self, verb: str, evidence: Array, *, own: bool) -> Array:
        """The log-odds of a verb from all its evidence, shape (lines, evidence); of own words, or of known ones."""
        return weigh(self.parts, verb, evidence, own=own)


def weigh(parts: Mapping[str, Array], verb: str, evidence: Array, *, own: bool) -> Array:
    """As `WordMatcher.weigh`, by its parts.

    A verb that was never learned, such as of factors where all own words were categories, may have more evidence than
    those that were: it is never done, whatever its evidence.
    """
    place = VERBS.index(verb) + (0 if own else len(VERBS))
    evidence = evidence[:, : parts["weigh_direct"].shape[1]]
    count = evidence.shape[1]
    hidden = gelu(evidence @ parts["weigh_hidden"][place, :count] + parts["weigh_hidden_bias"][place])
    direct = evidence @ parts["weigh_direct"][place, :count]
    weighed: Array = hidden @ parts["weigh_hidden_out"][place] + direct + parts["weigh_bias"][place]
    return weighed


class WordProbe:
    """What is told of a line at once: the labels of a probe, and what it does with each own word.

    `words` are the own labels, one for each description and verb: the description's place among the transcripts that a
    transcript has in `compared`, and the verb's in `VERBS`. Both were made for one template, and for the same layers.
    """

    def __init__(self, probe: Probe, matcher: WordMatcher, words: Mapping[str, tuple[int, int]]) -> None:
        self.labels = (*probe.labels, *words)
        self.layers = probe.layers
        self.model_sha256 = probe.model_sha256
        self.adapter_sha256 = probe.adapter_sha256
        self.sha256 = f"{probe.sha256}+{matcher.sha256}"
        self._probe = probe
        self._matcher = matcher
        self._places = list(words.values())
        self._described: tuple[Sequence[Array], DescribedWords] | None = None

    def probabilities(self, states: Array, compared: Sequence[Array]) -> tuple[float, ...]:
        """Of each label. `states`, `compared`: shape (tokens, layers, width), of the line and of each description."""
        told = self._probe.probabilities(states)
        if not self._places:
            return told
        # The descriptions are the same for all lines of a call.
        if self._described is None or self._described[0] is not compared:
            described = self._matcher.described([features(description) for description in compared])
            self._described = compared, described
        scores = self._matcher.scores(features(states), self._described[1])
        return (*told, *probabilities_of([scores[place] for place in self._places]))
