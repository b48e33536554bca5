"""The queue: calls as rows, the worst first, and the same as an Excel file."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple

from starlette.responses import Response

from ausweis.judging.harm import Found, named
from ausweis.pages.words import Words, clock, time_of
from ausweis.serve.decision import said_of
from ausweis.serve.desk import RequestContext, require_lead
from ausweis.serve.exporting import book
from ausweis.serve.question import ANY, FINDINGS, PERIODS, SHOWN, STATES, ListQuery
from ausweis.serve.search import View, found_view, hits_of, searched_of
from ausweis.serve.web import answer
from ausweis.store import CallFilter, CallRow, State
from ausweis.vocabulary import OUTCOMES, VIOLATIONS, Severity

__all__ = [
    "PAGE",
    "Around",
    "around_of",
    "download",
    "filter_of",
    "meta_of",
    "question_of",
    "queue_page",
    "row_view",
    "row_views",
]

_NO_CALLS = {"today": "no_calls_today", "yesterday": "no_calls_yesterday"}
_VIEWS = ("todo", "second", "settle", "sample")


def empty_view(context: RequestContext, question: ListQuery, views: Sequence[View]) -> dict[str, Any] | None:
    """What is said of days that have no calls, and of a view in which nothing is left; None where other calls are.

    `done`: that nothing is left, said of the whole of a view alone, not of a search, a filter or days; `today`: what
    was done today; `onward`: name and address of other views.
    """
    words, (first, last) = context.words, question.days
    if (first or last) and not context.store.count(CallFilter(first=first, last=last)):
        return {"done": words.text(_NO_CALLS.get(question.period, "no_calls_then")), "today": "", "onward": ()}
    if question.show in ("decided", "all") or not question.is_whole or context.store.days() is None:
        return None
    onward = [
        (f"{words.text(f'view_{name}')} ({words.number(count)})", address)
        for name, address, count in views
        if count and name in _VIEWS and name != question.show
    ]
    if not onward:
        onward = [(words.text("empty_draw"), "/sample"), (words.text("figures"), "/figures")]
    is_drawn = question.show != "sample" or context.store.count(CallFilter(sampled=True))
    done = words.text(f"empty_{question.show}" if is_drawn else "sample_none")
    return {"done": done, "today": _today(context), "onward": onward}


def _today(context: RequestContext) -> str:
    words, name = context.words, context.session.reviewer
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    own, every = context.store.decided_since(midnight, name)
    if not every:
        return ""
    if not own:
        return words.count("today_others", every)
    return words.count("today_own" if own == every else "today_all", own, every=words.number(every))


PAGE = 50
"""Calls on a page."""
MOST = 2_000
"""Calls of an Excel file of the queue: each is read whole and masked, some hundreds a second."""


@dataclass(frozen=True)
class RowView:
    """A call as a row. `tone`: what gives it its colour; `meta`: where and when it was, in words.

    `found`: what happened, the gravest first, each with the turn in which it first did, in words.
    `right`: what people say instead of that, in words. `state` is `decided`, and `right` empty, where others have
    decided and the reader has not: what they said is hidden until then. So is all that the verdict says, where the
    reader must hear the call first: then `risk` is None, as it is of a call with nothing but incidents.
    `held_by`: who else is at it; `hit`: where it says what was searched for.
    """

    key: int
    call_id: str
    risk: float | None
    found: tuple[tuple[str, str], ...]
    meta: tuple[str, ...]
    tone: str
    severity: Severity | None
    sampled: bool
    unsure: bool
    state: State | Literal["decided"]
    right: str = ""
    held_by: str = ""
    hit: dict[str, Any] | None = None

    @property
    def what(self) -> str:
        """All that happened."""
        return ", ".join(name for name, _ in self.found)


class Around(NamedTuple):
    """The calls before and after this one in the queue that it was opened from."""

    before: int | None
    after: int | None


def around_of(context: RequestContext, key: int, question: ListQuery) -> Around:
    """The calls around one in this queue, without those that others are at."""
    return Around(*context.store.neighbours(key, filter_of(context, question, free=True), order=question.by))


def queue_page(context: RequestContext) -> Response:
    """The queue that is asked for; only its rows where htmx asks."""
    question, words = question_of(context), context.words
    context.desk.leases.leave_all(context.session)
    after, searched = question.cursor(context.asked), searched_of(context, question)
    is_over = bool(question.found) and searched is None
    views = _views(context, replace(question, found="") if is_over else question)
    found, elsewhere = None, False
    if question.q or searched:
        everywhere = question.everywhere
        anywhere = views if question == everywhere else _views(context, everywhere)
        found = found_view(context, question, anywhere)
        elsewhere = not _count(views, question.show) and _count(anywhere, "all") > 0
        question, views = (everywhere.shown("all"), anywhere) if elsewhere else (question, views)
    rows = context.store.calls(filter_of(context, question), order=question.by, limit=PAGE + 1, after=after)
    total = 0 if is_over else _count(views, question.show)
    here = row_views(context, rows[:PAGE])
    hits = hits_of(context, question, [view.key for view in here])
    shown: dict[str, Any] = {
        "asked": question,
        "rows": [replace(view, hit=hits.get(view.key)) for view in here],
        "query": question.query(),
        "periods": _periods(question, words),
        "saved": context.store.saved_by(context.session.reviewer),
        "searched": searched,
        "is_over": is_over,
        "found": found,
        "elsewhere": elsewhere,
        "small_team": bool(ListQuery.of(context.asked).team and not question.team),
        "more": f"/{question.query(rows[PAGE - 1].cursor(question.by))}" if len(rows) > PAGE else None,
        "most": MOST if context.session.role == "lead" else None,
        "shown": words.text("shown_one" if total == 1 else "shown", total=words.number(total)),
        "aside": 0 if question.show == "sample" or is_over else _count(views, "sample"),
        "aside_query": question.shown("sample").query(),
        "views": views,
        "narrowed": question.narrowed,
        "empty": None if rows or after else empty_view(context, question, views),
    }
    if context.partial:
        return answer(context, "results.html.j2", **shown)
    return answer(
        context,
        "queue.html.j2",
        here="calls",
        said=said_of(context, question.query()),
        **choices(context, question.show, question.looked),
        **shown,
    )


def _periods(question: ListQuery, words: Words) -> list[tuple[str, str, bool]]:
    """Name and address of the same calls in each period, and whether it is the one that is asked for."""
    first, last = question.days
    chosen = question.period or ("" if first is last is None else None)
    return [
        (words.text(f"period_{name or 'all'}"), f"/{question.in_period(name).query()}", name == chosen)
        for name in ("", *PERIODS)
    ]


def question_of(context: RequestContext) -> ListQuery:
    """What is asked for, without a team that is too small in these days and this queue to be told apart.

    What is there to be settled is for leads; for others, it is there for a second opinion.
    """
    reviewer = context.session.reviewer
    question = replace(ListQuery.of(context.asked), names=(reviewer, *context.store.spellings(reviewer)))
    if question.show == "settle" and context.session.role != "lead":
        question = replace(question, show="second")
    if not question.team:
        return question
    which = question.filter
    known = context.store.days() or (date.min, date.max)
    within = CallFilter(queues=which.queues, teams=which.teams)
    counts = context.store.day_counts(which.first or known[0], which.last or known[1], filter=within, by=("team",))
    told = any(count.team == question.team for count in counts)
    return question if told else replace(question, team="")


def filter_of(context: RequestContext, question: ListQuery, *, free: bool = False) -> CallFilter:
    """The filter for the store, for this reader; with `free`, without the calls that others are at."""
    which = question.filter
    if question.show == "second":
        which = replace(which, undecided_by=question.names)
    if question.found:
        searched = searched_of(context, question)
        which = replace(which, keys=searched.keys if searched else ())
    return replace(which, besides=tuple(context.desk.leases.of_others(context.session))) if free else which


def choices(context: RequestContext, show: str, looked: str = "") -> dict[str, Any]:
    """What can be chosen in the filter: value and words. `looked`: a kind of incident that is asked for already."""
    words, named = context.words, context.desk.lists.get()
    # Who sees the riskiest of a sample first decides a part of it that is no sample.
    orders = ("time",) if show == "sample" else ("risk", "time")
    kind = [] if looked in ("", "yes", "no") else [(looked, words.word(looked))]
    return {
        "orders": [(order, words.text(f"by_{order}")) for order in orders],
        "outcomes": _named(OUTCOMES, words),
        "violations": _named(VIOLATIONS, words),
        "incidents": [(ANY, words.text("with_incident")), *_named(named.incidents, words)],
        "queues": named.queues,
        "teams": [(team, team) for team in named.teams],
        "states": _named(STATES, words),
        "findings": [(finding, words.text(f"count_{finding}")) for finding in FINDINGS],
        "looked": [("yes", words.text("yes")), ("no", words.text("no")), *kind],
    }


def _named(ids: Iterable[str], words: Words) -> list[tuple[str, str]]:
    return [(word, words.word(word)) for word in ids]


def row_views(context: RequestContext, rows: Sequence[CallRow]) -> list[RowView]:
    """Rows as the reviewer may see them."""
    reviewer = context.session.reviewer
    own = context.store.decided_by(reviewer, [row.key for row in rows if row.state != "open"])
    hidden = context.store.hidden(reviewer, [row.key for row in rows])
    found = context.store.found([row.key for row in rows if row.severity])
    views = [row_view(row, context.words, found.get(row.key, ()), agents=context.desk.agents) for row in rows]
    leases = context.desk.leases.of_others(context.session)
    views = [replace(view, held_by=leases[view.key].name) if view.key in leases else view for view in views]
    decided = [view.key for view in views if view.state != "open"]
    # What a session comes to is told when it is closed.
    secret = context.store.keys(CallFilter(keys=tuple(decided), calibrated=True)) if decided else []
    others = {key for key in decided if key not in own or key in secret}
    views = [replace(view, state="decided", right="") if view.key in others else view for view in views]
    # A row that tells nothing of the verdict.
    blind: dict[str, Any] = {
        "risk": None,
        "found": ((context.words.text("not_heard"), ""),),
        "tone": "",
        "severity": None,
    }
    return [replace(view, **blind, unsure=False, right="") if view.key in hidden else view for view in views]


def row_view(row: CallRow, words: Words, found: Sequence[Found], *, agents: bool) -> RowView:
    """A row in words. `found`: what its verdict found."""
    (name, turn), *others = _found(row, words, found)
    return RowView(
        key=row.key,
        call_id=row.call_id,
        # That of a violation: beside an incident alone, it would speak of something else.
        risk=row.risk if row.outcome == "violation" or not row.severity else None,
        found=((words.capital(name), turn), *others),
        meta=meta_of(row, words, agents=agents),
        tone=row.severity or row.outcome,
        severity=row.severity,
        sampled=row.sampled,
        unsure=row.needs_review,
        state=row.state,
        right=words.right(row) if row.corrected else "",
    )


def meta_of(row: CallRow, words: Words, *, agents: bool) -> tuple[str, ...]:
    """Where and when a call was, in words."""
    moment = ", ".join(part for part in (words.day(row.day), time_of(row)) if part)
    length = clock(row.seconds) or words.count("turns", row.turns)
    meta = (moment, row.queue, row.team, row.agent if agents else None, length)
    return tuple(part for part in meta if part)


def _found(row: CallRow, words: Words, found: Sequence[Found]) -> Iterator[tuple[str, str]]:
    """What happened and how often, the gravest first, with its first turn; those of one turn together."""
    times = Counter(one.name for one in found)
    by_turn = groupby(named(found).values(), key=lambda one: (one.turn, one.incident and one.name))
    for (turn, _), ones in by_turn:
        named_times = (
            words.word(one.name) + (f" ({times[one.name]} ×)" if times[one.name] > 1 else "") for one in ones
        )
        yield ", ".join(named_times), words.text("in_turn", turn=turn)
    if not found:
        yield words.word(row.outcome), ""


def _views(context: RequestContext, question: ListQuery) -> list[View]:
    """The views that the reader has."""
    views: list[View] = []
    for name in SHOWN:
        other = question.shown(name)
        count = context.store.count(filter_of(context, other))
        # Who settles, and whether there is anything to settle: others need not read it.
        if name != "settle" or name == question.show or (context.session.role == "lead" and count):
            views.append((name, f"/{other.query()}", count))
    return views


def _count(views: Iterable[View], show: str) -> int:
    return next(count for name, _, count in views if name == show)


def download(context: RequestContext) -> Response:
    """The calls of the filter in their order as an Excel file, the first `MOST`."""
    require_lead(context)
    question = question_of(context)
    found = context.store.keys(filter_of(context, question), order=question.by)
    return book(context, found, title=f"Ausweis: {context.words.text('calls')}", most=MOST)
