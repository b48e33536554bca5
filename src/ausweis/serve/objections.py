"""Objections of the agent's side to findings: recorded, listed by their deadline, ruled on. For leads."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.pages.findings import Finding
from ausweis.pages.words import Words
from ausweis.serve.call_page import own_word, rules_of, shown_call
from ausweis.serve.desk import RequestContext, require_lead
from ausweis.serve.web import answer, date_of, number_of
from ausweis.store import OBJECTION_DAYS, CallRecord, Objection, objected_to

AROUND = 3
"""Turns before and after a finding that the page of an objection shows."""


def objections(context: RequestContext) -> dict[str, Any]:
    """Those that wait, the next deadline first, then those that somebody ruled on; of no call that is hidden yet."""
    known = context.store.objections()
    hidden = context.store.hidden(context.session.reviewer, [one.call.key for one in known])
    seen = [one for one in known if one.call.key not in hidden]
    return {
        "waiting": [one for one in seen if one.is_open],
        "ruled": [one for one in seen if not one.is_open],
        "about": {one.key: _named(one, context.words) for one in seen},
    }


def _named(one: Objection, words: Words) -> str:
    """What an objection is about."""
    return ", ".join(_labels(one.findings, words)) or words.happened(one.call)


def _labels(findings: Iterable[tuple[str, int]], words: Words) -> list[str]:
    return [words.text("label_at", type=words.word(kind), turn=turn) for kind, turn in findings]


def objection_form(context: RequestContext) -> Response:
    """The form that records one about a call."""
    require_lead(context)
    key = context.parts["key"]
    return _to_hear(context, key) or _form(context, context.store.record(key))


def raise_objection(context: RequestContext) -> Response:
    """Record one, then back to the call."""
    require_lead(context)
    key, form, deadline = context.parts["key"], context.form, date_of(context.form.get("deadline", ""))
    # That it is refused tells what was found, too.
    if to_hear := _to_hear(context, key):
        return to_hear
    try:
        if deadline is None:
            raise StoreError("the deadline is no day", code="deadline_wrong")
        context.store.raise_objection(
            key,
            side=form.get("side", ""),
            reason=form.get("reason", "").replace("\r\n", "\n"),
            findings=[at for name, value in form.items() if name.startswith("finding-") and (at := _at(value))],
            by=context.session.reviewer,
            deadline=deadline,
        )
    except StoreError as error:
        return _form(context, context.store.record(key), problem=context.words.error(error))
    return RedirectResponse(f"/calls/{key}?objected=1", 303)


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
    given = {_at(name): form[name] == "yes" for name in form if "@" in name and form[name] in ("yes", "no")}
    try:
        context.store.rule_on_objection(
            found.key,
            holds={at: holds for at, holds in given.items() if at},
            by=context.session.reviewer,
            note=form.get("note", "").replace("\r\n", "\n"),
            verdict_key=number_of(form.get("verdict_key", "")) or 0,
            says=form.get("says"),
        )
    except StoreError as error:
        return _page(context, found, problem=context.words.error(error))
    return RedirectResponse("/settings?open=objections&done=1#objections", 303)


def _at(name: str) -> tuple[str, int] | None:
    """The finding that a field is about: `kind@turn`."""
    kind, _, turn = name.rpartition("@")
    number = number_of(turn)
    return (kind, number) if kind and number is not None else None


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
    call, context = _shown(context, record)
    asked = _at(context.asked.get("about", ""))
    ticked = {_at(value) for name, value in context.form.items() if name.startswith("finding-")} | {asked}
    return answer(
        context,
        "objection_form.html.j2",
        here="settings",
        status=409 if problem else 200,
        problem=problem,
        row=record.row,
        findings=list(_findings(call).values()),
        ticked=ticked,
        form=context.form,
        deadline=context.form.get("deadline") or str(date.today() + timedelta(days=OBJECTION_DAYS)),
    )


def _shown(context: RequestContext, record: CallRecord) -> tuple[dict[str, Any], RequestContext]:
    """A call as a lead sees it, with all that others say of it, and the context that knows its words."""
    context = replace(context, words=context.words.knowing(record.verdict.vocabulary))
    agents, me = context.desk.agents, context.session.reviewer
    return shown_call(record, context.words, reviewer=me, agents=agents, unmasked=False, settling=True), context


def _findings(call: dict[str, Any]) -> dict[tuple[str, int], Finding]:
    """What holds of a call, by kind and turn."""
    return {(one.name, one.turn): one for one in chain.from_iterable(call["moments"]) if one.state != "overruled"}


def _page(context: RequestContext, found: Objection, *, problem: str = "") -> Response:
    record = context.store.record(found.call.key)
    call, context = _shown(context, record)
    held = _findings(call)
    findings = [held[at] for at in objected_to(found, held)]
    near = {turn for one in findings for turn in range(one.turn - AROUND, one.turn + AROUND + 1)}
    return answer(
        context,
        "objection.html.j2",
        here="settings",
        status=409 if problem else 200,
        problem=problem,
        objection=found,
        is_own=own_word(context, record) is not None,
        about=_named(found, context.words),
        withdrawn=_labels(found.withdrawn, context.words),
        call=call,
        findings=findings,
        turns=[turn for turn in call["turns"] if turn.number in near],
        first=next((one.start for one in findings if one.start is not None), None),
        rules=rules_of(record.run, context.words, record.verdict),
        form=context.form,
    )
