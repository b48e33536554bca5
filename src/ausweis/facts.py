"""Facts: what was said and done in a call, each with turn and verbatim quote. No judgement in them.

A fact is an event at a turn. Events of one turn stand in the order in which they were said. `probability` is how sure
the reader is that it happened; a reader keeps unsure events too, and judging weighs them.
"""

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ausweis.calls.text import shape
from ausweis.vocabulary import KNOWN_WORDS, IncidentId, OwnKind, OwnWord, Side, Speaker, Vocabulary, is_nothing, is_word

EventKind = Literal[
    # the caller
    "gives",  # says the value of a factor (subject: the factor)
    "speaks_for_other",  # says that the account is somebody else's, or asks about such a one by the way
    "speaks_for_self",  # comes back to the own account after that; or the agent does
    "holder_joins",  # the account holder comes to the line, or says that they are the holder
    # the agent
    "asks",  # asks for a factor (subject: the factor)
    "accepts",  # says that what the caller gave is right
    "rejects",  # says that what the caller gave is wrong (subject: the factor, where it is named)
    "pre_authenticated",  # says that the phone menu or a colleague has authenticated the caller
    "callback",  # has called, or calls, the number on file to authenticate
    "reads_out",  # tells a stored identifying value (subject: the factor)
    "discloses",  # tells data of the account (subject: the category)
    "changes",  # does or promises a change (subject: the category)
    "authorisation_found",  # finds an authorisation for the third party on file
    "authorisation_missing",  # finds none
    "refuses",  # refuses to tell or change, or offers it by post to the address on file
]
CALLER_EVENTS: frozenset[EventKind] = frozenset({"gives", "speaks_for_other", "holder_joins"})

_SUBJECTS: dict[EventKind, OwnKind] = {
    "gives": "factor",
    "asks": "factor",
    "rejects": "factor",
    "reads_out": "factor",
    "discloses": "disclosure",
    "changes": "change",
}
"""What the subject of an event is; all others have none. A rejection need not say what is wrong."""

RecordingDefect = Literal["starts_late", "breaks_off", "garbled"]

NoteCode = Literal[
    # something that the model named was dropped:
    "quote_not_in_turn",  # its quote does not stand in the turn, or is a single character
    "wrong_speaker",  # in its turn the other one speaks
    "not_in_words",  # the words of its turn cannot be it: a PIN without a number
    "hardly_likely",  # the model itself said that it is hardly likely
]


class Event(BaseModel, extra="forbid", frozen=True):
    """One thing that was said or done. `quote` stands letter for letter in the turn; times in seconds."""

    kind: EventKind
    subject: str | None = None
    turn: Annotated[int, Field(ge=1)]
    quote: str
    start: float | None = None
    end: float | None = None
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0

    def model_post_init(self, context: object, /) -> None:
        """Refuse a subject that cannot be a factor or category, as `check_subject` does."""
        check_subject(self.kind, self.subject)


def check_subject(kind: EventKind, subject: str | None) -> None:
    """Refuse a subject that cannot be a factor or category: a known word of another kind, or no word at all.

    Own words of a policy are known to the policy alone.

    Raises:
        ValueError: the event's kind wants another subject; the message does not hold it, which may be words of a call.
    """
    if subject is None:
        fits = kind not in _SUBJECTS or kind == "rejects"
    elif subject in KNOWN_WORDS.factors or subject in KNOWN_WORDS.categories:
        fits = may_be_about(kind, subject, KNOWN_WORDS)
    else:
        fits = kind in _SUBJECTS and is_word(subject)
    if not fits:
        raise ValueError(f"an event of kind {kind} cannot have the subject here ({shape(subject or '')})")


def may_be_about(kind: EventKind, subject: str, words: Vocabulary) -> bool:
    """Whether the subject is one of these words, and of the kind that the event wants."""
    wanted = _SUBJECTS.get(kind)
    if wanted == "factor":
        return subject in words.factors
    return wanted is not None and subject in words.categories and words.categories[subject].kind == wanted


def sides_of(kind: EventKind | None) -> tuple[Side, ...]:
    """Whose words an event may be in; of nothing, the agent's."""
    if kind == "speaks_for_self":
        return ("caller", "agent")
    return ("caller",) if kind in CALLER_EVENTS else ("agent",)


class Shown(BaseModel, extra="forbid", frozen=True):
    """A place that shows something said before to have been wrong."""

    turn: Annotated[int, Field(ge=1)]
    quote: str
    start: float | None = None
    end: float | None = None


