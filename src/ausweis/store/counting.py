"""Calls counted by day, queue and team. No figure is about a team so small that it is about a person.

Nor can such a figure be had by taking those of all other teams from that of all: where the small teams of a place are
too few together, the smallest of the others is not told apart either. This is secondary suppression, a method of
statistical disclosure control (Hundepool et al., Statistical Disclosure Control, Wiley 2012).
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from ausweis.store.counted import ALL_INCIDENTS, Counted, Subject, counted_of, was_asked
from ausweis.store.filters import EVERY, CallFilter, Column
from ausweis.store.querying import conditions
from ausweis.store.rows import TEAM_AGENTS, TEAM_MINIMUM, DayCount
from ausweis.store.schema import calls

__all__ = ["Place", "Size", "count", "counted_of_row", "day_counts", "days", "queues", "teams", "told_apart"]

Place = tuple[date | None, str | None, str | None]


@dataclass
class Size:
    """How many calls a team has in one place, and of which agents."""

    calls: int = 0
    agents: set[str] = field(default_factory=set)

    @property
    def is_small(self) -> bool:
        """Whether a figure of it could be about a person."""
        return self.calls < TEAM_MINIMUM or 0 < len(self.agents) < TEAM_AGENTS

    def add(self, number: int, agents: Iterable[str]) -> None:
        """Count more of them."""
        self.calls += number
        self.agents.update(agents)


@dataclass
class _Cell:
    calls: int = 0
    needs_review: int = 0
    to_review: int = 0
    outcomes: Counter[Any] = field(default_factory=Counter)
    violations: Counter[Any] = field(default_factory=Counter)
    incidents: Counter[str] = field(default_factory=Counter)
    numbers: dict[Subject, Counted] = field(default_factory=dict)
    looked_for: dict[tuple[str, ...], Counted] = field(default_factory=dict)

    def add(self, row: Any) -> None:
        self.calls += row.number
        self.needs_review += row.number * row.needs_review
        self.to_review += row.number * row.to_review
        self.outcomes[row.outcome] += row.number
        self.violations.update(dict.fromkeys(json.loads(row.violations), row.number))
        self.incidents.update(dict.fromkeys(json.loads(row.incidents), row.number))
        numbers = counted_of_row(row)
        incidents = Counted(calls=row.number, asked=row.number) + numbers[ALL_INCIDENTS]
        self._count(numbers, {tuple(json.loads(row.looked_for or "[]")): incidents})

    def _count(self, numbers: Mapping[Subject, Counted], looked_for: Mapping[tuple[str, ...], Counted]) -> None:
        for subject, some in numbers.items():
            self.numbers[subject] = self.numbers.get(subject, Counted()) + some
        for names, some in looked_for.items():
            self.looked_for[names] = self.looked_for.get(names, Counted()) + some

    def merge(self, other: "_Cell") -> None:
        self.calls += other.calls
        self.needs_review += other.needs_review
        self.to_review += other.to_review
        for mine, theirs in (
            (self.outcomes, other.outcomes),
            (self.violations, other.violations),
            (self.incidents, other.incidents),
        ):
            mine.update(theirs)
        self._count(other.numbers, other.looked_for)

    def counted(self, place: Place) -> DayCount:
        return DayCount(
            *place,
            calls=self.calls,
            outcomes=dict(self.outcomes),
            violations=dict(self.violations),
            incidents=dict(self.incidents),
            needs_review=self.needs_review,
            to_review=self.to_review,
            numbers={subject: self._asked(subject, numbers) for subject, numbers in self.numbers.items()},
            looked_for=self.looked_for,
        )

    def _asked(self, subject: Subject, numbers: Counted) -> Counted:
        """The same with the calls, and with those of them in which it was looked for."""
        asked = sum(some.calls for names, some in self.looked_for.items() if was_asked(subject, names))
        return numbers + Counted(calls=self.calls, asked=asked)


_SAID = (
    *("outcome", "violations", "incidents", "needs_review", "to_review"),
    *("right_violations", "right_incidents", "looked_for"),
)


def counted_of_row(row: Any) -> dict[Subject, Counted]:
    """What people say of calls, a `number` of them that verdict and decision say the same of."""
    counted: dict[Subject, Counted] = {}
    for incident, verdict, right in (
        (False, row.violations, row.right_violations),
        (True, row.incidents, row.right_incidents),
    ):
        told = None if right is None else json.loads(right)
        counted |= counted_of(incident, json.loads(verdict), told, row.number)
    return counted


def day_counts(
    connection: Connection,
    first: date,
    last: date,
    *,
    filter: CallFilter = EVERY,  # noqa: A002
    by: tuple[Column, ...] = ("day", "queue", "team"),
) -> list[DayCount]:
    """Calls counted for each combination of `by` that there is, in order.

    A team with fewer than `TEAM_MINIMUM` calls or `TEAM_AGENTS` known agents in one of them is not told apart there:
    its calls count with `team` None. Where those of all such teams, and of no team, are too few together, the smallest
    other team is not told apart either; without any, they do not count at all. Where the filter names teams, calls of
    one that is not told apart do not count in that combination, whatever `by` is.
    """
    which = filter
    # Who asks for a team by a filter is told no more than who sees all teams side by side.
    apart: tuple[Column, ...] = (*by, "team") if which.teams and "team" not in by else by
    cells = _cells(connection, first, last, which, apart)
    told: dict[Place, Place | None] = {place: place for place in cells}
    if "team" in apart:
        told = told_apart(_sizes(connection, first, last, which, apart))
    merged: dict[Place, _Cell] = {}
    for place, cell in cells.items():
        into = told.get(place)
        if into is not None and (into == place or not which.teams):
            day, queue, team = into
            merged.setdefault((day, queue, team if "team" in by else None), _Cell()).merge(cell)
    return [merged[place].counted(place) for place in sorted(merged, key=_in_order)]


def count(connection: Connection, which: CallFilter = EVERY) -> int:
    """How many calls fit; of a team that is not told apart (see `day_counts`) none."""
    told = _large_enough(connection, which)
    if told is None:
        return 0
    wanted = select(func.count()).select_from(calls).where(*conditions(told, connection.dialect.name))
    return connection.execute(wanted).scalar_one()


def _large_enough(connection: Connection, which: CallFilter) -> CallFilter | None:
    """The filter with those of its teams alone that are told apart in its days and queues; None without any."""
    if not which.teams:
        return which
    span = days(connection)
    if span is None:
        return None
    of = CallFilter(queues=which.queues)
    told = told_apart(_sizes(connection, which.first or span[0], which.last or span[1], of, ("team",)))
    kept = tuple(team for team in which.teams if told.get((None, None, team)) == (None, None, team))
    return replace(which, teams=kept) if kept else None


def queues(connection: Connection) -> list[str]:
    """All queues that calls are of, by name."""
    wanted = select(calls.c.queue).where(calls.c.outcome.is_not(None), calls.c.queue.is_not(None)).distinct()
    return sorted(connection.execute(wanted).scalars())


def teams(connection: Connection) -> list[str]:
    """All teams that are told apart (see `day_counts`) in all days together, by name."""
    range_ = days(connection)
    if range_ is None:
        return []
    return [counted.team for counted in day_counts(connection, *range_, by=("team",)) if counted.team is not None]


def days(connection: Connection) -> tuple[date, date] | None:
    """The first and the last day of calls; None in an empty store."""
    wanted = select(func.min(calls.c.day), func.max(calls.c.day)).where(calls.c.outcome.is_not(None))
    first, last = connection.execute(wanted).one()
    return None if first is None else (first, last)


def _cells(
    connection: Connection, first: date, last: date, which: CallFilter, by: tuple[Column, ...]
) -> dict[Place, _Cell]:
    apart = _columns(by)
    said = [calls.c[name] for name in _SAID]
    groups = select(*apart, *said, func.count().label("number")).where(*_within(connection, first, last, which))
    cells: dict[Place, _Cell] = {}
    for row in connection.execute(groups.group_by(*apart, *said)):
        cells.setdefault(_place(row), _Cell()).add(row)
    return cells


def _sizes(
    connection: Connection, first: date, last: date, which: CallFilter, by: tuple[Column, ...]
) -> dict[Place, Size]:
    """How large all teams are, those too that the filter does not name."""
    columns = (*_columns(by), calls.c.agent)
    within = _within(connection, first, last, replace(which, teams=()))
    groups = select(*columns, func.count().label("number")).where(*within).group_by(*columns)
    sizes: dict[Place, Size] = {}
    for row in connection.execute(groups):
        sizes.setdefault(_place(row), Size()).add(row.number, () if row.agent is None else (row.agent,))
    return sizes


def _columns(by: tuple[Column, ...]) -> list[Any]:
    return [calls.c[name] for name in ("day", "queue", "team") if name in by]


def _within(connection: Connection, first: date, last: date, which: CallFilter) -> list[ColumnElement[bool]]:
    return [calls.c.day >= first, calls.c.day <= last, *conditions(which, connection.dialect.name)]


def _place(row: Any) -> Place:
    said = row._mapping
    return said.get("day"), said.get("queue"), said.get("team")


def told_apart(sizes: Mapping[Place, Size]) -> dict[Place, Place | None]:
    """Where the calls of each place are told: there, with the others of its day and queue (no team), or nowhere."""
    groups: dict[tuple[date | None, str | None], dict[str | None, Size]] = {}
    number: Counter[str | None] = Counter()
    for (day, queue, team), size in sizes.items():
        groups.setdefault((day, queue), {})[team] = size
        number[team] += size.calls
    told: dict[Place, Place | None] = {}
    for (day, queue), teams in groups.items():
        others = {team for team, size in teams.items() if team is None or size.is_small}
        large = teams.keys() - others
        are_told = others <= {None} or not _together(teams[team] for team in others).is_small
        if large and not are_told:
            # The same on all days, if it can be: else one day tells what another does not.
            others.add(min(large, key=lambda team: (number[team], team or "")))
            are_told = True
        into = (day, queue, None) if are_told else None
        told |= {(day, queue, team): into if team in others else (day, queue, team) for team in teams}
    return told


def _together(sizes: Iterable[Size]) -> Size:
    together = Size()
    for size in sizes:
        together.add(size.calls, size.agents)
    return together


def _in_order(place: Place) -> tuple[Any, ...]:
    day, queue, team = place
    # What has no name comes last.
    return day or date.min, queue is None, queue or "", team is None, team or ""
