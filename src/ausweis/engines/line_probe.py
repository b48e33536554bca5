"""What is told of a line at once: by a probe its labels, by a matcher what it does with each description."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.matcher import Descriptions, LineInBasis, Matcher
from ausweis.engines.probe import Probe, features, probabilities_of

__all__ = ["LineProbe"]

Array = NDArray[np.float32]


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
        self._probe = probe
        self._matcher = matcher
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
            described = self._matcher.described([features(description) for description in compared])
            self._described = compared, described
        scores = self._matcher.scores(self.in_basis(states), self._described[1])
        return (*told, *probabilities_of([scores[place] for place in self._places]))

    @property
    def asks(self) -> bool:
        """Whether questions tell some of its labels."""
        return bool(self._answers)

    def in_basis(self, states: Array) -> LineInBasis:
        """All that must be kept of a line until the questions after it are asked."""
        return self._matcher.in_basis(features(states))

    def questions(self, questions: Sequence[Array]) -> Descriptions:
        """The questions, each of shape (tokens, layers, width), made ready for all lines of a call."""
        return self._matcher.questions(questions)

    def answered(self, line: LineInBasis, questions: Descriptions) -> tuple[float, ...]:
        """Of each label that questions tell."""
        if not self._answers:
            return ()
        scores = self._matcher.scores(line, questions, question=True)
        return probabilities_of([scores[place] for place in self._answers])
