"""What the daily review is made of: the store's counts and flagged calls of some days."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ausweis.errors import InputError
from ausweis.judging.policy import Language
from ausweis.reports.review_calls import FlaggedCall, by_weight, flagged_call, found_in
from ausweis.reports.review_counts import Change, Figure, Tally, changes, figures, tally
from ausweis.reports.review_trends import Trend, trends
from ausweis.store import TEAM_AGENTS, TEAM_MINIMUM, CallFilter, CallRow, DayCount, RunRow, Store
from ausweis.vocabulary import SEVERITIES, Severity

__all__ = ["BEFORE", "FIGURES", "Review", "Wanted", "review_of"]

BEFORE = 14
"""Days that the review is compared with."""
FIGURES = ("violation", "incident", "needs_review", "inconclusive")


@dataclass(frozen=True)
class Wanted:
    """What is asked for. `full`: so many calls are shown in full, `serve`: address of `ausweis serve` for links."""

    first: date
    last: date
    language: Language = "de"
    queues: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    masked: bool = True
    agents: bool = False
    full: int = 200
    serve: str | None = None

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class SeverityRow:
    """How often a violation or incident came up, by the worst severity in each call."""

    name: str
    incident: bool
    by_severity: Mapping[Severity, int]
    figure: Figure


@dataclass(frozen=True)
class Review:
    """All that pages and tables show. `calls`: in full, worst first; `rest`: flagged calls in short."""

    wanted: Wanted
    now: Tally
    before: Tally
    figures: Sequence[Figure]
    changes: Sequence[Change]
    severities: Sequence[SeverityRow]
    calls: Sequence[FlaggedCall]
    rest: Sequence[CallRow]
    total: Trend | None
    queues: Sequence[Trend]
    teams: Sequence[Trend]
    runs: Sequence[RunRow]
    known: tuple[date, date] | None

    @property
    def flagged(self) -> int:
        """How many calls are flagged."""
        return len(self.calls) + len(self.rest)

    @property
    def keys(self) -> list[int]:
        """The store's keys of all calls that are shown."""
        return [*(one.row.key for one in self.calls), *(row.key for row in self.rest)]


def review_of(store: Store, wanted: Wanted) -> Review:
    """Read it from the store.

    Raises:
        StoreError: the store cannot be read.
        InputError: a team that is asked for is too small to be told apart.
    """
    _check_teams(store, wanted)
    which = CallFilter(queues=wanted.queues, teams=wanted.teams)
    start, yesterday = wanted.first - timedelta(days=BEFORE), wanted.first - timedelta(days=1)
    days = store.day_counts(start, wanted.last, filter=which, by=("day",))
    by_queue = store.day_counts(start, wanted.last, filter=which, by=("day", "queue"))
    by_team = store.day_counts(start, wanted.last, filter=which, by=("day", "team"))
    within = replace(which, first=wanted.first, last=wanted.last)
    rows = sorted(store.calls(replace(within, flagged=True)), key=by_weight)
    now, before = tally(_within(days, wanted.first, wanted.last)), tally(_within(days, start, yesterday))
    _count_incidents(store, replace(which, first=start, last=wanted.last), now, before, wanted.first)
    calls, severities, runs = _flagged(store, rows, wanted, now, before)
    total = trends(days, start, wanted.last, lambda _: "")
    return Review(
        wanted=wanted,
        now=now,
        before=before,
        figures=figures(now, before, FIGURES),
        changes=changes(_places(now, before, by_queue, by_team, wanted, start)),
        severities=severities,
        calls=calls,
        rest=rows[wanted.full :],
        total=total[0] if total else None,
        queues=trends(by_queue, start, wanted.last, lambda one: one.queue),
        teams=trends(by_team, start, wanted.last, lambda one: one.team),
        runs=runs,
        known=store.days(),
    )


def _check_teams(store: Store, wanted: Wanted) -> None:
    which = CallFilter(queues=wanted.queues, teams=wanted.teams)
    counts = store.day_counts(wanted.first, wanted.last, filter=which, by=("team",)) if wanted.teams else []
    small = set(wanted.teams) - {one.team for one in counts}
    if small:
        raise InputError(
            f"a team of --team has fewer than {TEAM_MINIMUM} calls or {TEAM_AGENTS} agents in these days, so figures "
            "would be about single persons; take more --days, or leave it out"
        )


def _within(counts: Sequence[DayCount], first: date, last: date) -> list[DayCount]:
    return [one for one in counts if one.day is not None and first <= one.day <= last]


def _count_incidents(store: Store, which: CallFilter, now: Tally, before: Tally, first: date) -> None:
    """Calls with any incident: the store counts kinds, of which a call may have several."""
    kinds = {name.partition(":")[2] for one in (now, before) for name in one.parts if name.startswith("incident:")}
    if kinds:
        for row in store.calls(replace(which, incidents=tuple(sorted(kinds)))):
            side = now if row.day >= first else before
            side.parts["incident"] = side.parts.get("incident", 0) + 1


def _places(
    now: Tally, before: Tally, by_queue: Sequence[DayCount], by_team: Sequence[DayCount], wanted: Wanted, start: date
) -> dict[tuple[str, str] | None, tuple[Tally, Tally]]:
    found: dict[tuple[str, str] | None, tuple[Tally, Tally]] = {None: (now, before)}
    yesterday = wanted.first - timedelta(days=1)
    for kind, counts in (("queue", by_queue), ("team", by_team)):
        names = {name for one in counts if (name := one.queue if kind == "queue" else one.team) is not None}
        for name in sorted(names) if len(names) > 1 else ():
            own = [one for one in counts if name == (one.queue if kind == "queue" else one.team)]
            found[kind, name] = tally(_within(own, wanted.first, wanted.last)), tally(_within(own, start, yesterday))
    return found


def _flagged(
    store: Store, rows: Sequence[CallRow], wanted: Wanted, now: Tally, before: Tally
) -> tuple[list[FlaggedCall], list[SeverityRow], list[RunRow]]:
    """The first calls in full; of all of them, what came up how severely, and in which runs. One record at a time."""
    calls: list[FlaggedCall] = []
    counted: dict[tuple[bool, str], Counter[Severity]] = {}
    runs: dict[int, RunRow] = {}
    for row in rows:
        record = store.record(row.key)
        runs[record.run.key] = record.run
        worst: dict[tuple[bool, str], int] = {}
        for one in found_in(record, wanted.language, masked=wanted.masked):
            key = one.incident, one.name
            worst[key] = max(worst.get(key, 0), SEVERITIES.index(one.severity))
        for key, place in worst.items():
            counted.setdefault(key, Counter())[SEVERITIES[place]] += 1
        if len(calls) < wanted.full:
            calls.append(flagged_call(record, wanted.language, masked=wanted.masked))
    severities = [
        SeverityRow(name, incident, by, _usual(name, incident, by.total(), now, before))
        for (incident, name), by in counted.items()
    ]
    severities.sort(key=lambda one: [-one.by_severity.get(name, 0) for name in reversed(SEVERITIES)])
    return calls, severities, sorted(runs.values(), key=lambda run: run.started)


def _usual(name: str, incident: bool, count: int, now: Tally, before: Tally) -> Figure:
    part = f"{'incident' if incident else 'violation'}:{name}"
    own = Tally(now.calls, now.days, {part: count})
    return figures(own, before, [part])[1]
