"""What a line of a call is asked for, how likely it is that, and the facts that a reader makes of it.

A `Question` asks for an event of authentication or for a critical incident; what is known and what a policy describes
are asked alike. Templates and what was learned name it by a label: a verb, or a verb and a subject, such as `gives date
of birth`. How likely the verb is, whatever its subject, is known better than the single subject: where nothing was
learned of the verb itself, it is the sum over its subjects.

Labels of a policy's own words have `own` behind the verb, as no known label has: without it, a change that a policy
calls `contract` would be `changes contract`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from difflib import get_close_matches
from typing import NamedTuple, Protocol

from ausweis.calls.call import Call
from ausweis.engines.learned_index import ReaderCalibration
from ausweis.errors import PromptError
from ausweis.facts import Event, EventKind, Facts, OneSided, sides_of
from ausweis.provenance import PromptProvenance
from ausweis.reading.chunks import Chunk
from ausweis.vocabulary import CATEGORIES, FACTORS, INCIDENTS, Factor, IncidentId, OwnKind, OwnWord, Side

IDLE = frozenset({"nothing", "explains", "agrees", "does not know", "new value"})
"""Labels that make no event."""

STARTS_LATE = "starts late"
"""What a probe may tell of the first line, whoever says it: the recording sets in when the call is under way."""

SINGLE: dict[str, EventKind] = {
    "accepts": "accepts",
    "rejects": "rejects",
    "authenticated": "pre_authenticated",
    "calls back": "callback",
    "authorised": "authorisation_found",
    "not authorised": "authorisation_missing",
    "refuses": "refuses",
    "for another": "speaks_for_other",
    "holder": "holder_joins",
}
VERBS: dict[str, EventKind] = {
    "asks": "asks",
    "reads out": "reads_out",
    "tells": "discloses",
    "changes": "changes",
    "gives": "gives",
}
"""Verbs that have a subject."""

SUBJECTS: dict[str, dict[str, str]] = {
    verb: {record.label: record.id for record in FACTORS.values()} for verb in ("asks", "reads out", "gives")
}
for verb, kind in (("tells", "disclosure"), ("changes", "change")):
    SUBJECTS[verb] = {record.label: record.id for record in CATEGORIES.values() if record.kind == kind}

SECOND = 0.05
"""A second subject in one turn must be this likely, where each label has a probability of its own."""
LEAST_SHARE = 0.25
"""The likeliest subject must have this much of its verb's probability; otherwise the verb is about another subject, one
that was not learned, and nothing is said of the likeliest one but its own probability."""
LEAST_SHARE_OF_CHANGE = 0.1
"""The same of changes: their kinds leave out none, so that a certain change is one of the known ones."""
SECOND_SHARE = 0.5
"""Where probabilities are shares of one whole, a second one must be this likely against the first."""
MENTIONED = 0.05
"""Events and incidents less likely than this are not kept."""

ANSWERED: Mapping[str, str] = {"gives": "answered gives", "changes": "answered changes"}
"""The verbs that a question after the transcript asks for, and what labels call the lines that answer it.

