"""The ways to ask about the chunks of a call: one by one in a small window, or as a transcript that is read once.

A window suits a model that answers in words: the template of the speaker, its examples, two lines before the one in
question. A probe needs neither examples nor a question: it reads what the model understood of each line while it
read the call from the beginning, each line once.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ausweis.calls.call import Call
from ausweis.engines.heads import AnswerProbe, Ngrams, Probe
from ausweis.engines.protocol import Engine, LineHead, Request, Result, Transcript, transcript_engine
from ausweis.errors import PromptError
from ausweis.prompts import Template
from ausweis.provenance import PromptProvenance
from ausweis.reading import defects
from ausweis.reading.chunks import Chunk, line_question, with_context
from ausweis.reading.described import Described, Ending
from ausweis.reading.dialogue import EVIDENCE, weighed
from ausweis.reading.questions import STARTS_LATE, factors_of, meaning, speakers_of
from ausweis.vocabulary import OwnWord

__all__ = ["Asking", "NoAsking", "TranscriptAsking", "WindowAsking", "endings_in", "read_lines", "transcript_of"]


class Asking(Protocol):
    """Asks about chunks, and says what the answers mean."""

    exclusive: bool
    """Whether the labels share out one whole."""
    factors: frozenset[str]
    """Those that it can tell."""
    words: tuple[OwnWord, ...]
    """The policy's own words that it looks for."""

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """What it asks with."""
        ...

    def ask(self, engine: Engine, call: Call, chunks: Sequence[Chunk]) -> tuple[list[dict[str, float]], int]:
        """For each chunk, how likely each label is; and how many tokens the model computed.

        The first one tells besides how likely it is that the recording starts late.
        """
        ...


class NoAsking:
    """Asks nothing: for calls of which incidents alone are wanted."""

    exclusive = False
    factors: frozenset[str] = frozenset()
    words: tuple[OwnWord, ...] = ()
    prompts: tuple[PromptProvenance, ...] = ()

    def ask(self, engine: Engine, call: Call, chunks: Sequence[Chunk]) -> tuple[list[dict[str, float]], int]:
        """No label of any chunk."""
        return [{} for _ in chunks], 0


class WindowAsking:
    """Asks about each chunk with the template of its speaker, `agent` or `caller`; `start` is about the first lines.

    The templates name the known words alone.
    """

    exclusive = True
    words: tuple[OwnWord, ...] = ()

    def __init__(self, templates: Mapping[str, Template], start: Template) -> None:
        """Refuses labels that mean nothing, and a `start` that cannot say that the recording sets in late.

        Raises:
            PromptError: one does, or it cannot.
        """
        start.check_answer(defects.LATE)
        self._templates = templates
        self._start = start
        for template in templates.values():
            _check(template.labels)
        self.factors: frozenset[str] = factors_of(label for template in templates.values() for label in template.labels)

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """The templates."""
        return tuple(template.provenance for template in (*self._templates.values(), self._start))

    def ask(self, engine: Engine, call: Call, chunks: Sequence[Chunk]) -> tuple[list[dict[str, float]], int]:
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
        return [line_question(self._templates[chunk.speaker], call, lines) for chunk, lines in with_context(chunks)]


class TranscriptAsking:
    """Asks about each chunk with all lines before it; the probe of the template tells the answer.

    Own words of the policy are told in the same reading.
    """

    exclusive = False

    def __init__(
        self,
        template: Template,
        probe: Probe,
        start: Template,
        own: Described | None = None,
        ngrams: Ngrams | None = None,
        about: tuple[Template, AnswerProbe] | None = None,
    ) -> None:
        """Refuses labels that mean nothing, and a probe of another make. `start` is asked if that was not learned.

        `ngrams`: what tells labels by the words of a line beside the probe. `about`: the template of what is asked
        about the call as a whole, and what reads the answers.

        Raises:
            PromptError: one does, or it is; or `start` is asked and cannot say that the recording sets in late.
        """
        _check(probe.labels)
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

    def ask(self, engine: Engine, call: Call, chunks: Sequence[Chunk]) -> tuple[list[dict[str, float]], int]:
        """The labels of the speaker, own ones too; what a caller gives is weighed with what the agent asked."""
        if not chunks:
            return [], 0
        answers, results = read_lines(engine, self.transcript(call, chunks), chunks, self._ngrams)
        if self._about is not None:
            answers = self._about[1].weighed(answers, results[-1].probabilities)
        if self._start is not None:
            results += engine.complete([defects.question(call, self._start)])
            answers[0][STARTS_LATE] = defects.starts_late(results[-1], self._start)
        tokens = sum(result.evaluated_tokens for result in results)
        if self._own is None:
            return weighed(chunks, answers, self._dialogue), tokens
        return self._own.weighed(chunks, answers, self._dialogue), tokens

    def transcript(self, call: Call, chunks: Sequence[Chunk]) -> Transcript:
        """What is read: each chunk probed for the labels of its speaker."""
        probes = [self._probes[chunk.speaker] for chunk in chunks]
        return transcript_of(self._template, call, chunks, probes, self._own, self._about)


def read_lines(
    engine: Engine, transcript: Transcript, chunks: Sequence[Chunk], ngrams: Ngrams | None
) -> tuple[list[dict[str, float]], list[Result]]:
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
        probes=tuple(probes),
        compared=described.rows if described else (),
        questions=described.endings if described else (),
        about=endings_in(about[0]) if about else (),
        answer_probe=about[1] if about else None,
        template=template.name,
    )


def endings_in(template: Template) -> tuple[Ending, ...]:
    """The questions of a template about the call as a whole, each with how its answer begins."""
    messages = iter(template.render({}))
    return tuple(zip(messages, messages, strict=True))


def _check(labels: Sequence[str]) -> None:
    for label in labels:
        meaning(label)
