"""The daily review: the store's counts and calls to review of some days."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ausweis.errors import InputError
from ausweis.judging.harm import found_of
from ausweis.pages.counts import CallTally, Figure, ShareChange, Trend, changes, figures, tallies, trends
from ausweis.pages.findings import CallView, call_view, decided_of, holding
from ausweis.pages.words import Words
from ausweis.store import (
    TEAM_AGENTS,
    TEAM_MINIMUM,
    CallFilter,
    CallRow,
    Counted,
    DayCount,
    Objection,
    ObjectionCounts,
    RunRow,
    Store,
    count_objections,
)
from ausweis.vocabulary import SEVERITIES, Language, Severity


@dataclass(frozen=True)
class Since:
    """What is new. `kinds`: types of violation and kinds of incident that the day before had none of.

    `waiting`: calls to review of so many days before that nobody has decided on; `raised`, `ruled`: objections since.
    """

    day: date
    kinds: tuple[str, ...]
    waiting: int
    raised: int
    ruled: int


def since(
    store: Store, which: CallFilter, first: date, last: date, objections: Iterable[Objection], *, before: int
) -> Since:
    """What is new on these days, in the calls that are asked for; `before`: how far back calls may wait."""
    day = first - timedelta(days=1)
    now = _kinds(store.day_counts(first, last, filter=which, by=()))
    known = _kinds(store.day_counts(day, day, filter=which, by=()))
    earlier = replace(which, first=first - timedelta(days=before), last=day, to_review=True, states=("open",))
    made = list(objections)
    return Since(
        day=day,
        kinds=tuple(kind for kind in now if kind not in known),
        waiting=store.count(earlier),
        raised=sum(_day(one.at) >= last for one in made),
        ruled=sum(one.ruled_at is not None and _day(one.ruled_at) >= last for one in made),
    )


def _kinds(counts: Iterable[DayCount]) -> list[str]:
    """Types and kinds that were found and not rejected, or that people added."""
    numbers = [(subject.name, some) for count in counts for subject, some in count.numbers.items()]
    found = [name for name, some in numbers if name and some.reported + some.added > some.overruled]
    return list(dict.fromkeys(found))


def _day(at: str) -> date:
    """The day of a time in UTC, by this machine's clock."""
    return datetime.fromisoformat(at).astimezone().date()


BEFORE = 14
"""Days that the review is compared with."""
MOST_LINES = 9
"""Queues and teams whose trend is shown: those with the most calls."""
FIGURES = ("violation", "incident", "needs_review", "inconclusive")


@dataclass(frozen=True)
class Wanted:
    """What is asked for. `full`: so many calls are shown in full, `serve`: address of `ausweis serve` for links.

    `reviewer`: whose eyes it is for, who sees what others decided only after deciding; None for who may see all.
    """

    first: date
    last: date
    language: Language = "de"
    queues: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    masked: bool = True
    agents: bool = False
    full: int = 200
    serve: str | None = None
    reviewer: str | None = None

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class SeverityRow:
    """How often a violation or incident came up, by the worst severity in each call.

    `people`: what they say of it, of these days and those before, which tells how often it is right.
    """

    name: str
    by_severity: Mapping[Severity, int]
    figure: Figure
    people: Counted


@dataclass(frozen=True)
class Review:
    """All that pages and tables show, of flagged calls: with a violation, an incident, or an unsure outcome.

    `calls`: in full, worst first; `rest`: the others in short; as they hold. `to_review`: how many nobody has decided.

    `reasons`: why each of the `rest` is to be reviewed, in a sentence or two, by its key. `struck`: in words, what the
    verdict says of calls of which people say something else.

    `added`: keys of calls that are not flagged, in which people added something: Excel files have them, as figures do.

    `known`: where there are no calls, the first and the last day of others of these queues and teams, if any.
    """

    wanted: Wanted
    now: CallTally
    before: CallTally
    figures: Sequence[Figure]
    changes: Sequence[ShareChange]
    severities: Sequence[SeverityRow]
    calls: Sequence[CallView]
    rest: Sequence[CallRow]
    reasons: Mapping[int, str]
    struck: Mapping[int, str]
    total: Trend | None
    queues: Sequence[Trend]
    teams: Sequence[Trend]
    runs: Sequence[RunRow]
    objections: ObjectionCounts
    open_objections: Sequence[Objection]
    since: Since
    known: tuple[date, date] | None
    to_review: int
    added: Sequence[int]

    @property
    def flagged(self) -> int:
        """How many calls are flagged."""
        return len(self.calls) + len(self.rest)

    @property
    def worst(self) -> list[CallRow]:
        """The calls in which something was found that holds."""
        rows = [*(call.row for call in self.calls), *self.rest]
        return [row for row in rows if row.violations or row.incidents]

    @property
    def keys(self) -> list[int]:
        """The store's keys of all calls that are shown."""
        return [*(call.row.key for call in self.calls), *(row.key for row in self.rest)]