Data told are not found better by a question.
"""
VERBS_OF: Mapping[OwnKind, tuple[str, ...]] = {
    "factor": ("asks", "gives", "reads out"),
    "disclosure": ("tells",),
    "change": ("changes",),
}
"""What may be done with an own word."""
_VERB_OF = {kind: verb for verb, kind in (*SINGLE.items(), *VERBS.items())}


@dataclass(frozen=True, slots=True)
class Question:
    """What a line may be: an event (`kind`), or a critical incident, known (`incident`) or described by the policy."""

    kind: EventKind | None = None
    subject: str | None = None
    """The id of the factor or category that an event is about."""
    _: KW_ONLY
    word: OwnWord | None = None
    """The subject, where it is one of the policy's own words."""
    incident: IncidentId | None = None
    description: str | None = None
    """Of an incident that the policy describes."""
    speaker: Side | None = None
    """Whose words a described incident may be in; None: both."""

    @property
    def speakers(self) -> tuple[Side, ...]:
        """Whose lines may be it."""
        if self.kind is not None:
            return sides_of(self.kind)
        side = self.speaker if self.incident is None else INCIDENTS[self.incident].speaker
        return ("agent", "caller") if side is None else (side,)

    @property
    def verb(self) -> str:
        """Of an event, what labels begin with."""
        return _VERB_OF.get(self.kind, "") if self.kind else ""

    @property
    def label(self) -> str:
        """As answers name it; events without a label are asked for by strategy `events` alone."""
        if self.word is not None:
            return f"{self.verb} {as_written(self.word)}"
        if self.kind is not None:
            return _LABELS[self]
        return f"is: {self.text}" if self.incident is None else INCIDENTS[self.incident].label

    @property
    def answered(self) -> str | None:
        """As answers name how likely the line answers the question after the transcript; None where none is asked."""
        if self.word is not None:
            return f"{ANSWERED[self.verb]} {as_written(self.word)}" if self.verb in ANSWERED else None
        return None if self.description is None else f"answered: {self.text}"

    @property
    def text(self) -> str:
        """The description that the model is asked by; of known events, whose labels say enough, none."""
        if self.word is not None:
            return f"{self.word.name}: {self.word.description}"
        return INCIDENTS[self.incident].question if self.incident is not None else str(self.description or "")

    @property
    def looked_for(self) -> str | OneSided:
        """As facts name an incident that was looked for."""
        if self.incident is not None or self.speaker is None:
            return self.incident or str(self.description)
        return OneSided(description=str(self.description), speaker=self.speaker)


class Answer(NamedTuple):
    """How likely a chunk, or a part of one, is what a question asks for."""

    question: Question
    chunk: Chunk
    probability: float


@dataclass(frozen=True, slots=True)
class PolicyText:
    """What must be known of a policy.

    `incidents`: what is looked for beyond authentication. `own_words`: the policy's own factors and categories.
    """

    incidents: tuple[Question, ...] = ()
    own_words: tuple[OwnWord, ...] = ()


_KNOWN: dict[str, Question] = {label: Question(kind) for label, kind in SINGLE.items()} | {
    f"{verb} {name}": Question(VERBS[verb], subject)
    for verb, names in SUBJECTS.items()
    for name, subject in names.items()
}
_LABELS = {question: label for label, question in _KNOWN.items()}


def meaning(label: str) -> Question | None:
    """The event of a label; None for one that makes no event.

    Raises:
        PromptError: the label is none that reading knows.
    """
    if label in IDLE or label in VERBS or label == STARTS_LATE:
        return None
    if label not in _KNOWN:
        near = get_close_matches(label, (*_KNOWN, *IDLE, *VERBS), 1, 0.75)
        hint = f"do you mean {near[0]!r}?" if near else "use those of the templates that ship"
        raise PromptError(f"the label {label!r} means nothing to the reader: {hint}")
    return _KNOWN[label]


def as_written(word: OwnWord) -> str:
    """An own word as labels write it, behind a verb."""
    return f"own {word.id}"


def own_questions(words: Sequence[OwnWord]) -> tuple[Question, ...]:
    """All that may be done with these words."""
    return tuple(Question(VERBS[verb], word.id, word=word) for word in words for verb in VERBS_OF[word.kind])


def speakers_of(label: str) -> tuple[Side, ...]:
    """Who may do what the label says; what makes no event counts as the agent's."""
    if label == STARTS_LATE:
        return ("agent", "caller")
    event = meaning(label)
    kind = VERBS.get(label) if event is None else event.kind
    return sides_of(kind)


def of_speaker(speaker: str, labels: Sequence[str], probabilities: Sequence[float]) -> dict[str, float]:
    """Of the probabilities of all labels those of the ones that a line of this speaker may have."""
    answers = zip(labels, probabilities, strict=True)
    return {label: float(probability) for label, probability in answers if speaker in speakers_of(label)}


def factors_of(labels: Iterable[str]) -> frozenset[Factor]:
    """The factors that these labels can tell to be given, or to have been verified otherwise."""
    events = [event for event in map(meaning, labels) if event is not None]
    given = {event.subject for event in events if event.kind == "gives"}
    kinds: set[str | None] = {event.kind for event in events}
    return frozenset(factor for factor, record in FACTORS.items() if factor in (given if record.looks_like else kinds))


