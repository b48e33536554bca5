"""Counts of the review's days against the days before, and what of it changed beyond chance."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ausweis.store import DayCount

__all__ = ["Change", "Figure", "Tally", "changes", "figures", "tally"]

NOTABLE = 1.96
"""So many standard errors between two shares are shown as a change (5 % by chance)."""
LISTED = 2.6
"""So many put it into the list of changes (1 % by chance: many shares are compared)."""
MOST_LISTED = 6
FEWEST = 3
"""A change of fewer calls than these is not listed."""


@dataclass
class Tally:
    """Calls counted: how many have what. `parts` are words such as `violation`, `incident:rude_agent`."""

    calls: int = 0
    days: int = 0
    parts: dict[str, int] = field(default_factory=dict)

    def share(self, part: str) -> float | None:
        """Which share of the calls has it; None without calls."""
        return self.parts.get(part, 0) / self.calls if self.calls else None


@dataclass(frozen=True)
class Figure:
    """One number of today: how many calls of `calls`, and which share of the calls of the days before (None: no such).

    For `calls` itself, `usual` is the mean of the days before. `turn`: 1 notably more, -1 notably fewer, 0 as usual.
    """

    name: str
    count: int
    calls: int
    usual: float | None
    turn: int = 0

    @property
    def share(self) -> float:
        """Of the calls; 0 without calls."""
        return self.count / self.calls if self.calls else 0.0


@dataclass(frozen=True)
class Change:
    """A share that is not what it was. `where`: `queue` or `team` with its name; empty for all calls."""

    where: tuple[str, str] | None
    figure: Figure
    strength: float


def tally(counts: Iterable[DayCount]) -> Tally:
    """All of these put together."""
    found = Tally()
    days = set()
    for one in counts:
        found.calls += one.calls
        days.add(one.day)
        more = {
            "violation": one.outcomes.get("violation", 0),
            "inconclusive": one.outcomes.get("inconclusive", 0),
            "needs_review": one.needs_review,
            "flagged": one.flagged,
            **{f"violation:{name}": count for name, count in one.violations.items()},
            **{f"incident:{name}": count for name, count in one.incidents.items()},
        }
        for name, count in more.items():
            found.parts[name] = found.parts.get(name, 0) + count
    found.days = len(days)
    return found


def figures(now: Tally, before: Tally, names: Sequence[str]) -> list[Figure]:
    """The figures of these names, the number of calls first."""
    mean = before.calls / before.days if before.days else None
    return [
        Figure("calls", now.calls, now.calls, mean * max(1, now.days) if mean is not None else None),
        *(_figure(name, now, before) for name in names),
    ]


def changes(places: Mapping[tuple[str, str] | None, tuple[Tally, Tally]]) -> list[Change]:
    """What differs beyond chance, the clearest first. `places`: counts now and before, by queue or team; None: all."""
    found = []
    for where, (now, before) in places.items():
        for name in sorted({*now.parts, *before.parts} - {"flagged"}):
            if where is not None and name not in ("violation", "needs_review"):
                continue
            strength = _strength(name, now, before)
            figure = _figure(name, now, before)
            expected = (figure.usual or 0) * now.calls
            if abs(strength) >= LISTED and abs(figure.count - expected) >= FEWEST:
                found.append(Change(where, figure, strength))
    return sorted(found, key=lambda one: -abs(one.strength))[:MOST_LISTED]


def _figure(name: str, now: Tally, before: Tally) -> Figure:
    strength = _strength(name, now, before)
    turn = 0 if abs(strength) < NOTABLE else 1 if strength > 0 else -1
    return Figure(name, now.parts.get(name, 0), now.calls, before.share(name), turn)


def _strength(name: str, now: Tally, before: Tally) -> float:
    """Standard errors between the two shares, by the pooled test of two proportions; 0 where nothing can be told."""
    if not now.calls or not before.calls:
        return 0.0
    one, other = now.parts.get(name, 0), before.parts.get(name, 0)
    pooled = (one + other) / (now.calls + before.calls)
    error = math.sqrt(pooled * (1 - pooled) * (1 / now.calls + 1 / before.calls))
    return (one / now.calls - other / before.calls) / error if error else 0.0
