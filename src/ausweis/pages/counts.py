"""Calls of days counted: trends, and what differs from the days before beyond chance."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from ausweis.store import ALL_VIOLATIONS, TEAM_MINIMUM, CallFilter, Column, Counted, DayCount, Store, Subject, was_asked


class Trend:
    """A queue or team (empty: those that are not told apart, or all calls) over the days from `first` to `last`.

    `days`: each of them once; `known`: those with calls; `total`: all together.
    """

    def __init__(self, name: str, counted: Mapping[date, Counted], first: date, last: date) -> None:
        days = (first + timedelta(days=place) for place in range((last - first).days + 1))
        self.name, self.days = name, {day: counted.get(day, Counted()) for day in days}
        self.known = {day: one for day, one in self.days.items() if one.asked}
        self.total = sum(self.days.values(), Counted())

    @property
    def change(self) -> float | None:
        """The share of the later half of the days less that of the earlier half; None where either has no calls."""
        days, middle = list(self.days.values()), len(self.days) // 2
        earlier, later = (sum(half, Counted()).share for half in (days[:middle], days[middle:]))
        return None if earlier is None or later is None else later - earlier


def trends(
    counts: Iterable[DayCount], first: date, last: date, by: Literal["queue", "team"] | None = None
) -> list[Trend]:
    """Violations of days as one trend a name, those with the most calls first; calls without a name come last."""
    table: dict[str, dict[date, Counted]] = defaultdict(dict)
    for count in counts:
        if count.day is not None:
            row = table[(getattr(count, by) or "") if by else ""]
            row[count.day] = row.get(count.day, Counted()) + count.numbers[ALL_VIOLATIONS]
    lines = [Trend(name, row, first, last) for name, row in table.items()]
    return sorted((one for one in lines if one.known), key=lambda one: (not one.name, -one.total.asked, one.name))


_STEPS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


def scale_of(lines: Iterable[Trend]) -> float:
    """The scale that holds all lines: a round share. Days of very few calls, whose shares leap, do not count."""
    days = (one for line in lines for one in line.known.values() if one.asked >= TEAM_MINIMUM)
    top = max((one.share or 0.0 for one in days), default=0.0)
    return next(step for step in _STEPS if top <= step)


NOTABLE = 0.05
"""A difference that chance brings at most this often is shown as a change."""
LISTED = 0.01
"""One that chance brings at most this often is in the list of changes: many shares are compared."""
MOST_LISTED = 6
FEWEST = 3
"""A change of fewer calls than these is not listed."""
_VIOLATION, _INCIDENT = "violation", "incident"
_ROUNDING = 1e-7
"""So much apart, two probabilities are still one: they are sums of logarithms."""


@dataclass
class CallTally:
    """Calls counted: how many have what. `parts` are words such as `violation`, `incident:rude_agent`.

    `days`: on how many there were calls. `people`: what people say of a part. `looked_for`: by the incidents that calls
    were read for, those with any; None: all were read for all. `alike`: calls that count for incidents as a whole.
    """

    calls: int = 0
    days: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    people: dict[str, Counted] = field(default_factory=dict)
    looked_for: dict[tuple[str, ...], Counted] | None = None
    alike: int | None = None

    def of(self, part: str) -> int:
        """The calls that the part was counted in: of an incident, those that were read for it."""
        kind, _, name = part.partition(":")
        if kind != _INCIDENT or self.looked_for is None:
            return self.calls
        if not name and self.alike is not None:
            return self.alike
        subject = Subject(incident=True, name=name or None)
        return sum(some.calls for names, some in self.looked_for.items() if was_asked(subject, names))

    def share(self, part: str) -> float | None:
        """Which share of these calls has it; None without calls."""
        return self.parts.get(part, 0) / self.of(part) if self.of(part) else None

    def as_read(self, other: "CallTally") -> "CallTally":
        """The same, but incidents as a whole are those of calls that were read for all that the other's were."""
        if self.looked_for is None or other.looked_for is None:
            return self
        wanted = {name for names in other.looked_for for name in names}
        groups = [some for names, some in self.looked_for.items() if wanted and wanted <= {*names}]
        having = sum(some.reported for some in groups)
        return replace(self, parts=self.parts | {_INCIDENT: having}, alike=sum(some.calls for some in groups))


