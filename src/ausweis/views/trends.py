"""Shares of calls by day, reported and confirmed, as pages draw them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from ausweis.store import ALL_VIOLATIONS, TEAM_MINIMUM, Counted, DayCount

__all__ = ["Day", "Trend", "highest", "trend_of", "trends"]


@dataclass(frozen=True)
class Day:
    """One day: calls, those of them that were reported, and those of these that people confirmed."""

    day: date
    calls: int = 0
    reported: int = 0
    confirmed: int = 0

    @property
    def share(self) -> float | None:
        """Reported ones of all calls; None on a day without calls."""
        return self.reported / self.calls if self.calls else None

    @property
    def confirmed_share(self) -> float | None:
        """Confirmed ones of all calls; None on a day without calls."""
        return self.confirmed / self.calls if self.calls else None


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
    def reported(self) -> int:
        """Those that were reported."""
        return sum(day.reported for day in self.days)

    @property
    def confirmed(self) -> int:
        """Those that people confirmed."""
        return sum(day.confirmed for day in self.days)

    @property
    def share(self) -> float | None:
        """Reported ones of all calls."""
        return self.reported / self.calls if self.calls else None

    @property
    def confirmed_share(self) -> float | None:
        """Confirmed ones of all calls."""
        return self.confirmed / self.calls if self.calls else None

    @property
    def change(self) -> float | None:
        """The share of the later half of the days less that of the earlier half; None where either has no calls."""
        middle = len(self.days) // 2
        earlier, later = Trend("", self.days[:middle]).share, Trend("", self.days[middle:]).share
        return None if earlier is None or later is None else later - earlier


def trend_of(name: str, counted: Mapping[date, Counted], first: date, last: date) -> Trend:
    """The trend of what was counted, each day once."""
    days = (first + timedelta(days=place) for place in range((last - first).days + 1))
    numbers = ((day, counted.get(day, Counted())) for day in days)
    return Trend(name, [Day(day, one.asked, one.reported, one.confirmed) for day, one in numbers])


def trends(
    counts: Iterable[DayCount], first: date, last: date, by: Literal["queue", "team"] | None = None
) -> list[Trend]:
    """Violations of days as one trend a name, those with the most calls first; calls without a name come last."""
    table: dict[str, dict[date, Counted]] = defaultdict(dict)
    for count in counts:
        if count.day is not None:
            row = table[(getattr(count, by) or "") if by else ""]
            row[count.day] = row.get(count.day, Counted()) + count.numbers[ALL_VIOLATIONS]
    lines = [trend_of(name, row, first, last) for name, row in table.items()]
    return sorted((line for line in lines if line.calls), key=lambda line: (not line.name, -line.calls, line.name))


def highest(lines: Iterable[Trend]) -> float:
    """The highest share of a day. Days of very few calls, whose shares leap, do not count."""
    days = (day for line in lines for day in line.days if day.calls >= TEAM_MINIMUM)
    return max((day.share or 0.0 for day in days), default=0.0)
