"""Calls counted by what people say of what was reported: reported, confirmed, overruled, open; by day, queue and team.

One walk through the calls of the days tells it all. No figure is about a small team (`counting`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from ausweis.store.counted import ALL_INCIDENTS, ALL_VIOLATIONS, Counted, Subject
from ausweis.store.counting import Place, Size, counted_of_row, told_apart
from ausweis.store.filters import EVERY, CallFilter
from ausweis.store.querying import conditions
from ausweis.store.schema import calls
from ausweis.store.subjects import found, looked, reported

__all__ = ["Figures", "Series", "counted_by_name", "figures"]


class Series(NamedTuple):
    """Calls of a place over the days: all of them, and those of each day on which there were any."""

    total: Counted
    days: Mapping[date, Counted]


class Figures(NamedTuple):
    """Calls of all places, then by queue and team; None: of no queue, of teams that are not told apart."""

    every: Series
    queues: Mapping[str | None, Series]
    teams: Mapping[str | None, Series]


def figures(
    connection: Connection,
    first: date,
    last: date,
    subject: Subject = ALL_VIOLATIONS,
    *,
    filter: CallFilter = EVERY,  # noqa: A002
) -> Figures:
    """The figures of these days, for violations or incidents, or one type or kind of them."""
    within = _within(connection, first, last, filter)
    place = [calls.c[name] for name in ("day", "queue", "team")]
    wanted = select(*place, *_sums(subject)).where(*within).group_by(*place)
    rows = [_Row(row.day, row.queue, row.team, Counted(*row[len(place) :])) for row in connection.execute(wanted)]
    agents = select(calls.c.day, calls.c.team, calls.c.agent).where(*within, calls.c.agent.is_not(None)).distinct()
    by_queue: dict[str | None, list[_Row]] = {}
    for row in rows:
        by_queue.setdefault(row.queue, []).append(row)
    return Figures(
        _series(rows),
        {queue: _series(some) for queue, some in by_queue.items()},
        _teams(rows, connection.execute(agents).all()),
    )


def counted_by_name(
    connection: Connection,
    first: date,
    last: date,
    *,
    filter: CallFilter = EVERY,  # noqa: A002
) -> dict[Subject, Counted]:
    """The figures of each type and kind that was reported, or that people found."""
    said = [calls.c[name] for name in ("violations", "right_violations", "incidents", "right_incidents")]
    something = or_(reported(ALL_VIOLATIONS), reported(ALL_INCIDENTS), calls.c.right_outcome.is_not(None))
    wanted = select(*said, func.count().label("number")).where(*_within(connection, first, last, filter), something)
    counted: dict[Subject, Counted] = {}
    for row in connection.execute(wanted.group_by(*said)):
        for subject, numbers in counted_of_row(row).items():
            counted[subject] = counted.get(subject, Counted()) + numbers
    return {subject: numbers for subject, numbers in counted.items() if subject.name is not None}


class _Row(NamedTuple):
    day: date
    queue: str | None
    team: str | None
    numbers: Counted


def _sums(subject: Subject) -> list[ColumnElement[Any]]:
    """The fields of `Counted`, in their order."""
    which = (
        looked(subject),
        reported(subject),
        found(subject, "confirmed"),
        found(subject, "overruled"),
        found(subject, "added"),
    )
    return [func.count(), *(func.sum(case((condition, 1), else_=0)) for condition in which)]


def _series(rows: Iterable[_Row]) -> Series:
    days: dict[date, Counted] = {}
    for row in rows:
        days[row.day] = days.get(row.day, Counted()) + row.numbers
    return Series(_all(days.values()), days)


def _teams(rows: Sequence[_Row], agents: Sequence[Any]) -> dict[str | None, Series]:
    """Each team in all days together, and on those on which it is told apart."""
    total = _told(rows, agents, by_day=False)
    by_day = _told(rows, agents, by_day=True)
    days: dict[str | None, dict[date, Counted]] = {}
    for (day, _, team), numbers in by_day.items():
        if day is not None:
            days.setdefault(team, {})[day] = numbers
    return {team: Series(numbers, days.get(team, {})) for (_, _, team), numbers in total.items()}


def _told(rows: Iterable[_Row], agents: Iterable[Any], *, by_day: bool) -> dict[Place, Counted]:
    sizes: dict[Place, Size] = {}
    numbers: dict[Place, Counted] = {}
    for row in rows:
        place: Place = (row.day if by_day else None, None, row.team)
        sizes.setdefault(place, Size()).add(row.numbers.calls, ())
        numbers[place] = numbers.get(place, Counted()) + row.numbers
    for one in agents:
        sizes[one.day if by_day else None, None, one.team].add(0, (one.agent,))
    told: dict[Place, Counted] = {}
    for place, into in told_apart(sizes).items():
        if into is not None:
            told[into] = told.get(into, Counted()) + numbers[place]
    return told


def _all(some: Iterable[Counted]) -> Counted:
    return reduce(Counted.__add__, some, Counted())


def _within(connection: Connection, first: date, last: date, which: CallFilter) -> list[ColumnElement[bool]]:
    return [calls.c.day >= first, calls.c.day <= last, *conditions(which, connection.dialect.name)]
