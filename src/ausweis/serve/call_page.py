"""The page of one call, and what can be done on it: decide, take that back, unmask, mask again."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.judging.harm import found_of
from ausweis.judging.sentences import check_sentence, review_sentence, speaking_sentence
from ausweis.judging.verdict import Check, Verdict
from ausweis.pages.findings import call_view, seen_by
from ausweis.pages.turns import marks_of, turn_views
from ausweis.pages.words import Words
from ausweis.serve.blind import blind_page, heard_form
from ausweis.serve.decision import (
    CHOICES,
    again,
    compared,
    draft_of,
    keep_once,
    label_of,
    note_of,
    proposed,
    said_of,
    sent,
)
from ausweis.serve.desk import Done, RequestContext
from ausweis.serve.queue import around_of, question_of, row_view
from ausweis.serve.recordings import recordings
from ausweis.serve.web import answer, number_of, typed_of
from ausweis.serve.working import at_call, progress, settles
from ausweis.store import CallRecord, Objection, same_person
from ausweis.vocabulary import OUTCOMES

__all__ = ["call_page", "decide", "form_page", "mask_again", "resume", "shown_call", "unmask", "withdraw"]


def shown_call(
    record: CallRecord, words: Words, *, reviewer: str, agents: bool, unmasked: bool, settling: bool = False
) -> dict[str, Any]:
    """What a page shows of a call to a reviewer; who is `settling` sees what the others say.

    `moments`: findings of one moment together, the worst first; `checks`, each with why it failed; `hidden`: how many
    others have decided, unseen until the reader has; `compared`: what the reader heard before they saw all this.
    """
    view = call_view(record, words, masked=not unmasked, reviewer=reviewer)
    seen, draft = seen_by(record, reviewer, settling=settling), draft_of(record, reviewer)
    row = row_view(record.row, words, found_of(record.verdict), agents=agents)
    moments = [list(moment) for _, moment in groupby(view.findings, key=lambda one: (one.moment, one.state))]
    verdict, known = record.verdict, record.verdict.vocabulary
    return {
        **recordings(record),
        "record": record,
        "row": replace(row, right="") if seen.hidden or any(one.secret for one in record.decisions) else row,
        "moments": moments,
        "first_turn": moments[0][0].turn if moments else None,
        "first_second": next((moment[0].start for moment in moments if moment[0].start is not None), None),
        "review": [review_sentence(one, words.language, known, view.mask.quote) for one in verdict.review_reasons],
        "checks": [(check, _told(check, verdict, words)) for check in verdict.checks],
        "about": list(_about(record, words)),
        "turns": turn_views(record.call, marks_of(verdict, record.facts), view.mask),
        "unmasked": unmasked,
        "decisions": [*seen.decisions, *([draft] if draft else [])],
        "mine": {one.key for one in seen.decisions if one.counts and same_person(one.reviewer, reviewer)},
        "hidden": seen.hidden,
        "compared": compared(record, reviewer, words),
    }


def _told(check: Check, verdict: Verdict, words: Words) -> str:
    """Why the check failed or is unclear, unless a finding says the same already."""
    known = check.result == "fail" and verdict.violations
    return check_sentence(check, words.language) if check.result in ("fail", "unclear") and not known else ""


def _about(record: CallRecord, words: Words) -> Iterator[tuple[str, str]]:
    row, run = record.row, record.run
    spoken = speaking_sentence(record.facts, record.verdict, words.language)
    yield "caller", "; ".join(filter(None, (words.word(record.verdict.caller), spoken)))
    if row.direction:
        yield "direction", words.word(row.direction)
    yield "policy", f"{run.policy_title or run.policy.id} ({run.policy.id} {run.policy.version})"
    yield "model", run.model.id
    if run.prompts:
        yield "prompts", ", ".join(f"{prompt.id}@{prompt.version}" for prompt in run.prompts)
    yield "run", f"{words.moment(run.started)}, ausweis {run.ausweis}, {words.word(run.strategy)}"


def call_page(context: RequestContext) -> Response:
    """The call, in its place in the queue."""
    return _page(context, _record(context))


def decide(context: RequestContext) -> Response:
    """Keep the decision, then go on to the next call of the queue; what cannot be kept is given back, filled in."""
    key, question, form = context.parts["key"], question_of(context), context.form
    # Before deciding: a call that is decided may not be in this queue any more.
    after = around_of(context, key, question).after
    try:
        keep_once(context, lambda: _keep(context))
    except StoreError as error:
        here = replace(context, path=f"/calls/{key}", query=question.query())
        return _page(here, _record(context), problem=context.words.error(error), form=form)
    context.desk.leases.leave(key, context.session)
    query = _with(question.query(), f"done={key}")
    return RedirectResponse(f"/calls/{after}{query}" if after is not None else f"/{query}", 303)


def form_page(context: RequestContext) -> Response:
    """The call, for whoever asks once more for an address that forms alone are sent to."""
    return _back(context)


def resume(context: RequestContext, *, problem: str = "", status: int = 200) -> Response:
    """The call with a form that was typed and not kept: nobody was signed in, or another language was wanted."""
    here = replace(context, path=f"/calls/{context.parts['key']}", query=question_of(context).query())
    return _page(here, _record(context), problem=problem, form=typed_of(context.form), status=status)


def withdraw(context: RequestContext) -> Response:
    """Take an own decision back, then show the call, the form as it was sent."""
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
    leads = context.session.role == "lead"
    call = shown_call(
        record,
        context.words,
        reviewer=context.session.reviewer,
        agents=context.desk.agents,
        unmasked=unmasked,
        settling=settling,
    )
    return answer(
        context,
        "call.html.j2",
        here="calls",
        call=call,
        around=around_of(context, key, question),
        progress=progress(context, key, question),
        settling=settling,
        objections=_objections(context, record),
        # On the call itself its decision is taken back where it stands.
        said=said if said is None or said.call_key != key else None,
        last=said and said.decision_key,
        undone=draft is not None and "undone" in context.asked,
        outcomes=OUTCOMES,
        form=first if form is None else sent(record, form),
        calibration=session,
        # Those that a lead may add the call to.
        calibrations=[one for one in context.store.calibrations() if one.state == "prepared"] if leads else [],
        **at_call(context, record, question, problem=problem, given_back=bool(form), status=status),
        **heard_form(context, record, session, form if session else None),
    )


def _objections(context: RequestContext, record: CallRecord) -> list[Objection]:
    """Those that the reader may know of: who is still to decide is told nothing that others say of the call."""
    me = context.session.reviewer
    own = any(one.counts and same_person(one.reviewer, me) for one in record.decisions)
    is_told = own or context.session.role == "lead"
    return context.store.objections(call_key=record.row.key) if is_told else []


def _keep(context: RequestContext) -> Done:
    """Keep what was sent: what was decided by that."""
    form = context.form
    choice = CHOICES.get(form.get("choice", ""))
    if choice is None:
        raise StoreError("what was decided is missing", code="choice_missing")
    label = label_of(form, given=choice == "overrule")
    record = _record(context)
    made = context.store.decide(
        context.parts["key"],
        reviewer=context.session.reviewer,
        choice=choice,
        **label,
        note=note_of(form),
        coaching="coaching" in form,
        settles=choice != "not_sure" and settles(context, record, question_of(context)),
    )
    return Done(context.parts["key"], made.key, choice)
