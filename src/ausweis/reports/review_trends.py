"""Shares of calls with a violation by day, as lines that a page can draw and as words for those who cannot see them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from ausweis.store import TEAM_MINIMUM, DayCount

__all__ = ["Point", "Trend", "top_of", "trends"]

MOST = 9
"""Lines of each kind: those with the most calls."""
_STEPS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


@dataclass(frozen=True)
class Point:
    """One day: how many calls, and how many of them have a violation."""

    day: date
    calls: int
    violations: int

    @property
    def share(self) -> float:
        """Of the calls."""
        return self.violations / self.calls


@dataclass(frozen=True)
class Trend:
    """One queue or team (None: those that are not told apart) over the days; days without calls are left out."""

    name: str | None
    points: Sequence[Point]
    first: date
    days: int

    @property
    def calls(self) -> int:
        """In all days."""
        return sum(one.calls for one in self.points)

    def place(self, one: Point) -> float:
        """Where the point lies between the first day (0) and the last (1)."""
        return (one.day - self.first).days / max(1, self.days - 1)


def trends(counts: Iterable[DayCount], first: date, last: date, name: Callable[[DayCount], str | None]) -> list[Trend]:
    """One line a name, those with the most calls first and the unnamed last."""
    days = (last - first).days + 1
    found: dict[str | None, dict[date, Point]] = {}
    for one in counts:
        if one.day is None or not one.calls:
            continue
        line = found.setdefault(name(one), {})
        old = line.get(one.day, Point(one.day, 0, 0))
        more = one.outcomes.get("violation", 0)
        line[one.day] = Point(one.day, old.calls + one.calls, old.violations + more)
    lines = [Trend(key, [line[day] for day in sorted(line)], first, days) for key, line in found.items()]
    return sorted(lines, key=lambda one: (one.name is None, -one.calls, one.name or ""))[:MOST]


def top_of(lines: Iterable[Trend]) -> float:
    """The scale that holds all lines: a round share. Days of very few calls, whose shares leap, do not stretch it."""
    shares = (point.share for line in lines for point in line.points if point.calls >= TEAM_MINIMUM)
    highest = max(shares, default=0.0)
    return next(step for step in _STEPS if highest <= step)