@dataclass(frozen=True)
class Figure:
    """One number of today: how many calls of `calls`, and which share of the calls of the days before (None: no such).

    `calls` is 0 where nobody looked for it. `people`: what they say of it, where it is something that was found. For
    `calls` itself, `usual` is the mean of the days before. `chance`: how often chance alone brings such a difference.
    """

    name: str
    count: int
    calls: int
    usual: float | None
    chance: float = 1.0
    people: Counted | None = None

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
class ShareChange:
    """A share that is not what it was. `where`: `queue` or `team` with its name; None for all calls."""

    where: tuple[str, str] | None
    figure: Figure


def tally(counts: Iterable[DayCount], *, days: int = 0) -> CallTally:
    """All of these put together."""
    total = CallTally(days=days, looked_for={})
    for group in counts:
        total.calls += group.calls
        more = {
            "violation": group.outcomes.get("violation", 0),
            "inconclusive": group.outcomes.get("inconclusive", 0),
            "needs_review": group.needs_review,
            "to_review": group.to_review,
        }
        for subject, some in group.numbers.items():
            part = _INCIDENT if subject.incident else _VIOLATION
            part += f":{subject.name}" if subject.name else ""
            total.people[part] = total.people.get(part, Counted()) + some
            more[part] = some.reported
        for name, count in more.items():
            total.parts[name] = total.parts.get(name, 0) + count
        for names, some in group.looked_for.items():
            total.looked_for = (total.looked_for or {}) | {names: (total.looked_for or {}).get(names, Counted()) + some}
    return total


def figures(now: CallTally, before: CallTally, names: Sequence[str]) -> list[Figure]:
    """The figures of these names, the number of calls first."""
    mean = before.calls / before.days if before.days else None
    return [
        Figure("calls", now.calls, now.calls, mean * max(1, now.days) if mean is not None else None),
        *(_figure(name, now, before) for name in names),
    ]


def changes(places: Mapping[tuple[str, str] | None, tuple[CallTally, CallTally]]) -> list[ShareChange]:
    """What differs beyond chance, the clearest first. `places`: counts now and before, by queue or team; None: all."""
    listed = []
    for where, (now, before) in places.items():
        for name in sorted({*now.parts, *before.parts} - {"to_review"}):
            if where is not None and name not in ("violation", "needs_review"):
                continue
            figure = _figure(name, now, before)
            expected = (figure.usual or 0) * now.of(name)
            if figure.turn and figure.chance <= LISTED and abs(figure.count - expected) >= FEWEST:
                listed.append(ShareChange(where, figure))
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


def _figure(name: str, now: CallTally, before: CallTally) -> Figure:
    count, calls = now.parts.get(name, 0), now.of(name)
    chance = chance_of(count, calls, before.parts.get(name, 0), before.of(name))
    people = now.people.get(name, Counted()) if name.partition(":")[0] in (_VIOLATION, _INCIDENT) else None
    return Figure(name, count, calls, before.share(name) if calls else None, chance, people)


Group = tuple[str, str] | None
"""`queue` or `team` with its name; None: all calls."""


def tallies(
    store: Store, which: CallFilter, start: date, first: date, last: date
) -> Mapping[Group, tuple[CallTally, CallTally]]:
    """Counts from `first` to `last`, and of the days from `start` on before; of each queue and team if of several.

    Each is of all its days at once: on a single day, a team may be too small to be counted.
    """
    yesterday = first - timedelta(days=1)
    now, before = _all(store, which, first, last), _all(store, which, start, yesterday)
    counted: dict[Group, tuple[CallTally, CallTally]] = {None: (now, before.as_read(now))}
    places: tuple[Column, ...] = ("queue", "team")
    for by in places:
        here = _by(store.day_counts(first, last, filter=which, by=(by,)), by)
        there = _by(store.day_counts(start, yesterday, filter=which, by=(by,)), by)
        names = sorted({*here, *there})
        for name in names if len(names) > 1 else ():
            counted[by, name] = here.get(name, CallTally()), there.get(name, CallTally())
    return counted


def _all(store: Store, which: CallFilter, first: date, last: date) -> CallTally:
    """All calls of these days. Of teams that are asked for, those that are too small in these days count nowhere."""
    within = replace(which, first=first, last=last)
    counted = tally(store.day_counts(first, last, filter=which, by=()))
    if which.teams and counted.calls:
        counted.days = len({row.day for row in store.calls(within)})
    elif counted.calls:
        counted.days = len(store.day_counts(first, last, filter=which, by=("day",)))
    return counted


def _by(counts: list[DayCount], by: Column) -> dict[str, CallTally]:
    named = ((count.queue if by == "queue" else count.team, count) for count in counts)
    return {name: tally([count]) for name, count in named if name is not None}
