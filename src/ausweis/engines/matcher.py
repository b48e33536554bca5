"""A learned matcher: what a line of a call does with what a description says, whatever the description.

Both are read by the same template, each as a line; the matcher compares what the model understood of them, token by
token: for each token of the description the nearest one of the line, and the other way round (late interaction, as in
Khattab and Zaharia 2020, arXiv 2004.12832), over the middle layers. A description costs one line to read, once. By
itself it knows nothing of the call; so a line is compared, by networks of their own, with a question that is asked
after the last line too, where the model is about to say the answer. How much both weigh, and what speaks besides,
stands in the same file. As a `Probe` it is data only (safetensors), and bound to template and model by hashes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.heads import LearnedFile, LineFeatures, Probe, features, gelu, probabilities_of, shapes
from ausweis.engines.learned_index import LearnedKind

Array = NDArray[np.float32]

ANSWER_TOKENS = 6
"""Of a question its last tokens are compared with, where the answer is about to be said."""

NEARNESS_SCALE = 4.0
"""Of the nearness that the hidden layer sees, so that it is as large as the rest."""

NETWORK_PARTS = shapes(
    "of_token:mdr of_described_token:mdr token_weight:md described_token_weight:md of_line:mep line_hidden:meq "
    "line_pair:mex described_line_pair:mex hidden:mhw hidden_bias:mw hidden_out:mwo nearness:mno line:meo bias:mo"
)
"""What the networks are made of that compare a line with a description."""

QUESTION = "question_"
"""Before the name of the same part of the networks that compare a line with a question."""

MATCHER_PARTS: Mapping[str, str] = {
    **shapes(
        "token_basis:fd token_shift:d described_token_shift:d question_token_shift:d line_basis:ge line_shift:e "
        "described_line_shift:e question_line_shift:e"
    ),
    **NETWORK_PARTS,
    **{f"{QUESTION}{name}": shape for name, shape in NETWORK_PARTS.items()},
    **shapes("weigh_hidden:viu weigh_hidden_bias:vu weigh_hidden_out:vu weigh_direct:vi weigh_bias:v"),
}
"""What a matcher is made of, each with its shape.

