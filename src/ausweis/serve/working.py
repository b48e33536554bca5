"""Several people at one queue: who is at a call, what they said of it, who settles it."""

from starlette.responses import RedirectResponse, Response

from ausweis.serve.desk import RequestContext
from ausweis.serve.leases import Lease
from ausweis.serve.question import ListQuery
from ausweis.serve.queue import question_of
from ausweis.serve.web import number_of
from ausweis.store import CalibrationRound, CallRecord, Decision, can_settle, opinion_of, same_person

__all__ = ["leave", "opened", "own_word", "settles", "stay", "take_over"]


def opened(context: RequestContext, record: CallRecord, question: ListQuery) -> Lease | None:
    """Who is at a call, the reader or another; None where it was not opened as one to be decided."""
    settled = question.show == "again" and context.session.role == "lead"
    if not question.waits(record.row.state) or (own_word(context, record) and not settled):
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


def settles(context: RequestContext, record: CallRecord) -> bool:
    """Whether what the reader decides settles the call: a lead, who sees what the others say that differ."""
    return context.session.role == "lead" and can_settle(record.decisions, context.session.reviewer)


def own_word(context: RequestContext, record: CallRecord, session: CalibrationRound | None = None) -> Decision | None:
    """What the reader said of the call and what counts: in a session, what they said in it."""
    me = context.session.reviewer
    if session is not None:
        return opinion_of(record.decisions, me, session.key)
    return next((one for one in record.decisions if one.counts and same_person(one.reviewer, me)), None)


def _stamp(context: RequestContext) -> int:
    return number_of(context.form.get("stamp", "")) or 0
