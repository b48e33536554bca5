"""The page of one call, and what can be done on it: decide, take that back, unmask, mask again."""

import secrets
from collections.abc import Mapping
from dataclasses import replace

from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.serve.blind import blind_page, heard_form
from ausweis.serve.call_view import call_view
from ausweis.serve.decision import CHOICES, again, draft_of, label_of, note_of, proposed, sent, verdict_key_of
from ausweis.serve.desk import Done, RequestContext
from ausweis.serve.objections import ObjectionView, views_of
from ausweis.serve.queue import Around, filter_of, question_of
from ausweis.serve.rendering import answer
from ausweis.serve.requests import number_of
from ausweis.serve.said import keep_once, said_of
from ausweis.serve.typed import typed_of
from ausweis.serve.working import opened, progress, settles
from ausweis.store import Calibration, CallRecord, same_person
from ausweis.vocabulary import OUTCOMES

__all__ = ["call_page", "decide", "form_page", "mask_again", "resume", "unmask", "withdraw"]


def call_page(context: RequestContext) -> Response:
    """The call, in its place in the queue."""
    return _page(context, _record(context))


def decide(context: RequestContext) -> Response:
    """Keep the decision, then go on to the next call of the queue; what cannot be kept is given back, filled in.

    Raises:
        StoreError: there is no such call any more.
    """
    key, question, form = context.parts["key"], question_of(context), context.form
    # Before deciding: a call that is decided may not be in this queue any more.
    after = context.store.neighbours(key, filter_of(context, question, free=True), order=question.by)[1]
    try:
        keep_once(context, lambda: _keep(context))
    except StoreError as error:
        here = replace(context, path=f"/calls/{key}", query=question.query())
        return _page(here, _record(context), problem=context.words.error(error), form=form)
    context.desk.places.leave(key, context.session)
    query = _with(question.query(), f"done={key}")
    return RedirectResponse(f"/calls/{after}{query}" if after is not None else f"/{query}", 303)


def form_page(context: RequestContext) -> Response:
    """The call, for whoever asks once more for an address that forms alone are sent to."""
    return _back(context)


def resume(context: RequestContext, *, problem: str = "", status: int = 200) -> Response:
    """The call with a form that was typed and not kept: nobody was signed in, or another language was wanted.

    Raises:
        StoreError: there is no such call any more.
    """
    here = replace(context, path=f"/calls/{context.parts['key']}", query=question_of(context).query())
    return _page(here, _record(context), problem=problem, form=typed_of(context.form), status=status)


def withdraw(context: RequestContext) -> Response:
    """Take an own decision back, then show the call, the form as it was sent.

    Raises:
        StoreError: there is no such call any more.
    """
    key, query = context.parts["key"], question_of(context).query()
    decision_key = number_of(context.form.get("decision", "")) or 0
    done = context.desk.done.get(context.session.id)
    if done is not None and done.decision_key == decision_key:
        # Pressed twice, another request may have taken it out meanwhile.
        context.desk.done.pop(context.session.id, None)
    try:
        context.store.withdraw(key, reviewer=context.session.reviewer, decision_key=decision_key)
    except StoreError:
        record = _record(context)
        draft = draft_of(record, context.session.reviewer)
        # Sent twice, it is done all the same.
        if draft is None or draft.key != decision_key:
            here = replace(context, path=f"/calls/{key}", query=query)
            return _page(here, record, problem=context.words.text("undo_late"))
    return RedirectResponse(f"/calls/{key}{_with(query, 'undone=1')}", 303)


def unmask(context: RequestContext) -> Response:
    """Show personal data of this call in this session. The audit log says who asked for it."""
    record = _record(context)
    context.store.log("unmasked", who=context.session.reviewer, key=record.row.key)
    context.desk.unmasked[context.session.id, record.row.key] = record.says
    return _back(context)


def mask_again(context: RequestContext) -> Response:
    """Mask it again."""
    context.desk.unmasked.pop((context.session.id, context.parts["key"]), None)
    return _back(context)


