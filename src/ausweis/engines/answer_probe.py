"""A learned probe of a whole call, read where the model is about to answer questions about it.

What a call is about as a whole stands in none of its lines; asked after the last one, a model knows more of it than
when it read the lines. For each label of a line this tells whether any line of the call has it: a logistic regression
over the states of the last token of each question, and weights by which its log-odds and those of the likeliest line
are added (stacking, Wolpert 1992). It is data only (safetensors), bound to the template of the questions and to
one probe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.learned_file import LearnedFile
from ausweis.engines.ngrams import log_odds
from ausweis.engines.probe import features, probabilities_of

__all__ = ["ANSWER_PARTS", "AnswerProbe", "answer_features"]

Array = NDArray[np.float32]

ANSWER_PARTS: Mapping[str, str] = {"weights": "fk", "bias": "k", "stacking": "ks"}
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

    KIND = "answers"
    SCHEMA = "ausweis/answers@1"
    SHAPES = ANSWER_PARTS
    LISTS = ("labels", "layers")

    labels: tuple[str, ...]

    def probabilities(self, questions: Sequence[Array]) -> tuple[float, ...]:
        """How likely it is of each label that a line of the call has it. `questions`: as in `answer_features`.

        Raises:
            EngineError: a weight is NaN, as in a broken file.
        """
        return probabilities_of(answer_features(questions) @ self.parts["weights"] + self.parts["bias"])

    def weighed(self, lines: Sequence[Mapping[str, float]], answers: Sequence[float]) -> list[dict[str, float]]:
        """The probabilities of each line's labels, weighed with the `answers` about the call.

        Which line it is the answers do not tell: so the likeliest line alone may gain by them, if it may be one at all
        (`LEAST`); all may lose.

        Raises:
            EngineError: as `probabilities`.
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
