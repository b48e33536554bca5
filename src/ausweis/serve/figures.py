"""Figures: how far reviewers agree, what is missed in the field, and whether things get better."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from starlette.responses import Response

from ausweis.serve.desk import RequestContext
from ausweis.serve.rendering import answer
from ausweis.store import TEAM_MINIMUM, DayCount

__all__ = ["Bar", "Trend", "figures_page", "trends"]

DAYS = 30
"""Days that a trend shows, up to the last that there are calls of."""


@dataclass(frozen=True)
class Bar:
    """One day: calls, those with a violation, and its share."""

    day: date
    calls: int
    violations: int

    @property
    def share(self) -> float | None:
        """Violations of all calls; None on a day without calls."""
        return self.violations / self.calls if self.calls else None


@dataclass(frozen=True)
class Trend:
    """A queue or team (or all calls, without a name) over the days. `top`: the share that fills the height."""

    name: str
    bars: Sequence[Bar]
    top: float

    @property
    def calls(self) -> int:
        """All calls of the days."""
        return sum(bar.calls for bar in self.bars)

    @property
    def violations(self) -> int:
        """Those with a violation."""
        return sum(bar.violations for bar in self.bars)

    @property
    def share(self) -> float | None:
        """Violations of all calls."""
        return self.violations / self.calls if self.calls else None

    @property
    def change(self) -> float | None:
        """The share of the later half of the days less that of the earlier half; None where either has no calls."""
        middle = len(self.bars) // 2
        halves = [Trend("", some, self.top).share for some in (self.bars[:middle], self.bars[middle:])]
        return halves[1] - halves[0] if halves[0] is not None and halves[1] is not None else None


def figures_page(context: RequestContext) -> Response:
    """All figures."""
    store = context.store
    days = store.days()
    found: dict[str, list[Trend]] = {"all": [], "queue": [], "team": []}
    if days is not None:
        first = max(days[0], date.fromordinal(max(1, days[1].toordinal() - DAYS + 1)))
        found["all"] = trends(store.day_counts(first, days[1], by=("day",)), first, days[1])
        found["queue"] = trends(store.day_counts(first, days[1], by=("day", "queue")), first, days[1], "queue")
        found["team"] = trends(store.day_counts(first, days[1], by=("day", "team")), first, days[1], "team")
    return answer(
        context,
        "figures.html.j2",
        here="figures",
        agreement=store.agreement(),
        recall=store.field_recall(),
        incidents=store.field_recall(of="incidents"),
        trends=found,
    )


def trends(
    counts: Iterable[DayCount], first: date, last: date, by: Literal["queue", "team"] | None = None
) -> list[Trend]:
    """Counts of days as trends, by name; calls without a name come last. All are drawn to one scale."""
    table: dict[str, dict[date, Bar]] = defaultdict(dict)
    for one in counts:
        if one.day is not None:
            row = table[(getattr(one, by) or "") if by else ""]
            before = row.get(one.day, Bar(one.day, 0, 0))
            violations = before.violations + one.outcomes.get("violation", 0)
            row[one.day] = Bar(one.day, before.calls + one.calls, violations)
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    rows = {name: [found.get(day, Bar(day, 0, 0)) for day in days] for name, found in table.items()}
    shares = [(bar.calls, bar.share or 0) for bars in rows.values() for bar in bars]
    # Days of very few calls, whose shares leap, do not stretch the scale.
    top = max((share for calls, share in shares if calls >= TEAM_MINIMUM), default=0) or 1
    return [Trend(name, rows[name], top) for name in sorted(rows, key=lambda name: (not name, name))]
