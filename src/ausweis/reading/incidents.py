"""Critical incidents beyond authentication: looked for only where the policy asks, and each told with its place.

Known kinds are told by a probe of the template `incidents`, where one was learned for the model: it reads the call
once more, line by line. What a company describes itself is told in the same reading (`described_incidents`). Without
what was learned the template `incident` asks about each line of the side in question whether it is what the description
says.

That a price or a deadline was wrong comes to light later than it was named. What is read is the line in which it comes
to light (`Mention.shown`); the incident is at the line before it that named the other value.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, cast

from ausweis.calls.call import Call
from ausweis.engines.heads import Ngrams, Probe
from ausweis.engines.matcher import LineProbe
from ausweis.engines.protocol import Engine, Request, transcript_engine
from ausweis.errors import PromptError
from ausweis.facts import Mention, OneSided, Shown, Side
from ausweis.prompts import Template
from ausweis.provenance import PromptProvenance
from ausweis.reading.asking import transcript_of
from ausweis.reading.chunks import Chunk, Line, spoken_chunks, with_context
from ausweis.reading.described_incidents import DescribedIncidents
from ausweis.reading.incident_question import Chance, IncidentQuestion
from ausweis.reading.spoken import digits_in, has_number
from ausweis.vocabulary import INCIDENTS

__all__ = [
    "IncidentReader",
    "Learned",
    "mentions_of",
    "mentions_once",
    "named_before",
]

STEM, SHORTEST, RARE = 6, 4, 5
"""Letters by which words are the same; letters of a word that counts; lines that may have it."""
_ONE_OR_NONE = re.compile(
    r"\b(?:eine?[mnr]?|one|an?) (?:\w+ )?(?:monat|woche|tag|jahr|stunde|euro|cent|month|week|day|year|hour|pound)"
    r"|\b(?:kostenlos|kostenfrei|gratis|umsonst|frei|free|gar nichts?|no charge|nothing|jederzeit|any time|anytime)\b"
)
"""Values without a number, as `spoken` knows numbers: one of something, or nothing."""
YES = "yes"
"""The answer of `incident` that says that the line is it."""
MENTIONED = 0.05
"""Incidents less likely than this are not kept."""


class Learned(NamedTuple):
    """The template `incidents`, with the probe that tells known kinds, and what tells those of the policy.

    `ngrams`: what tells known kinds by the words of a line beside the probe.
    """

    template: Template
    probe: Probe | None
    ngrams: Ngrams | None
    described: DescribedIncidents | None


class IncidentReader:
    """Finds the incidents of a call that questions ask for."""

    def __init__(
        self,
        engine: Engine,
        questions: Sequence[IncidentQuestion],
        template: Template,
        learned: Learned,
    ) -> None:
        """Sort the questions by the way they are answered.

        Raises:
            PromptError: probe and matcher are of different layers, or `template` is asked and cannot say yes.
        """
        labels = () if learned.probe is None else learned.probe.labels
        described = () if learned.described is None else learned.described.wanted
        self._engine = engine
        self._told = [question for question in questions if question.id and INCIDENTS[question.id].label in labels]
        self._asked = [question for question in questions if question not in (*self._told, *described)]
        if self._asked:
            template.check_answer(YES)
        self._template = template
        self._learned = learned if self._told else learned._replace(probe=None, ngrams=None)
        self._probe = self._line_probe()

    def _line_probe(self) -> Probe | LineProbe | None:
        template, probe, _, described = self._learned
        if described is None:
            return probe
        if probe is not None and probe.layers != described.matcher.layers:
            message = "its probe and its matcher read different layers: train both again"
            raise PromptError(message, place=template.name)
        return described.probe(probe)

    @property
    def looked_for(self) -> tuple[str | OneSided, ...]:
        """All that is looked for, by kind or description."""
        return tuple(question.asked for question in (*self._told, *self._described, *self._asked))

    @property
    def _described(self) -> tuple[IncidentQuestion, ...]:
        return self._learned.described.wanted if self._learned.described else ()

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """The templates that it asks with, and what was learned for them, such as `incidents:probe`."""
        template, probe, ngrams, described = self._learned
        stamps = [] if self._probe is None else [template.provenance]
        if probe is not None:
            stamps.append(probe.provenance)
        if ngrams is not None:
            stamps.append(ngrams.provenance)
        if described is not None:
            stamps += described.prompts
        if self._asked:
            stamps.append(self._template.provenance)
        return tuple(stamps)

    def read(self, call: Call) -> tuple[tuple[Mention, ...], int]:
        """The incidents of a call in order of time, and how many tokens the model computed for them."""
        chunks = spoken_chunks(call)
        read, tokens = self._read_learned(call, chunks)
        asked, more = self._ask(call, chunks)
        mentions = [mention for chance in (*read, *asked) for mention in mentions_of(call, chunks, chance)]
        return mentions_once(mentions), tokens + more

    def _read_learned(self, call: Call, chunks: Sequence[Chunk]) -> tuple[list[Chance], int]:
        """All that was learned and is asked for, in one reading of the call."""
        if self._probe is None or not chunks:
            return [], 0
        template, _, ngrams, described = self._learned
        compared, questions = (described.rows, described.questions) if described else ((), ())
        transcript = transcript_of(template, call, chunks, [self._probe] * len(chunks), compared, questions)
        results = transcript_engine(self._engine).read(transcript)
        told = [dict(zip(self._probe.labels, result.probabilities, strict=True)) for result in results]
        if ngrams is not None:
            told = [ngrams.weighed(chunk.text, line) for chunk, line in zip(chunks, told, strict=True)]
        chances = [
            Chance(question, chunk, line[INCIDENTS[question.id].label])
            for chunk, line in zip(chunks, told, strict=True)
            for question in self._told
            if question.id and chunk.speaker in question.speakers
        ]
        if described:
            chances += described.chances(chunks, told)
        return chances, sum(result.evaluated_tokens for result in results)

    def _ask(self, call: Call, chunks: Sequence[Chunk]) -> tuple[list[Chance], int]:
        """What is asked by its description, line by line."""
        asked = [
            (question, chunk, self._request(call, question, lines))
            for question in self._asked
            for chunk, lines in with_context(chunks)
            if chunk.speaker in question.speakers
        ]
        if not asked:
            return [], 0
        results = self._engine.complete([request for _, _, request in asked])
        yes = self._template.labels.index(YES)
        chances = [
            Chance(question, chunk, result.probabilities[yes])
            for (question, chunk, _), result in zip(asked, results, strict=True)
        ]
        return chances, sum(result.evaluated_tokens for result in results)

    def _request(self, call: Call, question: IncidentQuestion, lines: Sequence[Line]) -> Request:
        inputs = {"incident": question.text, "lines": [line._asdict() for line in lines]}
        messages = self._template.render(inputs, language=call.language)
        return Request(messages=messages, choices=self._template.labels, template=self._template.name)


def mentions_of(call: Call, chunks: Sequence[Chunk], chance: Chance) -> list[Mention]:
    """What facts say of it, where it is likely enough to be kept; `chunks` are all of the call."""
    question, chunk, probability = chance
    if probability < MENTIONED:
        return []
    place, shown = chunk, None
    if question.id is not None and INCIDENTS[question.id].comes_to_light_later:
        named = named_before(chunks, chunk)
        if named is not None:
            start, end = chunk.times(call)
            place, shown = named, Shown(turn=chunk.turn, quote=chunk.text, start=start, end=end)
    start, end = place.times(call)
    return [
        Mention(
            id=question.id,
            description=question.description,
            speaker=None if question.id else cast("Side", place.speaker),
            turn=place.turn,
            quote=place.text,
            start=start,
            end=end,
            probability=round(probability, 4),
            shown=shown,
        )
    ]


def named_before(chunks: Sequence[Chunk], shown: Chunk) -> Chunk | None:
    """The agent's line before this one that most likely named the other value.

    It names a value, another one than this line, and has most words in common with this line or the one before it;
    words that many lines have do not count. Among equals the last one is taken.
    """
    place = max(place for place, chunk in enumerate(chunks) if (chunk.turn, chunk.begin) <= (shown.turn, shown.begin))
    about = _stems(shown.text) | (_stems(chunks[place - 1].text) if place else set())
    often = Counter(stem for chunk in chunks for stem in _stems(chunk.text))
    about = {stem for stem in about if often[stem] <= RARE}
    numbers = digits_in(shown.text)
    best: tuple[int, Chunk] | None = None
    for chunk in chunks[:place]:
        same = bool(numbers) and digits_in(chunk.text) == numbers
        if chunk.speaker == "agent" and _names_value(chunk.text) and not same:
            common = len(_stems(chunk.text) & about)
            if best is None or common >= best[0]:
                best = common, chunk
    return None if best is None else best[1]


def _names_value(text: str) -> bool:
    return has_number(text) or _ONE_OR_NONE.search(text.lower()) is not None


def _stems(text: str) -> set[str]:
    return {word[:STEM] for word in re.findall(r"[^\W\d_]+", text.lower()) if len(word) >= SHORTEST}


def mentions_once(mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """Of the same incident in several chunks of a turn, or shown by several turns, the likeliest."""
    best: dict[tuple[int, str | None, str | None], Mention] = {}
    for mention in mentions:
        key = (mention.turn, mention.id, mention.description)
        if key not in best or mention.probability > best[key].probability:
            best[key] = mention
    return tuple(sorted(best.values(), key=lambda mention: mention.turn))
