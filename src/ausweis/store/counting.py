"""Calls counted by day, queue and team. No figure is about a team so small that it is about a person."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from ausweis.store.querying import conditions
from ausweis.store.rows import TEAM_AGENTS, TEAM_MINIMUM, CallFilter, Column, DayCount
from ausweis.store.tables import calls

__all__ = ["day_counts", "days", "large_enough", "queues", "teams"]

_Place = tuple[date | None, str | None, str | None]


@dataclass
class _Cell:
    calls: int = 0
    needs_review: int = 0
    flagged: int = 0
    outcomes: Counter[Any] = field(default_factory=Counter)
    violations: Counter[Any] = field(default_factory=Counter)
    incidents: Counter[str] = field(default_factory=Counter)
    agents: set[str] = field(default_factory=set)

    @property
    def is_small(self) -> bool:
        return self.calls < TEAM_MINIMUM or 0 < len(self.agents) < TEAM_AGENTS

    def add(self, row: Any) -> None:
        self.calls += row.number
        self.needs_review += row.number * row.needs_review
        self.flagged += row.number * row.flagged
        self.outcomes[row.outcome] += row.number
        self.violations.update(dict.fromkeys(json.loads(row.violations), row.number))
        self.incidents.update(dict.fromkeys(json.loads(row.incidents), row.number))

    def merge(self, other: "_Cell") -> None:
        self.calls += other.calls
        self.needs_review += other.needs_review
        self.flagged += other.flagged
        self.agents |= other.agents
        for mine, theirs in (
            (self.outcomes, other.outcomes),
            (self.violations, other.violations),
            (self.incidents, other.incidents),
        ):
            mine.update(theirs)

    def counted(self, place: _Place) -> DayCount:
        return DayCount(
            *place,
            calls=self.calls,
            outcomes=dict(self.outcomes),
            violations=dict(self.violations),
            incidents=dict(self.incidents),
            needs_review=self.needs_review,
            flagged=self.flagged,
        )


def day_counts(
    connection: Connection, first: date, last: date, which: CallFilter, by: tuple[Column, ...]
) -> list[DayCount]:
    """See `Store.day_counts`."""
    # Who asks for a team by a filter is told no more than who sees all teams side by side.
    apart: tuple[Column, ...] = (*by, "team") if which.teams and "team" not in by else by
    cells = _cells(connection, first, last, which, apart)
    merged: dict[_Place, _Cell] = {}
    if which.teams:
        for (day, queue, team), cell in cells.items():
            if not cell.is_small:
                merged.setdefault((day, queue, team if "team" in by else None), _Cell()).merge(cell)
    else:
        merged = _merged(cells)
    return [merged[place].counted(place) for place in sorted(merged, key=_in_order)]


def large_enough(connection: Connection, which: CallFilter) -> CallFilter | None:
    """The filter with those of its teams alone that are large enough within its days and queues; None without any."""
    if not which.teams:
        return which
    span = days(connection)
    if span is None:
        return None
    of = CallFilter(queues=which.queues, teams=which.teams)
    cells = _cells(connection, which.first or span[0], which.last or span[1], of, ("team",))
    kept = tuple(team for (_, _, team), cell in cells.items() if team is not None and not cell.is_small)
    return replace(which, teams=kept) if kept else None


def queues(connection: Connection) -> list[str]:
    """See `Store.queues`."""
    wanted = select(calls.c.queue).where(calls.c.outcome.is_not(None), calls.c.queue.is_not(None)).distinct()
    return sorted(connection.execute(wanted).scalars())


def teams(connection: Connection) -> list[str]:
    """See `Store.teams`."""
    range_ = days(connection)
    if range_ is None:
        return []
    return [one.team for one in day_counts(connection, *range_, CallFilter(), ("team",)) if one.team is not None]


def days(connection: Connection) -> tuple[date, date] | None:
    """See `Store.days`."""
    wanted = select(func.min(calls.c.day), func.max(calls.c.day)).where(calls.c.outcome.is_not(None))
    first, last = connection.execute(wanted).one()
    return None if first is None else (first, last)


def _cells(
    connection: Connection, first: date, last: date, which: CallFilter, by: tuple[Column, ...]
) -> dict[_Place, _Cell]:
    within = (calls.c.day >= first, calls.c.day <= last, *conditions(which, connection.dialect.name))
    apart = [calls.c[name] for name in ("day", "queue", "team") if name in by]
    cells: dict[_Place, _Cell] = {}
    said = [calls.c[name] for name in ("outcome", "violations", "incidents", "needs_review", "flagged")]
    groups = select(*apart, *said, func.count().label("number")).where(*within).group_by(*apart, *said)
    for row in connection.execute(groups):
        cells.setdefault(_place(row), _Cell()).add(row)
    if "team" in by:
        agents = select(*apart, calls.c.agent).where(*within, calls.c.agent.is_not(None)).distinct()
        for row in connection.execute(agents):
            cells[_place(row)].agents.add(row.agent)
    return cells


def _place(row: Any) -> _Place:
    return getattr(row, "day", None), getattr(row, "queue", None), getattr(row, "team", None)


def _merged(cells: dict[_Place, _Cell]) -> dict[_Place, _Cell]:
    """Cells of small teams put together with those of no team, where together they are no small team themselves."""
    merged: dict[_Place, _Cell] = {}
    small: dict[_Place, _Cell] = {}
    for (day, queue, team), cell in cells.items():
        into = small if team is not None and cell.is_small else merged
        into.setdefault((day, queue, None if into is small else team), _Cell()).merge(cell)
    for place, cell in small.items():
        if not cell.is_small:
            merged.setdefault(place, _Cell()).merge(cell)
    return merged


def _in_order(place: _Place) -> tuple[Any, ...]:
    day, queue, team = place
    # What has no name comes last.
    return day or date.min, queue is None, queue or "", team is None, team or ""
