"""Counts of the review's days against the days before, and what of it changed beyond chance."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ausweis.store import DayCount

__all__ = ["Change", "Figure", "Tally", "chance_of", "changes", "figures", "tally"]

NOTABLE = 0.05
"""A difference that chance brings at most this often is shown as a change."""
LISTED = 0.01
"""One that chance brings at most this often is in the list of changes: many shares are compared."""
MOST_LISTED = 6
FEWEST = 3
"""A change of fewer calls than these is not listed."""
_INCIDENT = "incident"
_ROUNDING = 1e-7
"""So much apart, two probabilities are still one: they are sums of logarithms."""


@dataclass
class Tally:
    """Calls counted: how many have what. `parts` are words such as `violation`, `incident:rude_agent`.

    `days`: on how many there were calls. `asked`: the calls that incidents were counted in; None: all.
    """

    calls: int = 0
    days: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    asked: int | None = None

    def of(self, part: str) -> int:
        """The calls that the part was counted in."""
        return self.asked if self.asked is not None and _is_incident(part) else self.calls

    def share(self, part: str) -> float | None:
        """Which share of these calls has it; None without calls."""
        return self.parts.get(part, 0) / self.of(part) if self.of(part) else None

    def with_incidents_of(self, other: "Tally") -> "Tally":
        """The same, but its incidents are those of other calls."""
        parts = {name: count for name, count in self.parts.items() if not _is_incident(name)}
        parts |= {name: count for name, count in other.parts.items() if _is_incident(name)}
        return replace(self, parts=parts, asked=other.calls)


@dataclass(frozen=True)
class Figure:
    """One number of today: how many calls of `calls`, and which share of the calls of the days before (None: no such).

    For `calls` itself, `usual` is the mean of the days before. `chance`: how often chance alone brings such a
    difference.
    """

    name: str
    count: int
    calls: int
    usual: float | None
    chance: float = 1.0

    @property
    def share(self) -> float:
        """Of the calls; 0 without calls."""
        return self.count / self.calls if self.calls else 0.0

    @property
    def turn(self) -> int:
        """1 notably more, -1 notably fewer, 0 as usual."""
        if self.usual is None or self.chance > NOTABLE:
            return 0
        return 1 if self.share > self.usual else -1


@dataclass(frozen=True)
class Change:
    """A share that is not what it was. `where`: `queue` or `team` with its name; None for all calls."""

    where: tuple[str, str] | None
    figure: Figure


def tally(counts: Iterable[DayCount], *, days: int = 0) -> Tally:
    """All of these put together."""
    total = Tally(days=days)
    for group in counts:
        total.calls += group.calls
        more = {
            "violation": group.outcomes.get("violation", 0),
            "inconclusive": group.outcomes.get("inconclusive", 0),
            "needs_review": group.needs_review,
            "to_review": group.to_review,
            **{f"violation:{name}": count for name, count in group.violations.items()},
            **{f"{_INCIDENT}:{name}": count for name, count in group.incidents.items()},
        }
        for name, count in more.items():
            total.parts[name] = total.parts.get(name, 0) + count
    return total


def figures(now: Tally, before: Tally, names: Sequence[str]) -> list[Figure]:
    """The figures of these names, the number of calls first."""
    mean = before.calls / before.days if before.days else None
    return [
        Figure("calls", now.calls, now.calls, mean * max(1, now.days) if mean is not None else None),
        *(_figure(name, now, before) for name in names),
    ]


def changes(places: Mapping[tuple[str, str] | None, tuple[Tally, Tally]]) -> list[Change]:
    """What differs beyond chance, the clearest first. `places`: counts now and before, by queue or team; None: all."""
    listed = []
    for where, (now, before) in places.items():
        for name in sorted({*now.parts, *before.parts} - {"to_review"}):
            if where is not None and name not in ("violation", "needs_review"):
                continue
            figure = _figure(name, now, before)
            expected = (figure.usual or 0) * now.calls
            if figure.turn and figure.chance <= LISTED and abs(figure.count - expected) >= FEWEST:
                listed.append(Change(where, figure))
    return sorted(listed, key=lambda change: change.figure.chance)[:MOST_LISTED]


def chance_of(now: int, calls: int, before: int, calls_before: int) -> float:
    """How often two shares of one kind of calls lie as far apart as `now / calls` and `before / calls_before`.

    Fisher's exact test, two-sided (R. A. Fisher: The Logic of Inductive Inference, J. R. Stat. Soc. 98, 1935): given
    how many of all the calls have it, so many of those of today do by chance; what is no likelier than what happened
    is summed up. 1 without calls on one side.
    """
    having, every = now + before, calls + calls_before
    possible = range(max(0, having - calls_before), min(having, calls) + 1)
    without = _ln_ways(every, calls)
    likely = {n: _ln_ways(having, n) + _ln_ways(every - having, calls - n) - without for n in possible}
    return min(1.0, math.fsum(math.exp(way) for way in likely.values() if way <= likely[now] + _ROUNDING))


def _ln_ways(of: int, chosen: int) -> float:
    """The logarithm of the number of ways to choose some of them."""
    return math.lgamma(of + 1) - math.lgamma(chosen + 1) - math.lgamma(of - chosen + 1)


def _figure(name: str, now: Tally, before: Tally) -> Figure:
    count = now.parts.get(name, 0)
    chance = chance_of(count, now.calls, before.parts.get(name, 0), before.of(name))
    return Figure(name, count, now.calls, before.share(name), chance)


def _is_incident(part: str) -> bool:
    return part.partition(":")[0] == _INCIDENT