def answers_in(
    chunk: Chunk, told: Mapping[str, float], *, exclusive: bool, own: Sequence[Question] = ()
) -> list[Answer]:
    """The known events that a line may be, the likeliest first, then those of `own` words.

    `told`: the probability of each label. `exclusive`: the probabilities share out one whole (a closed list of
    answers), so that two things said in one turn take from each other; otherwise each label has a probability of its
    own (a probe).
    """
    labels = {question.label for question in own}
    known = {label: probability for label, probability in told.items() if label not in labels}
    if own:
        # The verb's probability includes own words: it is computed anew from the known labels.
        for verb in VERBS.keys() & known.keys():
            known[verb] = max((value for label, value in known.items() if label.startswith(f"{verb} ")), default=0.0)
    events: list[Answer] = []
    verbs: dict[str, list[Answer]] = {}
    for label, probability in known.items():
        question = meaning(label)
        if question is None:
            continue
        alike = events if question.subject is None else verbs.setdefault(question.verb, [])
        alike.append(Answer(question, chunk, probability))
    for verb, answers in verbs.items():
        whole = known.get(verb, min(1.0, sum(answer.probability for answer in answers)))
        events += _of_verb(answers, whole, exclusive=exclusive)
    events.sort(key=lambda answer: -answer.probability)
    return events + [Answer(question, chunk, told[question.label]) for question in own if question.label in told]


def _of_verb(answers: Iterable[Answer], whole: float, *, exclusive: bool) -> list[Answer]:
    """The likeliest subject takes the verb's probability, unless it has little of it; others need some."""
    first, *others = sorted(answers, key=lambda answer: (-answer.probability, answer.question.subject))
    strength = first.probability
    least = LEAST_SHARE_OF_CHANGE if first.question.kind == "changes" else LEAST_SHARE
    another = not exclusive and strength < least * whole
    events = [first._replace(probability=whole if exclusive else strength if another else max(whole, strength))]
    bar = SECOND_SHARE * strength if exclusive else SECOND
    events += [
        answer._replace(probability=whole if exclusive else min(answer.probability, whole))
        for answer in others
        if answer.probability >= bar
    ]
    return events


# fmt: off
ORDER: tuple[EventKind, ...] = (
    "speaks_for_self", "speaks_for_other", "holder_joins", "gives", "pre_authenticated", "callback",
    "authorisation_found", "authorisation_missing", "accepts", "rejects", "reads_out", "discloses", "changes",
    "asks", "refuses",
)
# fmt: on
"""Of events at one place, what is said first as a rule."""


def event_of(call: Call, answer: Answer) -> Event:
    """As facts say it."""
    question, chunk, probability = answer
    what = {"kind": question.kind, "subject": question.subject, "probability": round(probability, 4)}
    return Event.model_validate({**what, **chunk.place(call)})


def once_a_turn(events: Sequence[Event]) -> tuple[Event, ...]:
    """Of the same event at several places of a turn, the likeliest."""
    best: dict[tuple[int, str, str | None], Event] = {}
    for event in events:
        key = (event.turn, event.kind, event.subject)
        if key not in best or event.probability > best[key].probability:
            best[key] = event
    kept = {id(event) for event in best.values()}
    return tuple(event for event in events if id(event) in kept)


class Reading(NamedTuple):
    """The facts of one call, and how many tokens the model computed for them."""

    facts: Facts
    tokens: int


class Reader(Protocol):
    """Reads calls with an engine. The same call gives the same facts, whatever was read before it.

    Raises (from `read`):
        EngineError: the model gave no usable answer for this call; other calls may still be read.
    """

    @property
    def strategy(self) -> str:
        """Its name, one of `STRATEGIES`."""
        ...

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """The templates that it asks with, in fixed order."""
        ...

    @property
    def factors(self) -> frozenset[str]:
        """The factors that it can tell, own ones among them where it looks for these."""
        ...

    def read(self, call: Call) -> Reading:
        """Read one call."""
        ...


def prompts_of(calibration: ReaderCalibration | None) -> tuple[PromptProvenance, ...]:
    """How a reader's `prompts` name its calibration."""
    return () if calibration is None or calibration.provenance is None else (calibration.provenance,)