class Mention(BaseModel, extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True):
    """A critical incident beyond authentication, at the turn in which it happens; `quote` stands in the turn.

    A known one (files call its id `kind`), or what a policy describes; of that, `speaker` is whose words it is in.
    `shown`: where the call shows a value to have been wrong.
    """

    id: Annotated[IncidentId | None, Field(alias="kind")] = None
    description: str | None = None
    speaker: Annotated[Side | None, Field(exclude_if=is_nothing)] = None
    turn: Annotated[int, Field(ge=1)]
    quote: str
    start: float | None = None
    end: float | None = None
    probability: Annotated[float, Field(ge=0, le=1)]
    shown: Shown | None = None

    @property
    def name(self) -> str:
        """The id or the description."""
        return self.id or str(self.description)


class OneSided(BaseModel, extra="forbid", frozen=True):
    """What a policy describes, looked for in the words of one side alone."""

    description: str
    speaker: Side


class Unsure(BaseModel, extra="forbid", frozen=True):
    """A place of a recording that was heard badly. Times in seconds.

    `quote`: words that stand in the turn, letter for letter, and may be others than were said; None where somebody
    speaks and no word was heard, after the turn began and before the next one did. `probability`: how many of the words
    are right, as the ASR model says.
    """

    turn: Annotated[int, Field(ge=1)]
    speaker: Speaker = "unknown"
    quote: str | None = None
    start: float | None = None
    end: float | None = None
    probability: Annotated[float, Field(ge=0, le=1)]


class Calibration(BaseModel, extra="forbid", frozen=True):
    """What it means, of one reader, that so much speaks for a violation: in log-odds, of the joint outcomes of a call.

    `reference`: the share of violations for which the weight of a call of usual length is taken as it is. `longer`:
    what each doubling of a call's turns adds. `surest`: where the reader was unsure of anything, no weight counts for
    more, and none for less than what this leaves to 1: no whole call is read with certainty.
    """

    reference: Annotated[float, Field(gt=0, lt=1)]
    longer: Annotated[float, Field(ge=-20, le=20)]
    surest: Annotated[float, Field(gt=0.5, le=1)]


class Facts(BaseModel, extra="forbid", frozen=True):
    """What a reader found in one call: events in order of time, and what is wrong with the recording."""

    schema_: Annotated[Literal["ausweis/facts@2"], Field(alias="schema")] = "ausweis/facts@2"
    call_id: str
    turns: Annotated[int, Field(ge=0)]
    events: tuple[Event, ...] = ()
    defects: dict[RecordingDefect, float] = Field(default_factory=dict)
    """How likely each defect of the recording is."""
    claim: None = None
    """Always null: so the lines of facts, and their hashes, are as before."""
    notes: tuple[NoteCode, ...] = ()
    """What a reviewer should know about the reading."""
    unsure: Annotated[tuple[Unsure, ...], Field(exclude_if=is_nothing)] = ()
    """Places that were heard badly, in order of time."""
    roles_confidence: Annotated[float | None, Field(ge=0, le=1, exclude_if=is_nothing)] = None
    """How sure it is who is agent and who is caller, where that was found out from the talk."""
    unknown_speakers: Annotated[tuple[int, ...], Field(exclude_if=is_nothing)] = ()
    """Turns of which nobody knows who speaks."""
    speaks_to_the_evaluator: Annotated[tuple[int, ...], Field(exclude_if=is_nothing)] = ()
    """Turns in which the agent addresses the evaluator of the recording, or denies that the call is a real call."""
    incidents: Annotated[tuple[Mention, ...], Field(exclude_if=is_nothing)] = ()
    """Critical incidents beyond authentication, where the policy asked for them."""
    looked_for: Annotated[tuple[str | OneSided, ...], Field(exclude_if=is_nothing)] = ()
    """The incidents that were looked for, each by its id or its description."""
    asked_words: Annotated[tuple[OwnWord, ...], Field(exclude_if=is_nothing)] = ()
    """Own factors and categories of a policy that were looked for."""
    unmeasured: Annotated[bool, Field(exclude_if=lambda value: not value)] = False
    """Whether no golden set says how much the reader misses."""
    calibration: Annotated[Calibration | None, Field(exclude_if=is_nothing)] = None
    """That of the reader, which verdicts rest on; None where nothing was learned of it: it is taken at its word."""
    call_sha256: Annotated[str | None, Field(exclude_if=is_nothing)] = None
    """SHA-256 of what was read (`ausweis.calls.call.call_sha256`)."""


def facts_line(facts: Facts) -> str:
    """The facts as they are kept: keys in the order of the models, floats as short as they read back the same."""
    return facts.model_dump_json(by_alias=True)


def facts_sha256(facts: Facts) -> str:
    """SHA-256 of the facts as they are kept."""
    return hashlib.sha256(facts_line(facts).encode()).hexdigest()
