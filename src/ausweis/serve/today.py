"""Today: what waits, the list and what is chosen in it; the same as an Excel file, and assigned to people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.pages.words import Words
from ausweis.serve.calibration import names, own_session
from ausweis.serve.decision import said_of
from ausweis.serve.desk import RequestContext, require_lead
from ausweis.serve.exporting import MOST, book
from ausweis.serve.question import ANY, FINDINGS, PERIODS, SHOWN, STATES, ListQuery
from ausweis.serve.queue import RowView, filter_of, question_of, row_views
from ausweis.serve.search import hit_view, hits_of, searched_of
from ausweis.serve.web import answer, number_of
from ausweis.store import MAX_TERMS, SHORTEST, CallFilter, search_terms
from ausweis.vocabulary import OUTCOMES, VIOLATIONS

PAGE = 50
"""Calls on a page."""
_NO_CALLS = {"today": "no_calls_today", "yesterday": "no_calls_yesterday"}


class View(NamedTuple):
    """Name and address of a part of the list, how many calls it has, and whether it is the one that is shown."""

    name: str
    address: str
    calls: int
    is_shown: bool


def today_page(context: RequestContext) -> Response:
    """The list that is asked for; only its rows where htmx asks."""
    question, words = question_of(context), context.words
    context.desk.leases.leave_all(context.session)
    after, searched = question.cursor(context.asked), searched_of(context, question)
    is_over = bool(question.found) and searched is None
    live = replace(question, found="") if is_over else question
    views = _views(context, live)
    rows = context.store.calls(filter_of(context, question), order=question.by, limit=PAGE + 1, after=after)
    counted = {one.address: one.calls for one in views}
    total = 0 if is_over else _count(context, question, counted)
    is_lead = context.session.role == "lead"
    shown: dict[str, Any] = {
        "asked": question,
        "rows": _told(context, question, row_views(context, rows[:PAGE])),
        "query": question.query(),
        "searched": searched,
        "is_over": is_over,
        "found": _found(context, live, counted) if live.is_every else None,
        "small_team": bool(ListQuery.of(context.asked).team and not question.team),
        "more": f"/{question.query(rows[PAGE - 1].cursor(question.by))}" if len(rows) > PAGE else None,
        "most": MOST if is_lead else None,
        "names": names(context) if is_lead and rows else (),
        "page": PAGE,
        "shown": words.text("shown_one" if total == 1 else "shown", total=words.number(total)),
        "views": views,
        "narrowed": question.narrowed,
        "empty": None if rows or after else _empty(context, question),
    }
    if context.partial:
        return answer(context, "results.html.j2", **shown)
    return answer(
        context,
        "queue.html.j2",
        here="today",
        said=said_of(context, question.query()),
        assigned=_assigned(context),
        waiting=_waiting(context, question, counted),
        **_choices(context, question),
        **shown,
    )


def _told(context: RequestContext, question: ListQuery, rows: Sequence[RowView]) -> list[RowView]:
    """With what was said: where the call says what was searched for, else where the gravest happened."""
    hits = hits_of(context, question, [row.key for row in rows])
    previews = context.store.previews({row.key: None if row.key in hits else row.quoted for row in rows})
    told = []
    for row in rows:
        quote, number = previews.get(row.key, (None, ""))
        hit = hits.get(row.key) or (hit_view(quote, context.words) if quote else None)
        told.append(replace(row, hit=hit, meta=(*row.meta, number) if number else row.meta))
    return told


def _count(context: RequestContext, question: ListQuery, counted: Mapping[str, int]) -> int:
    """How many calls a list has, by its address where that is `counted` already."""
    known = counted.get(f"/{question.query()}")
    return context.store.count(filter_of(context, question)) if known is None else known


def _found(context: RequestContext, question: ListQuery, counted: Mapping[str, int]) -> dict[str, Any] | None:
    """What a search found in all calls, or what there is of all; and what of that is in other lists, or in none.

    `counted`: calls of lists, by address. None of a list that has all.
    """
    words, store, is_search = context.words, context.store, bool(question.q or question.found)
    terms = search_terms(question.q)
    if len(terms) > MAX_TERMS:
        return {"total": "", "all": None, "sample": None, "notes": [words.text("search_many", most=MAX_TERMS)]}
    every = ListQuery(show="all", q=question.q, found=question.found, names=question.names) if is_search else question
    total = store.count(replace(filter_of(context, every), seen_by=()))
    drawn = _count(context, sample := every.shown("sample"), counted)
    unseen = total - _count(context, every, counted) - drawn
    if not (is_search or drawn or unseen):
        return None
    numbers = {
        "unseen": unseen,
        "search_unready": store.unindexed() if question.q else 0,
        "search_unjudged": store.unjudged() if is_search else 0,
    }
    notes = [words.count(name, number) for name, number in numbers.items() if number > 0]
    if question.q and not any(len(term) >= SHORTEST for term in terms):
        notes.append(words.text("search_short"))
    return {
        "total": words.text("search_found" if is_search else "in_all", total=words.number(total)),
        "all": None if question.query() == every.query() else f"/{every.query()}",
        "sample": (words.count("search_sample", drawn), f"/{sample.query()}") if drawn else None,
        "notes": notes,
    }


def _waiting(context: RequestContext, question: ListQuery, counted: Mapping[str, int]) -> dict[str, Any]:
    """What waits for the reader, each with where it is, and when calls last came in; `is_late`: not today."""
    store, words = context.store, context.words
    views = [ListQuery(show=show, names=question.names) for show in ("todo", "again", "sample")]
    lists = [(f"waits_{view.show}", _count(context, view, counted), f"/{view.query()}") for view in views]
    waits = [(words.count(text, count), address) for text, count, address in lists if count]
    session = own_session(context)
    if session is not None:
        waits.append((words.text("waits_calibration"), f"/calibrations/{session}"))
    if context.open_objections:
        due = words.day(min(one.deadline for one in context.open_objections), "MMMd")
        told = words.count("waits_objections", len(context.open_objections), due=due)
        waits.append((told, "/settings?open=objections#objections"))
    came = store.came_in()
    is_late = came is not None and datetime.fromisoformat(came).astimezone().date() < date.today()
    return {"waits": waits, "came": came and words.moment(came), "is_late": is_late}


def _empty(context: RequestContext, question: ListQuery) -> dict[str, Any] | None:
    """What is said of days that have no calls, and of a view in which nothing is left; None where other calls are.

    `done`: that nothing is left, said of the whole of a view alone, not of a search, a filter or days; `today`: what
    was done today; `onward`: name and address of where to go on, below the line of what waits.
    """
    words, (first, last) = context.words, question.days
    if (first or last) and not context.store.count(CallFilter(first=first, last=last)):
        return {"done": words.text(_NO_CALLS.get(question.period, "no_calls_then")), "today": "", "onward": ()}
    if question.show in ("decided", "all") or not question.is_whole or context.store.days() is None:
        return None
    is_drawn = question.show != "sample" or context.store.count(CallFilter(sampled=True))
    onward = [(words.text("figures"), "/figures")]
    if context.session.role == "lead":
        onward.insert(0, (words.text("empty_draw"), "/settings?open=sample#sample"))
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


def _choices(context: RequestContext, question: ListQuery) -> dict[str, Any]:
    """What can be chosen in the filter: value and words; a kind of incident that is asked for, too."""
    words, named, looked = context.words, context.desk.lists.get(), question.looked
    # Who sees the riskiest of a sample first decides a part of it that is no sample.
    orders = ("time",) if question.show == "sample" else ("risk", "time")
    kind = [] if looked in ("", "yes", "no") else [(looked, words.word(looked))]
    return {
        "periods": [(period, words.text(f"period_{period or 'all'}")) for period in ("", *PERIODS, "own")],
        "orders": [(order, words.text(f"by_{order}")) for order in orders],
        "outcomes": _named(OUTCOMES, words),
        "violations": _named(VIOLATIONS, words),
        "incidents": [(ANY, words.text("with_incident")), *_named(named.incidents, words)],
        "queues": named.queues,
        "teams": [(team, team) for team in named.teams],
        "states": _named(STATES, words),
        "findings": [(finding, words.text(f"count_{finding}")) for finding in FINDINGS],
        "looked": [("yes", words.text("yes")), ("no", words.text("no")), *kind],
        "assignees": [(who, words.text(f"assigned_{who}")) for who in ("mine", "nobody")],
    }


def _named(ids: Iterable[str], words: Words) -> list[tuple[str, str]]:
    return [(word, words.word(word)) for word in ids]


def _views(context: RequestContext, question: ListQuery) -> list[View]:
    """The chips: what is to be done and what was, of what is asked for, and what the reader is to do of it."""
    mine = replace(question.shown("todo"), assigned="mine")
    is_mine = question == mine
    others = replace(question, assigned="") if is_mine else question

    def view(text: str, shown: ListQuery, *, is_shown: bool) -> View:
        count = context.store.count(filter_of(context, shown))
        return View(context.words.text(text), f"/{shown.query()}", count, is_shown)

    asked = ((show, others.shown(show)) for show in SHOWN if show != "sample")
    views = [view(f"view_{show}", one, is_shown=show == question.show and not is_mine) for show, one in asked]
    if question.q or question.found:
        return views
    own = view("assigned_mine", mine, is_shown=is_mine)
    return [*views, own] if own.calls or is_mine else views


def assign(context: RequestContext) -> Response:
    """Assign the first calls of the list that are nobody's to somebody; or take them back from whoever has them.

    Raises:
        StoreError: nobody was chosen, or there is nothing to assign.
    """
    require_lead(context)
    question, to = question_of(context), context.form.get("to")
    if to is None:
        raise StoreError("choose to whom the calls are assigned", code="assign_to_missing")
    which = filter_of(context, question)
    keys = context.store.keys(replace(which, assigned_to=("",)) if to else which, order=question.by)
    wanted = min(number_of(context.form.get("n", "")) or 0, MOST)
    changed = context.store.assign(keys[:wanted], to=to, by=context.session.reviewer)
    query = question.query()
    return RedirectResponse(f"/{query}{'&' if query else '?'}{urlencode({'assigned_now': changed, 'to': to})}", 303)


def _assigned(context: RequestContext) -> str:
    """What was assigned to whom just now, in words; of a name that nobody has nothing is said."""
    number, to = number_of(context.asked.get("assigned_now", "")), context.asked.get("to", "")
    if number is None or context.session.role != "lead" or to not in ("", *names(context)):
        return ""
    return context.words.count("assigned_to" if to or not number else "assigned_back", number, name=to)


def download(context: RequestContext) -> Response:
    """The calls of the filter in their order as an Excel file, the first `MOST`."""
    require_lead(context)
    question = question_of(context)
    found = context.store.keys(filter_of(context, question), order=question.by)
    return book(context, found, question.days, title=f"Ausweis: {context.words.text('calls')}")
