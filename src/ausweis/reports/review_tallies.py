"""The store's calls counted: those of the review's days, and of the days before that they are held against."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from ausweis.reports.review_counts import Tally, tally
from ausweis.store import CallFilter, Column, DayCount, Store

__all__ = ["Place", "tallies"]

Place = tuple[str, str] | None
"""`queue` or `team` with its name; None: all calls."""


def tallies(
    store: Store, which: CallFilter, start: date, first: date, last: date
) -> Mapping[Place, tuple[Tally, Tally]]:
    """Counts from `first` to `last`, and of the days from `start` on before; of each queue and team if of several.

    Each is of all its days at once: on a single day, a team may be too small to be counted.
    """
    yesterday = first - timedelta(days=1)
    now, before = _all(store, which, first, last), _all(store, which, start, yesterday)
    counted: dict[Place, tuple[Tally, Tally]] = {None: (now, before.as_read(now))}
    places: tuple[Column, ...] = ("queue", "team")
    for by in places:
        here = _by(store.day_counts(first, last, filter=which, by=(by,)), by)
        there = _by(store.day_counts(start, yesterday, filter=which, by=(by,)), by)
        names = sorted({*here, *there})
        for name in names if len(names) > 1 else ():
            counted[by, name] = here.get(name, Tally()), there.get(name, Tally())
    return counted


def _all(store: Store, which: CallFilter, first: date, last: date) -> Tally:
    """All calls of these days. Of teams that are asked for, those that are too small in these days count nowhere."""
    within = replace(which, first=first, last=last)
    counted = tally(store.day_counts(first, last, filter=which, by=()))
    if which.teams and counted.calls:
        counted.days = len({row.day for row in store.calls(within)})
    elif counted.calls:
        counted.days = len(store.day_counts(first, last, filter=which, by=("day",)))
    return counted


def _by(counts: list[DayCount], by: Column) -> dict[str, Tally]:
    named = ((count.queue if by == "queue" else count.team, count) for count in counts)
    return {name: tally([count]) for name, count in named if name is not None}