f, g: features of a token, of a line; d, e: what is kept of them; m: networks; r, p: dimensions in which tokens and
lines are compared; n: the three ways to be near; q: what the hidden layer sees of a line; x: products of a line and a
description; h: n + q + x; w: hidden units; o: outputs, what a line may do. v: what is weighed; i: evidence, as much as
that with most of it has; u: hidden units.
"""


class Descriptions(NamedTuple):
    """Descriptions or questions in the basis, filled up: tokens (k, t, d), which are there (k, t), and lines (k, e)."""

    tokens: Array
    there: NDArray[np.bool_]
    lines: Array


class LineInBasis(NamedTuple):
    """A line of a call in the basis: tokens (t, d), and the line as a whole (e,)."""

    tokens: Array
    whole: Array


@dataclass(frozen=True, kw_only=True)
class Matcher(LearnedFile):
    """Tells what a line does with what each description says. Of incidents, that is one thing: it happens."""

    KIND: ClassVar[LearnedKind] = "matcher"
    SCHEMA = "ausweis/matcher@2"
    SHAPES = MATCHER_PARTS

    def described(self, descriptions: Sequence[LineFeatures]) -> Descriptions:
        """Descriptions, made ready to be compared with."""
        return in_basis(self.parts, descriptions, "described")

    def questions(self, questions: Sequence[Array]) -> Descriptions:
        """Questions, each of shape (tokens, layers, width), made ready to be compared with."""
        return in_basis(self.parts, [features(question[-ANSWER_TOKENS:]) for question in questions], "question")

    def in_basis(self, line: LineFeatures) -> LineInBasis:
        """A line, made ready to be compared."""
        part = self.parts
        return LineInBasis(
            line.tokens @ part["token_basis"] + part["token_shift"], line.line @ part["line_basis"] + part["line_shift"]
        )

    def scores(self, line: LineInBasis, described: Descriptions, *, question: bool = False) -> Array:
        """The log-odds of each output for each description, or `question`: shape (descriptions, outputs)."""
        begins = QUESTION if question else ""
        parts = {name: self.parts[begins + name] for name in NETWORK_PARTS}
        each = [
            _network({name: part[number] for name, part in parts.items()}, line, described)
            for number in range(len(parts["bias"]))
        ]
        mean: Array = np.mean(each, axis=0)
        return mean

    def weigh(self, place: int, evidence: Array) -> Array:
        """The log-odds of one output from all its evidence, shape (lines, evidence)."""
        return weigh(self.parts, place, evidence)


def in_basis(parts: Mapping[str, Array], seen: Sequence[LineFeatures], kind: str) -> Descriptions:
    """As `Matcher.described` and `questions`, by its parts. `kind`: whose shift they have."""
    longest = max(len(one.tokens) for one in seen)
    tokens = np.zeros((len(seen), longest, len(parts["token_shift"])), np.float32)
    there = np.zeros((len(seen), longest), np.bool_)
    for place, one in enumerate(seen):
        size = len(one.tokens)
        tokens[place, :size] = one.tokens @ parts["token_basis"] + parts[f"{kind}_token_shift"]
        there[place, :size] = True
    lines = np.stack([one.line for one in seen]) @ parts["line_basis"] + parts[f"{kind}_line_shift"]
    return Descriptions(tokens, there, lines.astype(np.float32))


def _network(part: Mapping[str, Array], line: LineInBasis, described: Descriptions) -> Array:
    count, longest, _ = described.tokens.shape
    wanted = _unit(described.tokens @ part["of_described_token"]).reshape(count * longest, -1)
    same = (_unit(line.tokens @ part["of_token"]) @ wanted.T).reshape(-1, count, longest)
    same = np.where(described.there, same, -1.0)
    weights = np.where(described.there, described.tokens @ part["described_token_weight"], -1e9)
    looks = np.exp(np.clip(line.tokens @ part["token_weight"], -8, 8))
    near = np.stack(
        [
            (same.max(axis=0) * _softmax(weights)).sum(axis=1),
            looks @ same.max(axis=2) / looks.sum(),
            _unit(described.lines @ part["of_line"]) @ _unit(line.whole @ part["of_line"]),
        ],
        axis=1,
    )
    pair = (line.whole @ part["line_pair"]) * (described.lines @ part["described_line_pair"])
    of_line = np.broadcast_to(line.whole @ part["line_hidden"], (count, part["line_hidden"].shape[1]))
    seen = np.concatenate([near * NEARNESS_SCALE, of_line, pair], axis=1)
    hidden = gelu(seen @ part["hidden"] + part["hidden_bias"])
    told: Array = near @ part["nearness"] + hidden @ part["hidden_out"] + line.whole @ part["line"] + part["bias"]
    return told


def weigh(parts: Mapping[str, Array], place: int, evidence: Array) -> Array:
    """As `Matcher.weigh`, by its parts.

    An output that was never learned, such as of factors where all own words were categories, may have more evidence
    than those that were: it never happens, whatever its evidence.
    """
    evidence = evidence[:, : parts["weigh_direct"].shape[1]]
    count = evidence.shape[1]
    hidden = gelu(evidence @ parts["weigh_hidden"][place, :count] + parts["weigh_hidden_bias"][place])
    direct = evidence @ parts["weigh_direct"][place, :count]
    weighed: Array = hidden @ parts["weigh_hidden_out"][place] + direct + parts["weigh_bias"][place]
    return weighed


def _unit(values: Array) -> Array:
    """Each vector, along the last axis, brought to length 1."""
    lengths: Any = np.sqrt((values * values).sum(axis=-1, keepdims=True) + 1e-6)
    shortened: Array = (values / lengths).astype(np.float32)
    return shortened


def _softmax(values: Array) -> Array:
    """Shares of 1 along the last axis."""
    risen = np.exp(values - values.max(axis=-1, keepdims=True))
    shares: Array = (risen / risen.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares


VERBS = ("asks", "gives", "reads out", "tells", "changes")
"""What may be done with a word, in the order of the outputs: the first three with a factor, the others a category."""


@dataclass(frozen=True, kw_only=True)
class WordMatcher(Matcher):
    """Tells what a line does with what each description says, in the order of `VERBS`."""

    KIND = "words"
    SCHEMA = "ausweis/words@3"


def weighed_place(verb: str, *, own: bool) -> int:
    """Where a verb stands among what is weighed: the verbs of own words, then of known ones."""
    return VERBS.index(verb) + (0 if own else len(VERBS))


class LineProbe:
    """What is told of a line at once: the labels of a probe, and what it does with each description.

    `described` are the labels of descriptions: the place of each among the transcripts that a transcript has in
    `compared`, and the output's. `answers` are those that the questions of the transcript tell, by the question's place
    instead. All were made for one template, and for the same layers.
    """

    def __init__(
        self,
        probe: Probe | None,
        matcher: Matcher,
        described: Mapping[str, tuple[int, int]],
        answers: Mapping[str, tuple[int, int]],
    ) -> None:
        self.labels = (*(probe.labels if probe else ()), *described, *answers)
        self.layers = matcher.layers
        self.model_sha256 = matcher.model_sha256
        self.sha256 = "+".join([*([probe.sha256] if probe else []), matcher.sha256])
        self.matcher = matcher
        self._probe = probe
        self._places = list(described.values())
        self._answers = list(answers.values())
        self._described: tuple[Sequence[Array], Descriptions] | None = None

    def probabilities(self, states: Array, compared: Sequence[Array]) -> tuple[float, ...]:
        """Of each label but those that questions tell.

        `states`, `compared`: shape (tokens, layers, width), of the line and of each description.
        """
        told = self._probe.probabilities(states) if self._probe else ()
        if not self._places:
            return told
        # The descriptions are the same for all lines of a call.
        if self._described is None or self._described[0] is not compared:
            described = self.matcher.described([features(description) for description in compared])
            self._described = compared, described
        scores = self.matcher.scores(self.in_basis(states), self._described[1])
        return (*told, *probabilities_of([scores[place] for place in self._places]))

    @property
    def asks(self) -> bool:
        """Whether questions tell some of its labels."""
        return bool(self._answers)

    @property
    def answered_labels(self) -> tuple[str, ...]:
        """Those that questions tell: its last ones."""
        return self.labels[len(self.labels) - len(self._answers) :]

    def in_basis(self, states: Array) -> LineInBasis:
        """All that must be kept of a line until the questions after it are asked."""
        return self.matcher.in_basis(features(states))

    def answered(self, line: LineInBasis, questions: Descriptions) -> tuple[float, ...]:
        """Of each label that questions tell."""
        if not self._answers:
            return ()
        scores = self.matcher.scores(line, questions, question=True)
        return probabilities_of([scores[place] for place in self._answers])
