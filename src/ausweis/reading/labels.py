"""What the labels of the templates mean: each is an event, or nothing that matters.

A label is a verb, or a verb and a subject: `gives date of birth`. How likely the verb is, whatever its subject, is
known better than the single subject: where nothing was learned of the verb itself, it is the sum over its subjects.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ausweis.errors import PromptError
from ausweis.facts import EventKind, sides_of
from ausweis.vocabulary import CATEGORIES, FACTORS, Factor, Side

__all__ = [
    "IDLE",
    "SINGLE",
    "STARTS_LATE",
    "SUBJECTS",
    "VERBS",
    "Possible",
    "factors_of",
    "meaning",
    "of_speaker",
    "possible_events",
    "speakers_of",
]

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
SECOND_SHARE = 0.5
"""Where probabilities are shares of one whole, a second one must be this likely against the first."""


class Possible(NamedTuple):
    """An event that may have happened, and how likely that is."""

    kind: EventKind
    subject: str | None
    probability: float


def meaning(label: str) -> tuple[EventKind, str | None] | None:
    """The event of a label; None for one that makes no event.

    Raises:
        PromptError: the label is none that reading knows.
    """
    if label in IDLE or label in VERBS or label == STARTS_LATE:
        return None
    if label in SINGLE:
        return SINGLE[label], None
    for verb, kind in VERBS.items():
        subject = SUBJECTS[verb].get(label.removeprefix(f"{verb} "))
        if label.startswith(f"{verb} ") and subject is not None:
            return kind, subject
    raise PromptError(f"the label {label!r} means nothing to the reader: use those of the templates that ship")


def speakers_of(label: str) -> tuple[Side, ...]:
    """Who may do what the label says; what makes no event counts as the agent's.

    Raises:
        PromptError: as `meaning`.
    """
    if label == STARTS_LATE:
        return ("agent", "caller")
    event = meaning(label)
    kind = VERBS.get(label) if event is None else event[0]
    return sides_of(kind)


def of_speaker(speaker: str, labels: Sequence[str], probabilities: Sequence[float]) -> dict[str, float]:
    """Of the probabilities of all labels those of the ones that a line of this speaker may have."""
    answers = zip(labels, probabilities, strict=True)
    return {label: float(probability) for label, probability in answers if speaker in speakers_of(label)}


def factors_of(labels: Iterable[str]) -> frozenset[Factor]:
    """The factors that these labels can tell to be given, or to have been verified otherwise."""
    events = [event for event in map(meaning, labels) if event is not None]
    given = {subject for kind, subject in events if kind == "gives"}
    kinds: set[str] = {kind for kind, _ in events}
    return frozenset(factor for factor, record in FACTORS.items() if factor in (given if record.looks_like else kinds))


def possible_events(answer: Mapping[str, float], *, exclusive: bool) -> list[Possible]:
    """The events behind the probabilities of one answer, the likeliest first.

    `exclusive`: the probabilities share out one whole (a closed list of answers), so that two things said in one turn
    take from each other; otherwise each label has a probability of its own (a probe).
    """
    events: list[Possible] = []
    groups: dict[EventKind, dict[str, float]] = {}
    for label, probability in answer.items():
        event = meaning(label)
        if event is None:
            continue
        kind, subject = event
        if subject is None:
            events.append(Possible(kind, None, probability))
        else:
            groups.setdefault(kind, {})[subject] = probability
    verbs = {kind: verb for verb, kind in VERBS.items()}
    for kind, subjects in groups.items():
        total = sum(subjects.values())
        whole = answer.get(verbs[kind], min(1.0, total))
        events += _subjects(kind, subjects, whole, exclusive=exclusive)
    events.sort(key=lambda possible: -possible.probability)
    return events


def _subjects(kind: EventKind, subjects: Mapping[str, float], whole: float, *, exclusive: bool) -> list[Possible]:
    """The likeliest subject takes the verb's probability, unless it has little of it; others need some."""
    ranked = sorted(subjects.items(), key=lambda item: (-item[1], item[0]))
    (first, strength), *others = ranked
    another = not exclusive and strength < LEAST_SHARE * whole
    events = [Possible(kind, first, whole if exclusive else strength if another else max(whole, strength))]
    bar = SECOND_SHARE * strength if exclusive else SECOND
    for subject, probability in others:
        if probability < bar:
            break
        events.append(Possible(kind, subject, whole if exclusive else min(probability, whole)))
    return events
