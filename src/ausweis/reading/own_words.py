"""A policy's own words, read by their descriptions in the same reading of the call as everything else.

A matcher of words compares each line with each description, and with a question that is asked after the last line; what
the lines around it say is weighed with that.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.heads import Probe, probability_of
from ausweis.engines.matcher import VERBS, LineProbe, WordMatcher, weighed_place
from ausweis.engines.protocol import Transcript
from ausweis.prompts import Template
from ausweis.provenance import PromptProvenance
from ausweis.reading.chunks import Chunk
from ausweis.reading.descriptions import Question, description_line
from ausweis.reading.dialogue import weighed
from ausweis.reading.own_labels import OwnLabel, own_labels
from ausweis.reading.word_evidence import Piece, pieces
from ausweis.vocabulary import OwnWord

__all__ = ["OwnWords", "asked_about", "question_about", "weighed_words"]

Array = NDArray[np.float32]


@dataclass(frozen=True)
class OwnWords:
    """The own words of a policy, and what was learned to read them with the template of a transcript.

    `question`: the template of the questions after it.
    """

    words: tuple[OwnWord, ...]
    matcher: WordMatcher
    template: Template
    question: Template

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """What was learned, and the template of the questions, where there are any."""
        learned = self.matcher.provenance
        return (learned, self.question.provenance) if self.questions else (learned,)

    @cached_property
    def labels(self) -> tuple[OwnLabel, ...]:
        """All that may be done with them."""
        return own_labels(self.words)

    @cached_property
    def rows(self) -> tuple[Transcript, ...]:
        """What lines are compared with: the words' names and descriptions, in their order."""
        return tuple(description_line(self.template, f"{word.name}: {word.description}") for word in self.words)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What is asked after the transcript, in the order of the words that are asked about."""
        return tuple(question_about(self.question, word) for word in asked_about(self.words))

    def probe(self, probe: Probe, speaker: str) -> LineProbe:
        """What tells the labels of a probe, and those of the own words that this speaker's lines may have."""
        labels = [own for own in self.labels if own.speaker == speaker]
        asked = asked_about(self.words)
        places = {own.label: (own.place, VERBS.index(own.verb)) for own in labels}
        answers = {own.answered: (asked.index(own.word), VERBS.index(own.verb)) for own in labels if own.answered}
        return LineProbe(probe, self.matcher, places, answers)

    def weighed(
        self, chunks: Sequence[Chunk], answers: Sequence[Mapping[str, float]], dialogue: Sequence[float]
    ) -> list[dict[str, float]]:
        """The answers, known labels and own ones, with their probabilities from all evidence.

        `dialogue`: what known labels are weighed by before, as if there were no own words: so it was learned.

        Raises:
            EngineError: as `weighed_words`.
        """
        own_names = {name for label in self.labels for name in (label.label, label.answered)}
        known = [{label: told for label, told in answer.items() if label not in own_names} for answer in answers]
        anew = weighed(chunks, known, dialogue)
        weighted = [{**answer, **other} for answer, other in zip(answers, anew, strict=True)]
        return weighed_words(chunks, weighted, self.labels, self.matcher.weigh)


def weighed_words(
    chunks: Sequence[Chunk],
    answers: Sequence[Mapping[str, float]],
    labels: Sequence[OwnLabel],
    weigh: Callable[[int, Array], Array],
) -> list[dict[str, float]]:
    """The answers, own labels and the known ones beside them told from all evidence.

    Labels that tell which line answers a question are left out of it. `weigh`: the log-odds of what stands at a place
    (`weighed_place`) from its evidence.

    Raises:
        EngineError: a weight is NaN, as in a broken file.
    """
    told = [dict(answer) for answer in answers]
    alike: defaultdict[tuple[str, bool], list[Piece]] = defaultdict(list)
    for piece in pieces(chunks, told, labels):
        alike[piece.verb, piece.own].append(piece)
    for (verb, own), some in alike.items():
        scores = weigh(weighed_place(verb, own=own), np.array([piece.evidence for piece in some], np.float32))
        for piece, score in zip(some, scores, strict=True):
            told[piece.place][piece.label] = probability_of(float(score))
    answered = {own.answered for own in labels}
    return [{label: chance for label, chance in answer.items() if label not in answered} for answer in told]


def asked_about(words: Sequence[OwnWord]) -> list[OwnWord]:
    """Those of the words that a question after the transcript is about."""
    return [own.word for own in own_labels(words) if own.answered]


def question_about(template: Template, word: OwnWord) -> Question:
    """The question about a word, and how its answer begins."""
    question, answer = template.render({"factor": word.is_factor, "name": word.name, "description": word.description})
    return question, answer
