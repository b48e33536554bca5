"""Several people at one queue: who is at a call, who settles it, how far the queue is."""

import secrets
from typing import Any

from starlette.responses import RedirectResponse, Response

from ausweis.serve.desk import RequestContext
from ausweis.serve.leases import Lease
from ausweis.serve.question import ListQuery
from ausweis.serve.queue import filter_of, question_of
from ausweis.serve.web import number_of
from ausweis.store import CallRecord, Decision, can_settle, same_person

__all__ = ["at_call", "leave", "progress", "settles", "stay", "take_over"]


MOST = 1000
"""Calls of a queue that are counted."""


def at_call(
    context: RequestContext,
    record: CallRecord,
    question: ListQuery,
    *,
    problem: str,
    given_back: bool,
    status: int,
    leased: bool = True,
) -> dict[str, Any]:
    """What pages of a call share: who is at it, and what could not be kept. `held`: another's lease.

    `given_back`: the form is shown as it was sent, with the `status` of that answer, whoever is there by now.
    """
    failed = bool(problem) or given_back
    lease = None if failed or not leased else _opened(context, record, question)
    held = lease if lease is not None and lease.session != context.session.id else None
    return {
        "status": status if failed else 200,
        "problem": problem,
        "lease": None if held else lease,
        "held": held,
        "minutes": context.desk.leases.minutes(held) if held else 0,
        "query": question.query(),
        "once": secrets.token_urlsafe(9),
    }


def _opened(context: RequestContext, record: CallRecord, question: ListQuery) -> Lease | None:
    """Who is at a call, the reader or another; None where it was not opened as one to be decided."""
    settled = question.show == "again" and context.session.role == "lead"
    if not question.waits(record.row.state) or (_own(context, record) and not settled):
        context.desk.leases.leave_all(context.session)
        return None
    return context.desk.leases.open(record.row.key, context.session)


def stay(context: RequestContext) -> Response:
    """The page says that somebody is still at its call; the answer says where another has taken it over."""
    is_own = context.desk.leases.stay(context.parts["key"], context.session, _stamp(context))
    return Response(status_code=204) if is_own else Response(headers={"x-place": "taken"})


def leave(context: RequestContext) -> Response:
    """The page says that it was left."""
    context.desk.leases.leave(context.parts["key"], context.session, _stamp(context))
    return Response(status_code=204)


def take_over(context: RequestContext) -> Response:
    """Be at a call that another is at."""
    context.desk.leases.take_over(context.parts["key"], context.session)
    return RedirectResponse(f"/calls/{context.parts['key']}{question_of(context).query()}", 303)


def progress(context: RequestContext, key: int, question: ListQuery) -> str:
    """`3 of 17`, in the present queue; of a call that is not in it, how many are left.

    Beyond a thousand it is only said that there are more. Empty while something is searched for, which takes long.
    """
    if question.q:
        return ""
    words = context.words
    place, total = context.store.position(key, filter_of(context, question), order=question.by, most=MOST)
    left = words.number(total) if total <= MOST else words.text("place_more", most=words.number(MOST))
    if place is not None and place <= MOST:
        return words.text("place_of", place=words.number(place), total=left)
    return words.text("place_left", total=left) if question.show not in ("decided", "all") else ""


def settles(context: RequestContext, record: CallRecord) -> bool:
    """Whether what the reader decides settles the call: a lead, who sees what the others say that differ."""
    return context.session.role == "lead" and can_settle(record.decisions, context.session.reviewer)


def _own(context: RequestContext, record: CallRecord) -> list[Decision]:
    """What the reader said that counts."""
    me = context.session.reviewer
    return [one for one in record.decisions if one.counts and same_person(one.reviewer, me)]


def _stamp(context: RequestContext) -> int:
    return number_of(context.form.get("stamp", "")) or 0
