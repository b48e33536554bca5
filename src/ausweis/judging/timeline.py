"""The order of things: the events of a call as light tuples in order of time."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ausweis.facts import Event, EventKind

__all__ = ["EVENT_THRESHOLD", "Moment", "idle_kinds", "in_order", "moments"]

EVENT_THRESHOLD = 0.5
"""Where an event must be taken as certain, it counts from this probability on."""


class Moment(NamedTuple):
    """One event without its words. `place` is its number among the events in order of time."""

    turn: int
    kind: EventKind
    subject: str | None
    place: int


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events by turn; within a turn in the order in which they were said."""
    return tuple(sorted(events, key=lambda event: event.turn))


def moments(events: Sequence[Event]) -> list[Moment]:
    """The moments of events that stand in order of time, without those that can change nothing."""
    idle = idle_kinds(events)
    return [Moment(e.turn, e.kind, e.subject, place) for place, e in enumerate(events) if e.kind not in idle]


def idle_kinds(events: Iterable[Event]) -> frozenset[EventKind]:
    """Which of them can change no verdict.

    Asking for a factor never does; accepting does only where a later rejection does not say what is wrong.
    """
    open_rejection = any(event.kind == "rejects" and event.subject is None for event in events)
    return frozenset({"asks"}) if open_rejection else frozenset({"asks", "accepts"})
