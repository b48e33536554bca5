"""Strategy `events`: one question a call, which names all its events as JSON. For large models, and any engine.

The answer fits a schema made of the policy's words. Nothing that the model names is dropped in silence: where an event
cannot be used, a note says why, and a note sends the call to a person. Only a number that the agent repeats after the
caller is taken away without one, as that is no event.
"""

import copy
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from pydantic import BaseModel, ValidationError

from ausweis.calls.call import Call
from ausweis.calls.text import MARKER
from ausweis.engines.learned_index import ReaderCalibration
from ausweis.engines.protocol import Engine, Request, Result
from ausweis.errors import EngineError, PromptError
from ausweis.facts import Event, EventKind, Facts, NoteCode
from ausweis.prompts import Template
from ausweis.provenance import PromptProvenance
from ausweis.reading.chunks import Chunk, place_of, spoken_chunks
from ausweis.reading.defects import LATE, defects_in, doubts
from ausweis.reading.incidents import mentions_of, mentions_once
from ausweis.reading.plain_words import plausible
from ausweis.reading.questions import (
    MENTIONED,
    ORDER,
    Answer,
    PolicyText,
    Question,
    Reading,
    event_of,
    once_a_turn,
    prompts_of,
)
from ausweis.spoken import digits_in, has_number
from ausweis.vocabulary import ActionKind, FactorRecord, Vocabulary, with_own

STATED = 0.95
"""How likely something happened that a model names; times the probability of its words, where the engine tells it.
Chosen, not measured, for a model that is taken at its word: sure enough to count, not so sure that a verdict is
certain. What was learned of a model (`EventCalibration`) says what that means of its events."""
FEWEST, MOST = 20, 200
"""So many events an answer may have at least and at most. In the labelled calls, none has more than 26."""
CHUNKS_AN_EVENT = 2
"""A long call may have an event more for so many of its chunks; labelled ones have one for two to nine."""
TOKENS_AN_EVENT = 50
"""With quote and punctuation, as tokenisers of large models cut German."""


class _Named(BaseModel, extra="forbid"):
    turn: int
    quote: str
    event: str


class _Answer(BaseModel, extra="forbid"):
    start: Literal["beginning", "middle"]
    events: list[_Named]


_OF_FACTORS: tuple[EventKind, ...] = ("gives", "asks", "reads_out", "rejects")
_OF_ACTIONS: Mapping[ActionKind, EventKind] = {"disclosure": "discloses", "change": "changes"}


def _questions(policy: PolicyText, words: Vocabulary) -> dict[str, Question]:
    """By each answer that is allowed, what it stands for.

    An event is written as facts name it: its kind, and behind it the id of its factor or category, where it has one.
    Factors that no level of the policy needs are among them: whoever reads one out may break it all the same, and facts
    are judged by other policies too.
    """
    said = [record.id for record in words.factors.values() if record.looks_like is not None]
    about = [(kind, subject) for kind in _OF_FACTORS for subject in said]
    about += [(_OF_ACTIONS[record.kind], record.id) for record in words.categories.values()]
    with_subject = {*_OF_FACTORS, *_OF_ACTIONS.values()} - {"rejects"}
    events = {f"{kind} {subject}": Question(kind, subject) for kind, subject in about}
    events |= {kind: Question(kind) for kind in get_args(EventKind) if kind not in with_subject}
    return events | {
        f"incident {question.incident or f'described_{number}'}": question
        for number, question in enumerate(policy.incidents, start=1)
    }


def shown_words(questions: Mapping[str, Question], words: Vocabulary) -> dict[str, Any]:
    """What the template shows, but for the lines of a call: each factor and category with a sentence, and incidents."""
    return {
        "factors": [
            {"id": record.id, "sentence": record.sentence["en"]}
            for record in words.factors.values()
            if record.looks_like is not None
        ],
        "actions": [
            {"event": f"{_OF_ACTIONS[record.kind]} {record.id}", "sentence": record.sentence["en"]}
            for record in words.categories.values()
        ],
        "incidents": [
            # Words of a policy stand among the instructions, where servers take markers of their chat format for such.
            {
                "event": event,
                "speakers": " or ".join(question.speakers),
                "sentence": MARKER.sub(r"\g<0> ", question.text),
            }
            for event, question in questions.items()
            if question.kind is None
        ],
    }


