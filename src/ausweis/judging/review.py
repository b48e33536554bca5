"""Which verdicts a person should look at, and why; at which badly heard places.

Asked of each such place: would the verdict be another if what was read there had not been said, or if that had been
said which an agent had asked for? Facts are judged anew for each such change, which takes no model. Where no single
change makes a difference, all that was read at such places is left out at once: two of them may say the same.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from ausweis.facts import Event, Facts, Unsure
from ausweis.judging.evidence import EVENT_THRESHOLD, idle_kinds
from ausweis.judging.verdict import (
    BadlyHeardReason,
    ConfidenceReason,
    Evidence,
    HeardBadly,
    Incident,
    PlainReason,
    ReviewReason,
    TurnsReason,
    Violation,
    WordsReason,
)
from ausweis.vocabulary import Outcome

SURE = 0.7
"""A verdict of less confidence is looked at."""
SURE_OF_CRITICAL = 0.9
"""The same where a critical violation is claimed."""
THIN = 0.6
"""A violation that hangs on an event of less probability is looked at."""
GRAVE = ("high", "critical")
"""Incidents of these severities are looked at where they are less sure than `SURE`."""
SURE_OF_ROLES = 0.9
"""A call in which it is less sure who is the agent is looked at: swapped roles turn a verdict round."""
Events = Sequence[Event]
Judged = Callable[[Events], Hashable]
"""What a verdict says, of the facts with these events: equal where it is the same verdict."""
MOST = 5
"""So many places are named; in a call that was heard badly all over, each is one too many."""
_WORD = re.compile(r"\w+")
TURNS_TO_ANSWER = 3
"""So many turns after a question its answer may come: a caller looks for the number first, and says so."""


def review_reasons(
    facts: Facts,
    *,
    outcome: Outcome,
    confidence: float,
    violations: Sequence[Violation],
    thinnest: float,
    caller_unclear: bool,
    heard: Sequence[HeardBadly],
    incidents: Sequence[Incident],
    not_read: Sequence[str],
) -> tuple[ReviewReason, ...]:
    """All reasons; none means that a verdict on these facts needs no review.

    `thinnest` is the lowest probability among the events that the first violation rests on (1 without one);
    `caller_unclear` whether nobody says who had something done, or on whose account after another's was refused;
    `heard` the badly heard places that the verdict hangs on; `not_read` the own words of the policy that nobody looked
    for: a set with one could not be met, and an action of one not be seen.
    """
    reasons: list[ReviewReason] = []
    if not_read:
        reasons.append(WordsReason(words=tuple(not_read)))
    if confidence < SURE:
        reasons.append(ConfidenceReason(code="outcome_unsure", confidence=confidence))
    if outcome == "inconclusive":
        reasons.append(PlainReason(code="inconclusive"))
    if facts.unmeasured and outcome == "not_applicable":
        # Nothing is known of how many actions the reader misses.
        reasons.append(PlainReason(code="unmeasured_reader"))
    if violations and thinnest < THIN:
        reasons.append(TurnsReason(code="violation_unsure", turns=(violations[0].turn,)))
    if caller_unclear:
        reasons.append(PlainReason(code="caller_unclear"))
    if SURE <= confidence < SURE_OF_CRITICAL and any(violation.severity == "critical" for violation in violations):
        reasons.append(ConfidenceReason(code="critical_unsure", confidence=confidence))
    roles = facts.roles_confidence
    if roles is not None and roles < SURE_OF_ROLES:
        reasons.append(ConfidenceReason(code="roles_unsure", confidence=roles))
    if facts.unknown_speakers:
        reasons.append(TurnsReason(code="unknown_speakers", turns=facts.unknown_speakers))
    if facts.speaks_to_the_evaluator:
        reasons.append(TurnsReason(code="speaks_to_the_evaluator", turns=facts.speaks_to_the_evaluator))
    thin = [incident.turn for incident in incidents if incident.severity in GRAVE and incident.probability < SURE]
    if thin:
        reasons.append(TurnsReason(code="incident_unsure", turns=tuple(dict.fromkeys(thin))))
    if heard:
        reasons.append(BadlyHeardReason(turns=tuple(sorted({place.turn for place in heard})), heard=tuple(heard)))
    return (*reasons, *(PlainReason(code=note) for note in facts.notes))


def hung_on(facts: Facts, judged: Judged, incidents: Iterable[Evidence] = ()) -> tuple[HeardBadly, ...]:
    """The places, each with what the verdict hangs on there, and those where `incidents` are shown.

    None for facts that name no badly heard place.
    """
    if not facts.unsure:
        return ()
    quotes = [(said.turn, said.quote) for said in incidents]
    shown = [_heard_badly(place, None) for place in facts.unsure if any(_is_at(place, *quote) for quote in quotes)]
    found = _judged_anew(facts, judged)
    known = {(place.turn, place.quote) for place in found}
    return (*found, *(place for place in shown if (place.turn, place.quote) not in known))


def _judged_anew(facts: Facts, judged: Judged) -> tuple[HeardBadly, ...]:
    as_heard = judged(facts.events)
    hanging = (place for place in map(partial(_told, facts, judged, as_heard), facts.unsure) if place is not None)
    if found := tuple(islice(hanging, MOST)):
        return found
    read = [(place, event) for place in facts.unsure for event in _read_at(place, facts.events)]
    doubted = {id(event) for _, event in read}
    if len(read) < 2 or judged([event for event in facts.events if id(event) not in doubted]) == as_heard:
        return ()
    return tuple(_heard_badly(place, event) for place, event in read[:MOST])


def _told(facts: Facts, judged: Judged, as_heard: Hashable, place: Unsure) -> HeardBadly | None:
    """The place with what the verdict hangs on; None where it does not hang on it."""
    for changed, event in _changes(place, facts.events):
        if judged(changed) != as_heard:
            return _heard_badly(place, event)
    return None


def _read_at(place: Unsure, events: Events) -> list[Event]:
    """What was read at a place and can change a verdict."""
    here = [event for event in events if _is_at(place, event.turn, event.quote)]
    idle = idle_kinds(events) if here else frozenset()
    return [event for event in here if event.kind not in idle]


def _is_at(place: Unsure, turn: int, quote: str) -> bool:
    """Whether the quote of this turn holds words of the place, or is some of them."""
    if place.turn != turn or place.quote is None:
        return False
    # Whole words: "er" is no word of "Kundennummer".
    here, there = (f" {' '.join(_WORD.findall(text))} " for text in (place.quote, quote))
    return here in there or there in here


def _changes(place: Unsure, events: Events) -> Iterator[tuple[Events, Event]]:
    """What may have been otherwise at a place."""
    here = _read_at(place, events)
    for event in here:
        yield [other for other in events if other is not event], event
    if len(here) > 1:
        yield [other for other in events if other not in here], here[0]
    for event in _unheard_answers(place, events):
        yield [*events, event], event


def _unheard_answers(place: Unsure, events: Events) -> Iterator[Event]:
    """What a caller may have said at the place, since it was asked for."""
    if place.speaker == "agent":
        return
    last = place.turn - (place.quote is not None)
    given = {event.subject for event in events if event.turn == place.turn and _is_likely(event, "gives")}
    asked = [event for event in events if _is_likely(event, "asks") and 0 <= last - event.turn < TURNS_TO_ANSWER]
    for subject in dict.fromkeys(event.subject for event in asked):
        if subject not in given:
            yield Event(kind="gives", subject=subject, turn=place.turn, quote=place.quote or "")


def _is_likely(event: Event, kind: str) -> bool:
    return event.kind == kind and event.probability >= EVENT_THRESHOLD


def _heard_badly(place: Unsure, event: Event | None) -> HeardBadly:
    about = None if event is None else event.subject
    return HeardBadly(turn=place.turn, quote=place.quote, start=place.start, end=place.end, about=about)
