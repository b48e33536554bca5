"""The ways to ask about the chunks of a call: one by one in a small window, or as a transcript that is read once.

A window suits a model that answers in words: the template of the speaker, its examples, two lines before the one in
question. A probe needs neither examples nor a question: it reads what the model understood of each line while it
read the call from the beginning, each line once. What a policy describes, own words and incidents, is told in the same
reading: a matcher compares each line with each description, and with a question that is asked after the last line. How
much all this weighs is learned once for all descriptions together, so that it holds for those that nobody has learned.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ausweis.calls.call import Call
from ausweis.engines.heads import AnswerProbe, Ngrams, Probe, probabilities_of, probability_of
from ausweis.engines.matcher import VERBS, LineProbe, Matcher, weighed_place
from ausweis.engines.protocol import Engine, LineHead, Message, Request, Result, Transcript, transcript_engine
from ausweis.errors import PromptError
from ausweis.prompts import Template
from ausweis.provenance import PromptProvenance
from ausweis.reading import defects
from ausweis.reading.chunks import Chunk, line_question, with_context
from ausweis.reading.evidence import EVIDENCE, NEVER, Piece, log_length, log_odds, pieces, weighed
from ausweis.reading.questions import STARTS_LATE, Answer, Question, factors_of, own_questions, speakers_of
from ausweis.vocabulary import OwnWord, Side

Array = NDArray[np.float32]
Ending = tuple[Message, Message]
"""What is asked after a transcript, and how the answer begins."""
Told = list[dict[str, float]]
"""For each chunk the probability of each label."""


class Asking(Protocol):
    """Asks about chunks, and says what the answers mean."""

    exclusive: bool = False
    """Whether the labels share out one whole."""
    factors: frozenset[str] = frozenset()
    """Those that it can tell."""
    words: tuple[OwnWord, ...] = ()
    """The policy's own words that it looks for."""

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """What it asks with."""
        return ()

    def ask(self, engine: Engine, call: Call, chunks: Sequence[Chunk]) -> tuple[Told, int]:
        """For each chunk, how likely each label is; and how many tokens the model computed.

        The first one tells besides how likely it is that the recording starts late.
        """
        return [{} for _ in chunks], 0


class NoAsking(Asking):
    """Asks nothing: where incidents alone are wanted."""


