"""Calls counted by day, queue and team, and by what people say of what was reported.

No figure is about a team so small that it is about a person. Nor can such a figure be had by taking those of all other
teams from that of all: where the small teams of a place are too few together, the smallest of the others is not told
apart either. This is secondary suppression, a method of statistical disclosure control (Hundepool et al., Statistical
Disclosure Control, Wiley 2012).
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from ausweis.store.counted import ALL_INCIDENTS, ALL_VIOLATIONS, Counted, Subject, counted_of, was_asked
from ausweis.store.decisions import labels
from ausweis.store.querying import conditions, found_as, looked, reported
from ausweis.store.rows import EVERY, TEAM_AGENTS, TEAM_MINIMUM, CallFilter, Column, DayCount
from ausweis.store.schema import calls

Place = tuple[date | None, str | None, str | None]


@dataclass
class Size:
    """How many calls a team has in one place, and of which agents."""

    calls: int = 0
    agents: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, some: Collection["Size"]) -> "Size":
        """Several together."""
        return cls(sum(one.calls for one in some), set[str]().union(*(one.agents for one in some)))

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

    @classmethod
    def of(cls, row: Any) -> "_Cell":
        """The `number` of calls of a row that are counted alike."""
        numbers = counted_of(row)
        asked = Counted(calls=row.number, asked=row.number) + numbers[ALL_INCIDENTS]
        return cls(
            row.number,
            row.number * row.needs_review,
            row.number * row.to_review,
            Counter({row.outcome: row.number}),
            Counter(dict.fromkeys(json.loads(row.violations), row.number)),
            Counter(dict.fromkeys(json.loads(row.incidents), row.number)),
            numbers,
            {tuple(json.loads(row.looked_for or "[]")): asked},
        )

    def merge(self, other: "_Cell") -> None:
        self.calls += other.calls
        self.needs_review += other.needs_review
        self.to_review += other.to_review
        self.outcomes.update(other.outcomes)
        self.violations.update(other.violations)
        self.incidents.update(other.incidents)
        for subject, some in other.numbers.items():
            self.numbers[subject] = self.numbers.get(subject, Counted()) + some
        for names, some in other.looked_for.items():
            self.looked_for[names] = self.looked_for.get(names, Counted()) + some

    def counted(self, place: Place) -> DayCount:
        return DayCount(
            *place,
            calls=self.calls,
            outcomes=dict(self.outcomes),
            violations=dict(self.violations),
            incidents=dict(self.incidents),
            needs_review=self.needs_review,
            to_review=self.to_review,
            # With all calls, and those of them in which it was looked for.
            numbers={of: some + Counted(self.calls, self._asked(of)) for of, some in self.numbers.items()},
            looked_for=self.looked_for,
        )

    def _asked(self, subject: Subject) -> int:
        return sum(some.calls for names, some in self.looked_for.items() if was_asked(subject, names))


_SAID = (
    *("outcome", "violations", "incidents", "needs_review", "to_review"),
    *("right_violations", "right_incidents", "looked_for"),
)


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
    """How many calls fit; of a team that is not told apart (see `day_counts`) in their days and queues none."""
    span = days(connection) if which.teams else None
    if span is not None:
        of = CallFilter(queues=which.queues)
        told = told_apart(_sizes(connection, which.first or span[0], which.last or span[1], of, ("team",)))
        kept = tuple(team for team in which.teams if told.get((None, None, team)) == (None, None, team))
        if not kept:
            return 0
        which = replace(which, teams=kept)
    wanted = select(func.count()).select_from(calls).where(*conditions(which, connection.dialect.name))
    return connection.execute(wanted).scalar_one()


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
        cells.setdefault(_place(row), _Cell()).merge(_Cell.of(row))
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


def _within(connection: Connection, first: date, last: date, which: CallFilter = EVERY) -> list[ColumnElement[bool]]:
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
        are_told = others <= {None} or not Size.of([teams[team] for team in others]).is_small
        if large and not are_told:
            # The same on all days, if it can be: else one day tells what another does not.
            others.add(min(large, key=lambda team: (number[team], team or "")))
            are_told = True
        into = (day, queue, None) if are_told else None
        told |= {(day, queue, team): into if team in others else (day, queue, team) for team in teams}
    return told


def _in_order(place: Place) -> tuple[Any, ...]:
    day, queue, team = place
    # What has no name comes last.
    return day or date.min, queue is None, queue or "", team is None, team or ""


class Series(NamedTuple):
    """Calls of a place over the days: all of them, and the same by day; `days` is empty where no day may be told."""

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
) -> Figures:
    """The figures of these days, for violations or incidents, or one type or kind of them."""
    within = _within(connection, first, last)
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


def counted_by_name(connection: Connection, first: date, last: date) -> dict[Subject, Counted]:
    """The figures of each type and kind that was reported, or that people found, and of all of them."""
    said = [calls.c[name] for name in ("violations", "right_violations", "incidents", "right_incidents")]
    something = or_(reported(ALL_VIOLATIONS), reported(ALL_INCIDENTS), calls.c.right_outcome.is_not(None))
    wanted = select(*said, func.count().label("number")).where(*_within(connection, first, last), something)
    counted: dict[Subject, Counted] = {}
    for row in connection.execute(wanted.group_by(*said)):
        for subject, numbers in counted_of(row).items():
            counted[subject] = counted.get(subject, Counted()) + numbers
    return counted


def reasons(connection: Connection, first: date, last: date) -> Counter[str]:
    """Why findings of these days were rejected, by the decisions that hold: how many for each reason."""
    within = _within(connection, first, last)
    held = select(calls.c.key, calls.c.says).where(*within, calls.c.right_outcome.is_not(None))
    return Counter(why for label in labels(connection, held) for _, _, why in label.reasons)


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
        found_as(subject, "confirmed"),
        found_as(subject, "overruled"),
        found_as(subject, "added"),
    )
    return [func.count(), *(func.sum(case((condition, 1), else_=0)) for condition in which)]


def _series(rows: Iterable[_Row]) -> Series:
    days: dict[date, Counted] = {}
    for row in rows:
        days[row.day] = days.get(row.day, Counted()) + row.numbers
    return Series(sum(days.values(), Counted()), days)


def _teams(rows: Sequence[_Row], agents: Sequence[Any]) -> dict[str | None, Series]:
    """Each team that is told apart in all days together, with its days where each of them may be told.

    Of a row all days or none, since its total tells the one left out; those without are large enough together.
    """
    sizes: dict[str | None, dict[date, Size]] = {}
    for row in rows:
        sizes.setdefault(row.team, {}).setdefault(row.day, Size()).add(row.numbers.calls, ())
    for one in agents:
        sizes[one.team][one.day].add(0, (one.agent,))
    in_all = told_apart({(None, None, team): Size.of(days.values()) for team, days in sizes.items()})
    told = {team: into[2] for (_, _, team), into in in_all.items() if into is not None}
    series = {name: _series(row for row in rows if told.get(row.team) == name) for name in set(told.values())}

    def has_small_day(of: Collection[str | None]) -> bool:
        days: dict[date, list[Size]] = {}
        for team in (team for team, name in told.items() if name in of):
            for day, size in sizes[team].items():
                days.setdefault(day, []).append(size)
        return any(Size.of(some).is_small for some in days.values())

    without = {name for name in series if has_small_day({name})}
    while series.keys() - without and has_small_day(without):
        without.add(min(series.keys() - without, key=lambda name: (series[name].total.calls, name or "")))
    return {name: one._replace(days={}) if name in without else one for name, one in series.items()}