def _record(context: RequestContext) -> CallRecord:
    return context.store.record(context.parts["key"])


def _with(query: str, more: str) -> str:
    return f"{query}&{more}" if query else f"?{more}"


def _back(context: RequestContext) -> Response:
    if typed_of(context.form):
        return resume(context)
    return RedirectResponse(f"/calls/{context.parts['key']}{question_of(context).query()}", 303)


def _page(
    context: RequestContext,
    record: CallRecord,
    *,
    problem: str = "",
    form: Mapping[str, str] | None = None,
    status: int = 409,
) -> Response:
    """`form`: what was sent and was not kept, with the `status` of that answer."""
    key, question = record.row.key, question_of(context)
    session = context.store.calibrates(context.session.reviewer, key)
    if context.store.hidden(context.session.reviewer, [key]):
        return blind_page(context, record, session, problem=problem, form=form, status=status)
    context = replace(context, words=context.words.knowing(record.verdict.vocabulary))
    unmasked = context.desk.shows(context.session, record)
    said, draft = said_of(context, question.query()), draft_of(record, context.session.reviewer)
    first = proposed(record.verdict) if draft is None else again(record.verdict, draft)
    settling = settles(context, record, question)
    call = call_view(
        record,
        context.words,
        reviewer=context.session.reviewer,
        agents=context.desk.agents,
        unmasked=unmasked,
        settling=settling,
    )
    # What cannot be kept is given back, whoever is there by now.
    place = None if problem or form else opened(context, record, question)
    held = place if place is not None and place.session != context.session.id else None
    return answer(
        context,
        "call.html.j2",
        here="calls",
        status=status if problem or form else 200,
        call=call,
        around=Around(*context.store.neighbours(key, filter_of(context, question, free=True), order=question.by)),
        progress=progress(context, key, question),
        settling=settling,
        objections=_objections(context, record),
        place=None if held else place,
        held=held,
        minutes=context.desk.places.minutes(held) if held else 0,
        query=question.query(),
        # On the call itself its decision is taken back where it stands.
        said=said if said is None or said.call_key != key else None,
        once=secrets.token_urlsafe(9),
        last=said and said.decision_key,
        undone=draft is not None and "undone" in context.asked,
        outcomes=OUTCOMES,
        form=first if form is None else sent(record, form),
        problem=problem,
        calibration=session,
        calibrations=_prepared(context),
        **heard_form(context, record, session, form if session else None),
    )


def _objections(context: RequestContext, record: CallRecord) -> list[ObjectionView]:
    """Those that the reader may know of: who is still to decide is told nothing that others say of the call."""
    me = context.session.reviewer
    own = any(one.counts and same_person(one.reviewer, me) for one in record.decisions)
    is_told = own or context.session.role == "lead"
    return views_of(context.store.objections(call_key=record.row.key), context.words) if is_told else []


def _prepared(context: RequestContext) -> list[Calibration]:
    """The sessions that a lead may add the call to."""
    leads = context.session.role == "lead"
    return [one for one in context.store.calibrations() if one.state == "prepared"] if leads else []


def _keep(context: RequestContext) -> Done:
    """Keep what was sent: what was decided by that.

    Raises:
        StoreError: the verdict, or the text, says something else by now, or the label is none.
    """
    form = context.form
    choice = CHOICES.get(form.get("choice", ""))
    verdict_key = verdict_key_of(form)
    if choice is None:
        raise StoreError("what was decided is missing", code="choice_missing")
    label = label_of(form) if choice == "overrule" else None
    record = _record(context)
    made = context.store.decide(
        context.parts["key"],
        reviewer=context.session.reviewer,
        choice=choice,
        outcome=label.outcome if label else None,
        violations=label.violations if label else (),
        incidents=label.incidents if label else None,
        note=note_of(form),
        coaching="coaching" in form,
        verdict_key=verdict_key,
        says=form.get("says"),
        settles=choice != "not_sure" and settles(context, record, question_of(context)),
    )
    return Done(context.parts["key"], made.key, choice)
