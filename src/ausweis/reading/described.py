"""What a policy describes, own words and incidents, read by its descriptions in the same reading as what is known.

A matcher compares each line with each description, and with a question that is asked after the last line. What other
lines say of an own word is weighed with that (`word_evidence`). How much all this weighs is learned once for all
descriptions together, so that it holds for those that nobody has learned.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.heads import Probe, probabilities_of, probability_of
from ausweis.engines.matcher import VERBS, LineProbe, Matcher, weighed_place
from ausweis.engines.protocol import Message, Transcript
from ausweis.prompts import Template
from ausweis.provenance import PromptProvenance
from ausweis.reading.chunks import Chunk
from ausweis.reading.dialogue import NEVER, log_length, log_odds, weighed
from ausweis.reading.questions import Answer, Question, own_questions
from ausweis.reading.word_evidence import Piece, pieces
from ausweis.vocabulary import OwnWord, Side

__all__ = [
    "Described",
    "Ending",
    "asked_about",
    "description_line",
    "ending_of",
    "incident_evidence",
    "weighed_words",
]

Array = NDArray[np.float32]
Ending = tuple[Message, Message]
"""What is asked after a transcript, and how the answer begins."""


@dataclass(frozen=True)
class Described:
    """Questions about own words, or about described incidents, and what was learned to read them.

    `template`: of the transcript. `asking`: of the questions after it.
    """

    questions: tuple[Question, ...]
    matcher: Matcher
    template: Template
    asking: Template

    @property
    def words(self) -> tuple[OwnWord, ...]:
        """The own words, in their order."""
        return tuple(subject for subject in self._subjects if isinstance(subject, OwnWord))

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """What was learned, and the template of the questions after the transcript, where there are any."""
        learned = self.matcher.provenance
        return (learned, self.asking.provenance) if self.endings else (learned,)

    @cached_property
    def _subjects(self) -> dict[Question | OwnWord, Question]:
        """By what is described, a question about it: there are several about one own word."""
        return {question.word or question: question for question in self.questions}

    @cached_property
    def rows(self) -> tuple[Transcript, ...]:
        """What lines are compared with: the descriptions, each once."""
        return tuple(description_line(self.template, one.text, one.speaker) for one in self._subjects.values())

    @cached_property
    def endings(self) -> tuple[Ending, ...]:
        """What is asked after the transcript."""
        return tuple(ending_of(self.asking, question) for question in self.questions if question.answered)

    def probe(self, probe: Probe | None, speaker: str | None = None) -> LineProbe:
        """What tells the labels of a probe, and those of the questions that this speaker's lines may answer."""
        rows = list(self._subjects)
        asked = [question for question in self.questions if question.answered]
        mine = [question for question in self.questions if speaker is None or speaker in question.speakers]
        described = {question.label: (rows.index(question.word or question), _output(question)) for question in mine}
        answered = {
            question.answered: (asked.index(question), _output(question)) for question in mine if question.answered
        }
        return LineProbe(probe, self.matcher, described, answered)

    def weighed(
        self, chunks: Sequence[Chunk], told: Sequence[Mapping[str, float]], dialogue: Sequence[float]
    ) -> list[dict[str, float]]:
        """Known labels and those of own words, with their probabilities from all evidence.

        `dialogue`: what known labels are weighed by before, as if there were no own words: so it was learned.

        Raises:
            EngineError: as `weighed_words`.
        """
        own = {label for question in self.questions for label in (question.label, question.answered)}
        known = [{label: chance for label, chance in line.items() if label not in own} for line in told]
        anew = weighed(chunks, known, dialogue)
        weighted = [{**line, **other} for line, other in zip(told, anew, strict=True)]
        return weighed_words(chunks, weighted, self.questions, self.matcher.weigh)

    def incidents(self, chunks: Sequence[Chunk], told: Sequence[Mapping[str, float]]) -> Iterator[Answer]:
        """How likely each line of the sides in question is the incident, from all evidence."""
        for question in self.questions:
            lines = [line for line in zip(chunks, told, strict=True) if line[0].speaker in question.speakers]
            if lines:
                described, answered = (
                    [line[label] for _, line in lines] for label in (question.label, str(question.answered))
                )
                evidence = incident_evidence([chunk.text for chunk, _ in lines], described, answered)
                chances = probabilities_of(self.matcher.weigh(0, evidence))
                yield from (Answer(question, chunk, chance) for (chunk, _), chance in zip(lines, chances, strict=True))


def _output(question: Question) -> int:
    """The place of what is told of an own word among the matcher's outputs; of an incident there is one."""
    return VERBS.index(question.verb) if question.word else 0


def description_line(template: Template, description: str, speaker: Side | None = None) -> Transcript:
    """A description as the template's only line, as a matcher compares lines with it."""
    messages = template.render({"lines": [{"speaker": speaker or "agent", "text": " ".join(description.split())}]})
    return Transcript(messages=messages, rows=(messages[-1].content,), template=template.name)


def ending_of(template: Template, question: Question) -> Ending:
    """What is asked after the transcript about a word or an incident, and how the answer begins."""
    if (word := question.word) is not None:
        inputs = {"factor": word.is_factor, "name": word.name, "description": word.description}
    else:
        inputs = {"description": " ".join(question.text.split()), "speaker": question.speaker}
    ask, answer = template.render(inputs)
    return ask, answer


def asked_about(words: Sequence[OwnWord]) -> list[Question]:
    """The questions about these words that are asked after the transcript."""
    return [question for question in own_questions(words) if question.answered]


def weighed_words(
    chunks: Sequence[Chunk],
    answers: Sequence[Mapping[str, float]],
    labels: Sequence[Question],
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
