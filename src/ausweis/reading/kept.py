"""Which events of a reading are kept, and in which order."""

from collections.abc import Sequence

from ausweis.facts import Event, EventKind

__all__ = ["MENTIONED", "ORDER", "once_a_turn"]

MENTIONED = 0.05
"""Events less likely than this are not kept."""

ORDER: tuple[EventKind, ...] = (
    "speaks_for_self",
    "speaks_for_other",
    "holder_joins",
    "gives",
    "pre_authenticated",
    "callback",
    "authorisation_found",
    "authorisation_missing",
    "accepts",
    "rejects",
    "reads_out",
    "discloses",
    "changes",
    "asks",
    "refuses",
)
"""Of events at one place, what is said first as a rule."""


def once_a_turn(events: Sequence[Event]) -> tuple[Event, ...]:
    """Of the same event at several places of a turn, the likeliest."""
    best: dict[tuple[int, str, str | None], Event] = {}
    for event in events:
        key = (event.turn, event.kind, event.subject)
        if key not in best or event.probability > best[key].probability:
            best[key] = event
    kept = {id(event) for event in best.values()}
    return tuple(event for event in events if id(event) in kept)