def review_of(store: Store, wanted: Wanted) -> Review:
    """Read it from the store.

    Raises:
        StoreError: the store cannot be read.
        InputError: a team that is asked for is not told apart.
    """
    _check_teams(store, wanted)
    which = CallFilter(queues=wanted.queues, teams=wanted.teams)
    start = wanted.first - timedelta(days=BEFORE)
    places = tallies(store, which, start, wanted.first, wanted.last)
    now, before = places[None]
    within = replace(which, first=wanted.first, last=wanted.last)
    said = store.calls(replace(within, to_review=True))
    if wanted.reviewer is not None:
        hidden = store.hidden(wanted.reviewer, [row.key for row in said])
        said = [_seen(store, row, wanted.reviewer) for row in said if row.key not in hidden]
    struck = {row.key: Words(wanted.language).happened(row) for row in said if row.corrected}
    # What people dismissed is not among the worst any more.
    rows = sorted((_held(store, row) for row in said), key=lambda row: (row.dismissed, -row.weight))
    calls, reasons, severities, runs = _reviewed(store, rows, wanted, now, before)
    days = store.day_counts(start, wanted.last, filter=which, by=("day",))
    by_queue = store.day_counts(start, wanted.last, filter=which, by=("day", "queue"))
    by_team = store.day_counts(start, wanted.last, filter=which, by=("day", "team"))
    total = trends(days, start, wanted.last)
    objected = store.objections(which)
    unflagged = replace(within, to_review=False, finding="added")
    return Review(
        wanted=wanted,
        now=now,
        before=before,
        figures=figures(now, before, FIGURES),
        changes=changes(places),
        severities=severities,
        calls=calls,
        rest=rows[wanted.full :],
        reasons=reasons,
        struck=struck,
        total=total[0] if total else None,
        queues=trends(by_queue, start, wanted.last, "queue")[:MOST_LINES],
        teams=trends(by_team, start, wanted.last, "team")[:MOST_LINES],
        runs=runs,
        # As it is today: an objection comes days after the call.
        objections=count_objections(objected, date.today()),
        open_objections=[one for one in objected if one.is_open],
        since=since(store, which, wanted.first, wanted.last, objected, before=BEFORE),
        known=None if now.calls else _known(store, which),
        to_review=sum(row.state == "open" for row in said),
        added=list({*store.keys(unflagged), *store.keys(replace(unflagged, any_incident=True))}),
    )


def _seen(store: Store, row: CallRow, reviewer: str) -> CallRow:
    """The row without what people said, where this reviewer must not know it yet."""
    if row.right_outcome is None or decided_of(store.record(row.key), reviewer).label:
        return row
    return replace(row, right_outcome=None, right_violations=None, right_incidents=None)


def _held(store: Store, row: CallRow) -> CallRow:
    """The row of a call as it holds."""
    if row.right_outcome is None:
        return row
    record = store.record(row.key)
    return holding(record, decided_of(record, None).label).row


def _check_teams(store: Store, wanted: Wanted) -> None:
    which = CallFilter(queues=wanted.queues, teams=wanted.teams)
    counts = store.day_counts(wanted.first, wanted.last, filter=which, by=("team",)) if wanted.teams else []
    small = set(wanted.teams) - {count.team for count in counts}
    if small:
        raise InputError(
            f"a team of --team has fewer than {TEAM_MINIMUM} calls or {TEAM_AGENTS} agents in these days, or a smaller "
            "one could be told by it, so figures would be about single persons; take more days, or leave it out"
        )


def _known(store: Store, which: CallFilter) -> tuple[date, date] | None:
    span = store.days()
    counts = store.day_counts(*span, filter=which, by=("day",)) if span else []
    days = [count.day for count in counts if count.day is not None]
    return (days[0], days[-1]) if days else None


def _reviewed(
    store: Store, rows: Sequence[CallRow], wanted: Wanted, now: CallTally, before: CallTally
) -> tuple[list[CallView], dict[int, str], list[SeverityRow], list[RunRow]]:
    """The first calls in full, the reasons of the others; of all, what came up how severely, and in which runs.

    One record at a time.
    """
    calls: list[CallView] = []
    reasons: dict[int, str] = {}
    counted: dict[tuple[str, str], Counter[Severity]] = {}
    runs: dict[int, RunRow] = {}
    for row in rows:
        record = store.record(row.key)
        runs[record.run.key] = record.run
        worst: dict[tuple[str, str], Severity] = {}
        for found in found_of(record.verdict):
            key = "incident" if found.incident else "violation", found.name
            worst[key] = max(worst.get(key, found.severity), found.severity, key=SEVERITIES.index)
        for key, severity in worst.items():
            counted.setdefault(key, Counter())[severity] += 1
        view = call_view(record, Words(wanted.language), masked=wanted.masked, reviewer=wanted.reviewer)
        if len(calls) < wanted.full:
            calls.append(view)
        else:
            reasons[row.key] = view.why
    severities = []
    for (kind, name), by in counted.items():
        part = f"{kind}:{name}"
        people = now.people.get(part, Counted()) + before.people.get(part, Counted())
        severities.append(SeverityRow(name, by, figures(now, before, [part])[1], people))
    severities.sort(key=lambda row: [-row.by_severity.get(severity, 0) for severity in reversed(SEVERITIES)])
    return calls, reasons, severities, sorted(runs.values(), key=lambda run: run.started)
