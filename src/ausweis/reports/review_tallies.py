"""The store's calls counted: those of the review's days, and of the days before that they are held against."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from ausweis.facts import OneSided
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
    since = _asked_since(store, which, start, first, last)
    asked = Tally() if since is None else before if since == start else _all(store, which, since, yesterday)
    counted: dict[Place, tuple[Tally, Tally]] = {None: (now, before.with_incidents_of(asked))}
    places: tuple[Column, ...] = ("queue", "team")
    for by in places:
        here = _by(store.day_counts(first, last, filter=which, by=(by,)), by)
        there = _by(store.day_counts(start, yesterday, filter=which, by=(by,)), by)
        names = sorted({*here, *there})
        for name in names if len(names) > 1 else ():
            counted[by, name] = here.get(name, Tally()), there.get(name, Tally())
    return counted


def _all(store: Store, which: CallFilter, first: date, last: date) -> Tally:
    """All calls of these days; those with any incident too, since the store counts kinds, and a call may have several.

    Of teams that are asked for, those that are too small in these days count nowhere.
    """
    within = replace(which, first=first, last=last)
    counted = tally(store.day_counts(first, last, filter=which, by=()))
    kinds = tuple(sorted(name.partition(":")[2] for name in counted.parts if name.startswith("incident:")))
    if kinds:
        counted.parts["incident"] = min(counted.calls, store.count(replace(within, incidents=kinds)))
    if which.teams and counted.calls:
        counted.days = len({row.day for row in store.calls(within)})
    elif counted.calls:
        counted.days = len(store.day_counts(first, last, filter=which, by=("day",)))
    return counted


def _by(counts: list[DayCount], by: Column) -> dict[str, Tally]:
    named = ((count.queue if by == "queue" else count.team, count) for count in counts)
    return {name: tally([count]) for name, count in named if name is not None}


def _asked_since(store: Store, which: CallFilter, start: date, first: date, last: date) -> date | None:
    """The first of the days before on which all incidents were looked for that are on the latest.

    None: on no day before, or on the latest none is looked for.
    """
    queues: dict[date, list[str | None]] = {}
    for count in store.day_counts(start, last, filter=CallFilter(queues=which.queues), by=("day", "queue")):
        if count.day is not None:
            queues.setdefault(count.day, []).append(count.queue)
    latest = max(queues, default=first)
    wanted = _looked_for(store, latest, queues.get(latest, []))
    before = [day for day in sorted(queues) if day < first] if wanted else []
    return next((day for day in before if wanted <= _looked_for(store, day, queues[day])), None)


def _looked_for(store: Store, day: date, queues: list[str | None]) -> set[str | OneSided]:
    """What one call of each queue was read for: a run has one policy, and runs are rarely of parts of a queue."""
    looked_for: set[str | OneSided] = set()
    for queue in queues:
        of = CallFilter(first=day, last=day, queues=() if queue is None else (queue,))
        for row in store.calls(of, limit=1):
            facts = store.record(row.key).facts
            looked_for.update(facts.looked_for if facts else ())
    return looked_for
