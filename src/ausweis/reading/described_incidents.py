"""Incidents that a policy describes itself, read by their descriptions in the same reading as known kinds.

A matcher compares each line with each description, and with a question that is asked after the last line. How much both
weigh is learned once for all descriptions together, so that it holds for those that nobody has learned.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.heads import Probe, probabilities_of
from ausweis.engines.matcher import LineProbe, Matcher
from ausweis.engines.protocol import Transcript
from ausweis.prompts import Template
from ausweis.provenance import PromptProvenance
from ausweis.reading.chunks import Chunk
from ausweis.reading.descriptions import Question, description_line
from ausweis.reading.dialogue import NEVER, log_length, log_odds
from ausweis.reading.incident_question import Chance, IncidentQuestion
from ausweis.vocabulary import Side

__all__ = ["DescribedIncidents", "incident_evidence", "question_about_incident"]


@dataclass(frozen=True)
class DescribedIncidents:
    """What a policy describes, and what was learned to read it with the template of a transcript.

    `question`: the template of the questions after it.
    """

    wanted: tuple[IncidentQuestion, ...]
    matcher: Matcher
    template: Template
    question: Template

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """What was learned, and the template of the questions."""
        return self.matcher.provenance, self.question.provenance

    @cached_property
    def rows(self) -> tuple[Transcript, ...]:
        """What lines are compared with: the descriptions."""
        return tuple(description_line(self.template, one.text, one.speaker) for one in self.wanted)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What is asked after the transcript."""
        return tuple(question_about_incident(self.question, one.text, one.speaker) for one in self.wanted)

    def probe(self, probe: Probe | None) -> LineProbe:
        """What tells the labels of a probe, and how far a line is what each description says."""
        described, answered = ({of(one): (place, 0) for place, one in enumerate(self.wanted)} for of in (_is, _answers))
        return LineProbe(probe, self.matcher, described, answered)

    def chances(self, chunks: Sequence[Chunk], told: Sequence[Mapping[str, float]]) -> Iterator[Chance]:
        """How likely each line of the sides in question is what each description says, from all evidence."""
        for wanted in self.wanted:
            lines = [line for line in zip(chunks, told, strict=True) if line[0].speaker in wanted.speakers]
            if lines:
                described, answered = ([answer[of(wanted)] for _, answer in lines] for of in (_is, _answers))
                evidence = incident_evidence([chunk.text for chunk, _ in lines], described, answered)
                chances = probabilities_of(self.matcher.weigh(0, evidence))
                yield from (Chance(wanted, chunk, chance) for (chunk, _), chance in zip(lines, chances, strict=True))


def _is(wanted: IncidentQuestion) -> str:
    return f"is: {wanted.text}"


def _answers(wanted: IncidentQuestion) -> str:
    return f"answered: {wanted.text}"


def question_about_incident(template: Template, description: str, speaker: Side | None) -> Question:
    """The question about a description, and how its answer begins."""
    inputs = {"description": " ".join(description.split()), "speaker": speaker}
    question, answer = template.render(inputs)
    return question, answer


def incident_evidence(
    texts: Sequence[str], described: Sequence[float], answered: Sequence[float]
) -> NDArray[np.float32]:
    """Of the lines that may be it, in their order: shape (lines, evidence).

    `described`, `answered`: how likely each is what the description says, and the answer to the question. Each counts
    by itself and less the likeliest other line; besides there is the lesser of both, and how long the line is.
    """
    does, answers = ([log_odds(chance) for chance in part] for part in (described, answered))
    likeliest = zip(_likeliest_other(does), _likeliest_other(answers), strict=True)
    evidence = [
        (one, other, min(one, other), one - does_it, other - answers_it, log_length(text))
        for text, one, other, (does_it, answers_it) in zip(texts, does, answers, likeliest, strict=True)
    ]
    return np.array(evidence, np.float32)


def _likeliest_other(odds: Sequence[float]) -> list[float]:
    first, second = [*sorted(odds, reverse=True), NEVER, NEVER][:2]
    return [second if value == first else first for value in odds]
