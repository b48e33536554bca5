"""Shares of calls with a violation by day, as pages draw them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from ausweis.store import TEAM_MINIMUM, DayCount

__all__ = ["Day", "Trend", "highest", "trends"]


@dataclass(frozen=True)
class Day:
    """One day: calls, and those of them with a violation."""

    day: date
    calls: int = 0
    violations: int = 0

    @property
    def share(self) -> float | None:
        """Violations of all calls; None on a day without calls."""
        return self.violations / self.calls if self.calls else None


@dataclass(frozen=True)
class Trend:
    """A queue or team (empty: those that are not told apart, or all calls) over the days, each day once."""

    name: str
    days: Sequence[Day]

    @property
    def known(self) -> list[Day]:
        """The days on which there were calls."""
        return [day for day in self.days if day.calls]

    @property
    def calls(self) -> int:
        """All calls of the days."""
        return sum(day.calls for day in self.days)

    @property
    def violations(self) -> int:
        """Those with a violation."""
        return sum(day.violations for day in self.days)

    @property
    def share(self) -> float | None:
        """Violations of all calls."""
        return self.violations / self.calls if self.calls else None

    @property
    def change(self) -> float | None:
        """The share of the later half of the days less that of the earlier half; None where either has no calls."""
        middle = len(self.days) // 2
        earlier, later = Trend("", self.days[:middle]).share, Trend("", self.days[middle:]).share
        return None if earlier is None or later is None else later - earlier


def trends(
    counts: Iterable[DayCount], first: date, last: date, by: Literal["queue", "team"] | None = None
) -> list[Trend]:
    """Counts of days as one trend a name, those with the most calls first; calls without a name come last."""
    table: dict[str, dict[date, Day]] = defaultdict(dict)
    for count in counts:
        if count.day is not None:
            row = table[(getattr(count, by) or "") if by else ""]
            before = row.get(count.day, Day(count.day))
            violations = before.violations + count.outcomes.get("violation", 0)
            row[count.day] = Day(count.day, before.calls + count.calls, violations)
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    lines = [Trend(name, [row.get(day, Day(day)) for day in days]) for name, row in table.items()]
    return sorted((line for line in lines if line.calls), key=lambda line: (not line.name, -line.calls, line.name))


def highest(lines: Iterable[Trend]) -> float:
    """The highest share of a day. Days of very few calls, whose shares leap, do not count."""
    days = (day for line in lines for day in line.days if day.calls >= TEAM_MINIMUM)
    return max((day.share or 0.0 for day in days), default=0.0)