class WindowAsking(Asking):
    """Asks about each chunk with the template of its speaker, `agent` or `caller`; `start` is about the first lines.

    The templates name the known words alone.

    Raises:
        PromptError: a label means nothing, or `start` cannot say that the recording sets in late.
    """

    exclusive = True

    def __init__(self, templates: Mapping[str, Template], start: Template) -> None:
        start.check_answer(defects.LATE)
        self._templates, self._start = templates, start
        self.factors = factors_of(label for template in templates.values() for label in template.labels)

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """The templates."""
        return tuple(template.provenance for template in (*self._templates.values(), self._start))

    def ask(self, engine: Engine, call: Call, chunks: Sequence[Chunk]) -> tuple[Told, int]:
        """The labels of the speaker's template."""
        if not chunks:
            return [], 0
        *told, start = engine.complete([*self.requests(call, chunks), defects.question(call, self._start)])
        answers = [
            dict(zip(self._templates[chunk.speaker].labels, result.probabilities, strict=True))
            for chunk, result in zip(chunks, told, strict=True)
        ]
        answers[0][STARTS_LATE] = defects.starts_late(start, self._start)
        return answers, sum(result.evaluated_tokens for result in (*told, start))

    def requests(self, call: Call, chunks: Sequence[Chunk]) -> list[Request]:
        """Each chunk with the two before it."""
        return [
            line_question(self._templates[chunk.speaker], call, lines, chunk.turn)
            for chunk, lines in with_context(chunks)
        ]


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
        described: dict[str, tuple[int, int]] = {}
        answered: dict[str, tuple[int, int]] = {}
        for question in self.questions:
            if speaker is None or speaker in question.speakers:
                # Of an own word the matcher tells what is done with it; of an incident one thing, that it happens.
                output = VERBS.index(question.verb) if question.word else 0
                described[question.label] = rows.index(question.word or question), output
                if question.answered:
                    answered[question.answered] = asked.index(question), output
        return LineProbe(probe, self.matcher, described, answered)

    def weighed(self, chunks: Sequence[Chunk], told: Sequence[Mapping[str, float]], dialogue: Sequence[float]) -> Told:
        """Known labels and those of own words, with their probabilities from all evidence.

        `dialogue`: what known labels are weighed by before, as if there were no own words: so it was learned.
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
) -> Told:
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


def incident_evidence(texts: Sequence[str], described: Sequence[float], answered: Sequence[float]) -> Array:
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


class TranscriptAsking(Asking):
    """Asks about each chunk with all lines before it; the probe of the template tells the answer.

    Own words of the policy are told in the same reading. `start` is asked if that was not learned. `ngrams`: what tells
    labels by the words of a line beside the probe. `about`: the template of what is asked about the call as a whole,
    and what reads the answers.

    Raises:
        PromptError: a label means nothing, the probe is of another make, or `start` is asked and cannot say that the
            recording sets in late.
    """

    def __init__(
        self,
        template: Template,
        probe: Probe,
        start: Template,
        own: Described | None = None,
        ngrams: Ngrams | None = None,
        about: tuple[Template, AnswerProbe] | None = None,
    ) -> None:
        speakers = {speaker for label in probe.labels for speaker in speakers_of(label) if label != STARTS_LATE}
        if len(speakers) < 2 or len(probe.dialogue) not in (0, len(EVIDENCE) + 1):
            raise PromptError("its probe does not fit this version of Ausweis: train it again", place=template.name)
        self._template = template
        self._start = None if STARTS_LATE in probe.labels else start
        if self._start is not None:
            self._start.check_answer(defects.LATE)
        self._dialogue = probe.dialogue
        self._own, self._ngrams, self._about = own, ngrams, about
        self.words = () if own is None else own.words
        self.factors = factors_of(probe.labels) | {word.id for word in self.words if word.is_factor}
        heads = (probe, ngrams, *(about or ()))
        self._stamps = (*(head.provenance for head in heads if head), *(own.prompts if own else ()))
        self._probes: dict[str, LineHead] = {}
        for speaker in ("agent", "caller"):
            of_speaker = probe.only([label for label in probe.labels if speaker in speakers_of(label)])
            self._probes[speaker] = of_speaker if own is None else own.probe(of_speaker, speaker)

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """The template, what was learned for it, and what else is asked."""
        start = [] if self._start is None else [self._start.provenance]
        return self._template.provenance, *self._stamps, *start

    def ask(self, engine: Engine, call: Call, chunks: Sequence[Chunk]) -> tuple[Told, int]:
        """The labels of the speaker, own ones too; what a caller gives is weighed with what the agent asked."""
        if not chunks:
            return [], 0
        answers, results = read_lines(engine, self.transcript(call, chunks), chunks, self._ngrams)
        if self._about is not None:
            answers = self._about[1].weighed(answers, results[-1].probabilities)
        if self._start is not None:
            results += engine.complete([defects.question(call, self._start)])
            answers[0][STARTS_LATE] = defects.starts_late(results[-1], self._start)
        weigh = weighed if self._own is None else self._own.weighed
        return weigh(chunks, answers, self._dialogue), sum(result.evaluated_tokens for result in results)

    def transcript(self, call: Call, chunks: Sequence[Chunk]) -> Transcript:
        """What is read: each chunk probed for the labels of its speaker."""
        probes = [self._probes[chunk.speaker] for chunk in chunks]
        return transcript_of(self._template, call, chunks, probes, self._own, self._about)


def read_lines(
    engine: Engine, transcript: Transcript, chunks: Sequence[Chunk], ngrams: Ngrams | None
) -> tuple[Told, list[Result]]:
    """For each chunk the probability of each label, by the probes of a transcript and by its words; and the results.

    Where there are questions about the call, the last result is of them.
    """
    results = transcript_engine(engine).read(transcript)
    told = [
        dict(zip(probe.labels, result.probabilities, strict=True))
        for probe, result in zip(transcript.probes, results[: len(chunks)], strict=True)
    ]
    if ngrams is not None:
        told = [ngrams.weighed(chunk.text, line) for chunk, line in zip(chunks, told, strict=True)]
    return told, results


def transcript_of(
    template: Template,
    call: Call,
    chunks: Sequence[Chunk],
    probes: Sequence[LineHead] = (),
    described: Described | None = None,
    about: tuple[Template, AnswerProbe] | None = None,
) -> Transcript:
    """The chunks of a call as a prompt of a row each: what probes read, and are learned from.

    Raises:
        PromptError: the template does not write each line on a row of its own, in the order of the lines.
    """
    lines = [{"speaker": chunk.speaker, "text": chunk.text} for chunk in chunks]
    messages = template.render({"lines": lines}, language=call.language)
    first = template.render({"lines": lines[:1]}, language=call.language)[-1].content
    before = first.count("\n")
    rows = messages[-1].content.split("\n")
    if len(rows) != before + len(chunks) or "\n".join(rows[: before + 1]) != first:
        raise PromptError(
            "does not write each line of a call on a row of its own, the last one at the end", place=template.name
        )
    return Transcript(
        messages=messages,
        rows=(first, *rows[before + 1 :]),
        turns=tuple(chunk.turn for chunk in chunks),
        probes=tuple(probes),
        compared=described.rows if described else (),
        questions=described.endings if described else (),
        about=endings_in(about[0]) if about else (),
        answer_probe=about[1] if about else None,
        template=template.name,
        asking=described.asking.name if described else "",
    )


def endings_in(template: Template) -> tuple[Ending, ...]:
    """The questions of a template about the call as a whole, each with how its answer begins."""
    messages = iter(template.render({}))
    return tuple(zip(messages, messages, strict=True))