class EventsReader:
    """Shows the model the policy's words and the numbered transcript.

    Raises:
        PromptError: the answer of the template is none of events.
    """

    strategy = "events"

    def __init__(
        self,
        engine: Engine,
        template: Template,
        policy: PolicyText | None = None,
        calibration: ReaderCalibration | None = None,
    ) -> None:
        self._engine, self._template, self._calibration = engine, template, calibration
        self._policy = policy or PolicyText()
        words = with_own(self._policy.own_words)
        self._factors = words.factors
        self._questions = _questions(self._policy, words)
        self._inputs = shown_words(self._questions, words)
        self._schema(1, 1)

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """The one template, and what was learned of its answers."""
        return (self._template.provenance, *prompts_of(self._calibration))

    @property
    def factors(self) -> frozenset[str]:
        """All that the model is asked about."""
        return frozenset(self._factors)

    def read(self, call: Call) -> Reading:
        """Ask for the events of one call; where nobody speaks, there is nothing to ask."""
        chunks = spoken_chunks(call)
        if not chunks:
            return Reading(self._facts(call, chunks, [], [], 0.0), 0)
        request = self.request(call, chunks)
        (result,) = self._engine.complete([request])
        answer = self._answer(result, _most(chunks))
        start, *sure = _told(result, len(answer.events))
        found, notes = self._found(call, answer, sure)
        late = STATED * start if answer.start == LATE else 1.0 - start
        return Reading(self._facts(call, chunks, found, notes, late), result.evaluated_tokens)

    def request(self, call: Call, chunks: Sequence[Chunk]) -> Request:
        """What is asked about a call that consists of these chunks."""
        lines = [
            {"turn": number, "speaker": turn.speaker, "text": turn.text}
            for number, turn in enumerate(call.turns, start=1)
        ]
        return Request(
            messages=self._template.render({**self._inputs, "lines": lines}, language=call.language),
            json_schema=self._schema(len(call.turns), _most(chunks)),
            unsure=True,
            max_tokens=TOKENS_AN_EVENT * _most(chunks),
            template=self._template.name,
        )

    def _schema(self, turns: int, most: int) -> dict[str, Any]:
        """The template's schema, with this call's turns and this policy's events."""
        schema: dict[str, Any] = copy.deepcopy(self._template.output)
        try:
            events = schema["properties"]["events"]
            named = events["items"]["properties"]
            named["turn"]["maximum"] = turns
            named["event"]["enum"] = list(self._questions)
            events["maxItems"] = most
        except (LookupError, TypeError):
            message = "its output needs a list `events` of objects with turn, quote and event, as version 1 has it"
            raise PromptError(message, place=self._template.name) from None
        return schema

    def _answer(self, result: Result, most: int) -> _Answer:
        """What the model said; refused where it is no such answer, or names more than was asked or a call has."""
        try:
            answer = _Answer.model_validate(json.loads(result.text))
        except (ValidationError, ValueError, RecursionError):
            answer = None
        if answer is None or any(named.event not in self._questions for named in answer.events):
            raise EngineError("the model's answer does not fit the schema of its template")
        if len(answer.events) >= most:
            message = f"the model named {most} events or more, which a call of this length cannot have"
            raise EngineError(f"{message}: its answer cannot be relied on")
        return answer

    def _found(self, call: Call, answer: _Answer, sure: Sequence[float]) -> tuple[list[Answer], list[NoteCode]]:
        """The events that stand in the call, and why others are dropped."""
        found: list[Answer] = []
        notes: list[NoteCode] = []
        learned = self._calibration and self._calibration.events
        for named, probability in zip(answer.events, sure, strict=True):
            question = self._questions[named.event]
            turn = call.turn(named.turn) if 1 <= named.turn <= len(call.turns) else None
            place = None if turn is None else place_of(named.quote, turn.text)
            if turn is None or place is None:
                notes.append("quote_not_in_turn")
            elif turn.speaker not in ("unknown", *question.speakers):
                notes.append("wrong_speaker")
            elif STATED * probability < MENTIONED:
                notes.append("hardly_likely")
            else:
                speaker = question.speakers[0] if turn.speaker == "unknown" else turn.speaker
                quote = Chunk(named.turn, speaker, turn.text[slice(*place)], place[0])
                likely = STATED * probability
                if learned and question.kind:
                    likely = learned.probability(question.kind, likely)
                found.append(Answer(question, quote, likely))
        return found, notes

    def _facts(
        self, call: Call, chunks: Sequence[Chunk], found: Sequence[Answer], notes: list[NoteCode], late: float
    ) -> Facts:
        events, more = _events(call, found, self._factors)
        mentions = [
            mention for answer in found if answer.question.kind is None for mention in mentions_of(call, chunks, answer)
        ]
        return Facts(
            call_id=call.id,
            turns=len(call.turns),
            events=events,
            defects=defects_in(call, late),
            notes=tuple(dict.fromkeys([*notes, *more])),
            incidents=mentions_once(mentions),
            looked_for=tuple(question.looked_for for question in self._policy.incidents),
            asked_words=self._policy.own_words,
            calibration=self._calibration and self._calibration.risk,
            **doubts(call),
        )


def _most(chunks: Sequence[Chunk]) -> int:
    """How many events an answer about a call of these chunks may have."""
    return min(MOST, FEWEST + len(chunks) // CHUNKS_AN_EVENT)


_VALUES = {key: re.compile(rf'"{key}"\s*:\s*"([^"\\]*)"') for key in ("start", "event")}
"""Within a string a double quote has a backslash before it, so that no words of a call look like a key."""


def _told(result: Result, events: int) -> list[float]:
    """How sure the model was of how the recording starts, and of each event; 1 where the engine does not tell."""
    values = [match for key in _VALUES for match in _VALUES[key].finditer(result.text)]
    told = [result.certainty(*match.span(1)) for match in values]
    if len(told) != events + 1:
        told = [None] * (events + 1)
    return [1.0 if probability is None else probability for probability in told]


def _events(
    call: Call, found: Sequence[Answer], factors: Mapping[str, FactorRecord]
) -> tuple[tuple[Event, ...], list[NoteCode]]:
    """Those that may be, in the order in which they were said, and a note where the words of a turn cannot be one."""
    said = [digits_in(turn.text) if turn.speaker == "caller" else "" for turn in call.turns]
    events: list[tuple[int, int, int, Event]] = []
    notes: list[NoteCode] = []
    for answer in found:
        question, quote, _ = answer
        if question.kind is None:
            continue
        # A quote may leave the number out that stands beside it.
        text = quote.text if has_number(quote.text) else call.turn(quote.turn).text
        if not plausible(question, text, "", factors):
            notes.append("not_in_words")
        elif plausible(question, text, "".join(said[: quote.turn - 1]), factors):
            events.append((quote.turn, quote.begin, ORDER.index(question.kind), event_of(call, answer)))
    return once_a_turn([event for *_, event in sorted(events, key=lambda placed: placed[:3])]), notes
