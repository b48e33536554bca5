"""Objections of the agent's side to a finding: recorded, listed by their deadline, ruled on. For leads."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.serve.call_page import shown_call
from ausweis.serve.decision import DecisionForm, label_of, proposed, sent
from ausweis.serve.desk import RequestContext, require_lead
from ausweis.serve.web import answer, date_of
from ausweis.store import OBJECTION_DAYS, CallRecord, Objection, Ruling
from ausweis.vocabulary import OUTCOMES

__all__ = ["objection_form", "objection_page", "objections_page", "raise_objection", "rule"]

RULINGS: dict[str, Ruling] = {"stands": "stands", "withdrawn": "withdrawn"}


def objections_page(context: RequestContext) -> Response:
    """Those that wait, the next deadline first, then those that somebody ruled on; of no call that is hidden yet."""
    require_lead(context)
    known = context.store.objections()
    hidden = context.store.hidden(context.session.reviewer, [one.call.key for one in known])
    seen = [one for one in known if one.call.key not in hidden]
    return answer(
        context,
        "objections.html.j2",
        here="objections",
        waiting=[one for one in seen if one.is_open],
        ruled=[one for one in seen if not one.is_open],
        found={one.key: context.words.happened(one.call) for one in seen},
        done=context.asked.get("done") == "1",
    )


def objection_form(context: RequestContext) -> Response:
    """The form that records one about a call."""
    require_lead(context)
    key = context.parts["key"]
    return _to_hear(context, key) or _form(context, context.store.record(key))


def raise_objection(context: RequestContext) -> Response:
    """Record one, then back to the call."""
    require_lead(context)
    key, form = context.parts["key"], context.form
    # That it is refused tells what was found, too.
    if to_hear := _to_hear(context, key):
        return to_hear
    try:
        context.store.raise_objection(
            key,
            side=form.get("side", ""),
            reason=form.get("reason", ""),
            by=context.session.reviewer,
            deadline=_deadline(form),
        )
    except StoreError as error:
        return _form(context, context.store.record(key), problem=context.words.error(error))
    return RedirectResponse(f"/calls/{key}", 303)


def objection_page(context: RequestContext) -> Response:
    """One objection, with the form of a ruling while it waits for one."""
    require_lead(context)
    found = _objection(context)
    return _to_hear(context, found.call.key) or _page(context, found)


def rule(context: RequestContext) -> Response:
    """Rule on one, then back to the list; what cannot be kept is given back, filled in."""
    require_lead(context)
    found, form = _objection(context), context.form
    if to_hear := _to_hear(context, found.call.key):
        return to_hear
    try:
        ruling = RULINGS.get(form.get("ruling", ""))
        if ruling is None:
            raise StoreError("it is missing how the lead ruled", code="ruling_missing")
        context.store.rule_on_objection(
            found.key,
            ruling=ruling,
            by=context.session.reviewer,
            note=form.get("note", ""),
            **label_of(form, given=ruling == "withdrawn"),
        )
    except StoreError as error:
        return _page(context, found, problem=context.words.error(error))
    return RedirectResponse("/objections?done=1", 303)


def _objection(context: RequestContext) -> Objection:
    key = context.parts["key"]
    found = next((one for one in context.store.objections() if one.key == key), None)
    if found is None:
        raise HTTPException(404)
    return found


def _to_hear(context: RequestContext, key: int) -> Response | None:
    """To the page of a call that the lead must hear before they are shown its verdict; None where they may see it."""
    hidden = context.store.hidden(context.session.reviewer, [key])
    return RedirectResponse(f"/calls/{key}", 303) if hidden else None


def _form(context: RequestContext, record: CallRecord, *, problem: str = "") -> Response:
    today = date.today()
    return answer(
        context,
        "objection_form.html.j2",
        here="objections",
        status=409 if problem else 200,
        problem=problem,
        row=record.row,
        what=context.words.happened(record.row),
        form=context.form,
        deadline=context.form.get("deadline") or str(today + timedelta(days=OBJECTION_DAYS)),
    )


def _page(context: RequestContext, found: Objection, *, problem: str = "") -> Response:
    record = context.store.record(found.call.key)
    context = replace(context, words=context.words.knowing(record.verdict.vocabulary))
    call = shown_call(
        record, context.words, reviewer=context.session.reviewer, agents=context.desk.agents, unmasked=False
    )
    form: DecisionForm = proposed(record.verdict)
    if context.form:
        form = sent(record, {**context.form, "choice": "overrule"})
    return answer(
        context,
        "objection.html.j2",
        here="objections",
        status=409 if problem else 200,
        problem=problem,
        objection=found,
        call=call,
        form=form,
        ruling=context.form.get("ruling", ""),
        outcomes=OUTCOMES,
    )


def _deadline(form: Mapping[str, str]) -> date:
    deadline = date_of(form.get("deadline", ""))
    if deadline is None:
        raise StoreError("the deadline is no day", code="deadline_wrong")
    return deadline
