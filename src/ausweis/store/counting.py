"""Calls counted by day, queue and team. No figure is about a team so small that it is about a person."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from ausweis.store.querying import conditions
from ausweis.store.rows import TEAM_AGENTS, TEAM_MINIMUM, CallFilter, Column, DayCount
from ausweis.store.tables import calls

__all__ = ["day_counts", "days", "queues", "teams"]

_Place = tuple[date | None, str | None, str | None]


@dataclass
class _Cell:
    calls: int = 0
    needs_review: int = 0
    flagged: int = 0
    outcomes: Counter[Any] = field(default_factory=Counter)
    violations: Counter[Any] = field(default_factory=Counter)
    incidents: Counter[str] = field(default_factory=Counter)
    agents: int = 0

    @property
    def is_small(self) -> bool:
        return self.calls < TEAM_MINIMUM or 0 < self.agents < TEAM_AGENTS

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
    within = (calls.c.day >= first, calls.c.day <= last, *conditions(which, connection.dialect.name))
    apart = [calls.c[name] for name in ("day", "queue", "team") if name in by]
    cells: dict[_Place, _Cell] = {}
    said = [calls.c[name] for name in ("outcome", "violations", "incidents", "needs_review", "flagged")]
    groups = select(*apart, *said, func.count().label("number")).where(*within).group_by(*apart, *said)
    for row in connection.execute(groups):
        cells.setdefault(_place(row), _Cell()).add(row)
    if "team" in by:
        agents = select(*apart, func.count(calls.c.agent.distinct()).label("agents")).where(*within).group_by(*apart)
        for row in connection.execute(agents):
            cells[_place(row)].agents = row.agents
    merged = _merged(cells)
    return [merged[place].counted(place) for place in sorted(merged, key=_in_order)]


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


def _place(row: Any) -> _Place:
    return getattr(row, "day", None), getattr(row, "queue", None), getattr(row, "team", None)


def _merged(cells: dict[_Place, _Cell]) -> dict[_Place, _Cell]:
    """Cells of small teams put together with those of no team."""
    merged: dict[_Place, _Cell] = {}
    for (day, queue, team), cell in cells.items():
        merged.setdefault((day, queue, None if cell.is_small else team), _Cell()).merge(cell)
    return merged


def _in_order(place: _Place) -> tuple[Any, ...]:
    day, queue, team = place
    # What has no name comes last.
    return day or date.min, queue is None, queue or "", team is None, team or ""
