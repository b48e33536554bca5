"""The page of one call, and what can be done on it: decide, unmask, mask again."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.serve.blind import blind_page
from ausweis.serve.call_view import call_view
from ausweis.serve.decision import CHOICES, label_of, note_of, proposed, sent, verdict_key_of
from ausweis.serve.desk import RequestContext
from ausweis.serve.objections import ObjectionView, views_of
from ausweis.serve.queue import Around, filter_of, question_of
from ausweis.serve.rendering import answer
from ausweis.serve.working import opened, progress, settles
from ausweis.store import CallRecord, Choice, same_person
from ausweis.vocabulary import OUTCOMES

__all__ = ["call_page", "decide", "mask_again", "unmask"]


class Said(NamedTuple):
    """What has just been done, and a link to have another look at it."""

    text: str
    address: str
    link: str


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
        choice = _keep(context)
    except StoreError as error:
        here = replace(context, path=f"/calls/{key}", query=question.query())
        return _page(here, _record(context), problem=context.words.error(error), form=form)
    context.desk.places.leave(key, context.session)
    done = f"done={key}&choice={choice}"
    query = f"{question.query()}&{done}" if question.query() else f"?{done}"
    return RedirectResponse(f"/calls/{after}{query}" if after is not None else f"/{query}", 303)


def unmask(context: RequestContext) -> Response:
    """Show personal data of this call in this session. The chain says who asked for it."""
    record = _record(context)
    context.store.log("unmasked", who=context.session.reviewer, key=record.row.key)
    context.desk.unmasked[context.session.id, record.row.key] = record.says
    return _back(context)


def mask_again(context: RequestContext) -> Response:
    """Mask it again."""
    context.desk.unmasked.pop((context.session.id, context.parts["key"]), None)
    return _back(context)


def said(context: RequestContext) -> Said | None:
    """What the address says has just been done."""
    key, choice = context.asked.get("done", ""), context.asked.get("choice", "")
    if choice not in CHOICES or not re.fullmatch(r"\d{1,15}", key):
        return None
    text = context.words.text("done", choice=context.words.word(choice))
    return Said(text, f"/calls/{key}{question_of(context).query()}", context.words.text("look_again"))


def _record(context: RequestContext) -> CallRecord:
    return context.store.record(context.parts["key"])


def _back(context: RequestContext) -> Response:
    return RedirectResponse(f"/calls/{context.parts['key']}{question_of(context).query()}", 303)


def _page(
    context: RequestContext, record: CallRecord, *, problem: str = "", form: Mapping[str, str] | None = None
) -> Response:
    key, question = record.row.key, question_of(context)
    if context.store.hidden(context.session.reviewer, [key]):
        return blind_page(context, record, problem=problem)
    context = replace(context, words=context.words.knowing(record.verdict.vocabulary))
    unmasked = context.desk.shows(context.session, record)
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
    place = None if problem else opened(context, record, question)
    held = place if place is not None and place.session != context.session.id else None
    return answer(
        context,
        "call.html.j2",
        here="calls",
        status=409 if problem else 200,
        call=call,
        around=Around(*context.store.neighbours(key, filter_of(context, question, free=True), order=question.by)),
        progress=progress(context, key, question),
        settling=settling,
        objections=_objections(context, record),
        place=None if held else place,
        held=held,
        minutes=context.desk.places.minutes(held) if held else 0,
        query=question.query(),
        said=said(context),
        outcomes=OUTCOMES,
        form=proposed(record.verdict) if form is None else sent(record.verdict, form),
        problem=problem,
    )


def _objections(context: RequestContext, record: CallRecord) -> list[ObjectionView]:
    """Those that the reader may know of: who is still to decide is told nothing that others say of the call."""
    me = context.session.reviewer
    own = any(one.counts and same_person(one.reviewer, me) for one in record.decisions)
    is_told = own or context.session.role == "lead"
    return views_of(context.store.objections(call_key=record.row.key), context.words) if is_told else []


def _keep(context: RequestContext) -> Choice:
    """Keep what was sent.

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
    context.store.decide(
        context.parts["key"],
        reviewer=context.session.reviewer,
        choice=choice,
        outcome=label.outcome if label else None,
        violations=label.violations if label else (),
        incidents=label.incidents if label else None,
        note=note_of(form),
        verdict_key=verdict_key,
        says=form.get("says"),
        settles=choice != "not_sure" and settles(context, record, question_of(context)),
    )
    return choice
