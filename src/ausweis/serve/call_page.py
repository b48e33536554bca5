"""The page of one call, and what can be done on it: decide, take that back, unmask, mask again."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Any

from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.facts import Event
from ausweis.judging.harm import found_of
from ausweis.judging.sentences import check_sentence, review_sentence, speaking_sentence
from ausweis.judging.verdict import Check, Verdict
from ausweis.pages.findings import call_view, seen_by
from ausweis.pages.turns import CallMask, marks_of, turn_views
from ausweis.pages.words import Words
from ausweis.policies import Policy
from ausweis.policies.explain import sentences
from ausweis.serve import decision
from ausweis.serve.calibration import left_of
from ausweis.serve.desk import Done, Lease, RequestContext
from ausweis.serve.question import ListQuery
from ausweis.serve.queue import Around, around_of, filter_of, meta_of, question_of, row_view
from ausweis.serve.recordings import recordings
from ausweis.serve.web import answer, number_of, typed_of
from ausweis.store import CalibrationRound, CallRecord, Decision, Objection, RunRow, can_settle, opinion_of, same_person
from ausweis.vocabulary import Language

LONGEST = 12 * 3600
"""Seconds that a page may have been open: a session."""
SURE = 0.95
"""An event that is at least so probable is not what an outcome is unsure for."""
_BROKEN = {"unauthorised_third_party": "third_party", "factor_leaked": "read_out"}
"""Of violations, what in a policy they break, besides levels and actions."""


def shown_call(
    record: CallRecord, words: Words, *, reviewer: str, agents: bool, unmasked: bool, settling: bool = False
) -> dict[str, Any]:
    """What a page shows of a call to a reviewer; who is `settling` sees what the others say.

    `moments`: findings of one moment together, the worst first; `checks`, each with why it failed; `hidden`: how many
    others have decided, unseen until the reader has; `compared`: what the reader heard before they saw all this.
    """
    view = call_view(record, words, masked=not unmasked, reviewer=reviewer)
    seen, draft = seen_by(record, reviewer, settling=settling), decision.draft_of(record, reviewer)
    row = row_view(record.row, words, found_of(record.verdict), agents=agents)
    moments = [list(moment) for _, moment in groupby(view.findings, key=lambda one: (one.moment, one.state))]
    verdict, known, doubt = record.verdict, record.verdict.vocabulary, doubt_of(record)
    return {
        **recordings(record),
        "record": record,
        "meta": row.meta,
        "row": replace(row, right="") if seen.hidden or any(one.secret for one in record.decisions) else row,
        "moments": moments,
        "sentence": view.worst.why if view.worst else "",
        "first_turn": moments[0][0].turn if moments else doubt and doubt[0],
        "first_second": next((moment[0].start for moment in moments if moment[0].start is not None), None),
        "doubt": doubt,
        "review": [review_sentence(one, words.language, known, view.mask.quote) for one in verdict.review_reasons],
        "checks": [(check, _told(check, verdict, words)) for check in verdict.checks],
        "about": list(_about(record, words)),
        "turns": turn_views(record.call, marks_of(verdict, record.facts), view.mask),
        "unmasked": unmasked,
        "decisions": [*seen.decisions, *([draft] if draft else [])],
        "mine": {one.key for one in seen.decisions if one.counts and same_person(one.reviewer, reviewer)},
        "hidden": seen.hidden,
        "compared": decision.compared(record, reviewer, words),
    }


def doubt_of(record: CallRecord) -> tuple[int, Event | None] | None:
    """The turn that an unsure outcome hangs on, and the event that was read there least surely."""
    if not record.verdict.needs_review:
        return None
    named = [turn for reason in record.verdict.review_reasons for turn in getattr(reason, "turns", ())]
    unsure = [one for one in record.facts.events if one.probability < SURE and (not named or one.turn in named)]
    event = min(unsure, key=lambda one: abs(one.probability - 0.5), default=None)
    if event is not None:
        return event.turn, event
    return (named[0], None) if named else None


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
    yield "risk", words.percent(record.verdict.risk)
    yield "confidence", words.percent(record.verdict.confidence)
    yield "policy", _policy(run)
    yield "model", run.model.id
    if run.prompts:
        yield "prompts", ", ".join(f"{prompt.id}@{prompt.version}" for prompt in run.prompts)
    yield "run", f"{words.moment(run.started)}, ausweis {run.ausweis}, {words.word(run.strategy)}"


def _policy(run: RunRow) -> str:
    return f"{run.policy_title or run.policy.id} ({run.policy.id} {run.policy.version})"


def call_page(context: RequestContext) -> Response:
    """The call, in its place in the queue."""
    return _page(context, _record(context))


def decide(context: RequestContext) -> Response:
    """Keep what was decided, then go on to the next call; what cannot be kept is given back, filled in.

    A call that was heard without its verdict is shown beside it first.
    """
    key, question, form = context.parts["key"], question_of(context), context.form
    if form.get("choice") == "add":
        return resume(context)
    record = _record(context)
    session = context.store.calibrates(context.session.reviewer, key)
    # Before deciding: a call that is decided may not be in this queue any more.
    after = around_of(context, key, question).after
    try:
        decision.keep_once(context, lambda: _keep(context, record))
    except StoreError as error:
        here = replace(context, path=f"/calls/{key}", query=question.query())
        return _page(here, _record(context), problem=context.words.error(error), form=form)
    context.desk.leases.leave(key, context.session)
    if session is not None:
        left = left_of(context, session)
        after = next((one for one in left if one > key), left[0] if left else None)
        return RedirectResponse(f"/calls/{after}" if after else f"/calibrations/{session.key}?heard=1", 303)
    if "blind" in form:
        return RedirectResponse(f"/calls/{key}{question.query()}", 303)
    query = _with(question.query(), f"done={key}")
    return RedirectResponse(f"/calls/{after}{query}" if after is not None else f"/{query}", 303)


def _keep(context: RequestContext, record: CallRecord) -> Done:
    """Keep what was sent: what was decided by that."""
    form, key = context.form, record.row.key
    verdict_key, choice = number_of(form.get("verdict_key", "")), form.get("choice", "")
    if choice not in ("done", "not_sure") or verdict_key is None:
        raise StoreError("what was decided is missing", code="choice_missing")
    is_blind, is_sure = "blind" in form, choice == "done"
    opened = opened_of(form)
    label = decision.label_of(decision.sent(record, form, is_blind=is_blind)) if is_sure else {}
    made = context.store.hear(
        key,
        reviewer=context.session.reviewer,
        **label,
        is_sure=is_sure,
        asked=decision.asked_about(record) if is_blind else None,
        note=decision.note_of(form),
        coaching="coaching" in form,
        verdict_key=verdict_key,
        says=form.get("says"),
        seconds=time.time() - opened if is_blind and opened else None,
        settles=settles(context, record),
    )
    return Done(key, made.key, made.choice)


def opened_of(form: Mapping[str, str]) -> int:
    """When the page was opened; 0 where that is unknown, or cannot be."""
    opened = number_of(form.get("opened", "")) or 0
    return opened if 0 <= time.time() - opened <= LONGEST else 0


def resume(context: RequestContext, *, problem: str = "", status: int = 200) -> Response:
    """The call with a form that was typed and not kept: more is to be added, or nobody was signed in."""
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
        draft = decision.draft_of(record, context.session.reviewer)
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
    return back(context)


def mask_again(context: RequestContext) -> Response:
    """Mask it again."""
    context.desk.unmasked.pop((context.session.id, context.parts["key"]), None)
    return back(context)


def _record(context: RequestContext) -> CallRecord:
    return context.store.record(context.parts["key"])


def _with(query: str, more: str) -> str:
    return f"{query}&{more}" if query else f"?{more}"


def back(context: RequestContext) -> Response:
    """The call, the form as it was typed; also for whoever asks once more for an address that forms alone go to."""
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
    """The call, or its text alone where the reader is to hear it before its verdict.

    `form`: what was sent and was not kept, with the `status` of that answer.
    """
    key, question, me = record.row.key, question_of(context), context.session.reviewer
    session = context.store.calibrates(me, key)
    is_blind = bool(context.store.hidden(me, [key]))
    context = replace(context, words=context.words.knowing(record.verdict.vocabulary))
    unmasked, settling = context.desk.shows(context.session, record), settles(context, record)
    if is_blind:
        call = heard_call(context, record, unmasked=unmasked)
    else:
        call = shown_call(
            record, context.words, reviewer=me, agents=context.desk.agents, unmasked=unmasked, settling=settling
        )
    draft, own = decision.draft_of(record, me), own_word(context, record, session)
    if form is not None:
        ticked = decision.sent(record, form, is_blind=is_blind)
    else:
        ticked = decision.form_of(record, own or draft, others=call["decisions"], is_blind=is_blind)
    # A form that is given back is shown as it was sent, whoever is at the call by now.
    lease = None if problem or form or session else opened(context, record, question)
    held = lease if lease is not None and lease.session != context.session.id else None
    objections = [] if is_blind else _objections(context, record)
    leads = context.session.role == "lead"
    around, left = _place(context, record, question, session)
    return answer(
        context,
        "call.html.j2",
        here="today",
        status=status if problem or form else 200,
        problem=problem,
        call=call,
        query=question.query(),
        blind=is_blind,
        lease=None if held else lease,
        held=held,
        minutes=context.desk.leases.minutes(held) if held else 0,
        around=around,
        left=left,
        settling=settling,
        objections=objections,
        said=decision.said_of(context, question.query()),
        notice=_notice(context, draft, objections),
        once=secrets.token_urlsafe(9),
        reasons=decision.REASONS,
        rules=rules_of(record.run, context.words, None if is_blind else record.verdict),
        form=ticked,
        opened=opened_of(form or {}) or int(time.time()),
        own=own,
        calibration=session,
        # Those that a lead may add the call to.
        calibrations=[one for one in context.store.calibrations() if one.state == "prepared"] if leads else (),
    )


def _notice(context: RequestContext, draft: Decision | None, objections: Sequence[Objection]) -> str:
    """What was done on the way here, in words: a decision taken back, an objection recorded."""
    if draft is not None and "undone" in context.asked:
        return context.words.text("undone")
    raised = next((one for one in objections if one.is_open and "objected" in context.asked), None)
    return context.words.text("objection_raised", day=context.words.day(raised.deadline)) if raised else ""


def _place(
    context: RequestContext, record: CallRecord, question: ListQuery, session: CalibrationRound | None
) -> tuple[Around, str]:
    """The calls around one in its list or session, and how many are left there, in words.

    Of a list that is only looked at nothing is said, nor of a search, which takes long.
    """
    key = record.row.key
    if session is not None:
        at, last = session.calls.index(key), len(session.calls) - 1
        around = Around(session.calls[at - 1] if at else None, session.calls[at + 1] if at < last else None)
        return around, context.words.count("calibration_left", len(left_of(context, session)))
    is_told = not question.q and question.show not in ("decided", "all")
    count = context.store.count(filter_of(context, question)) if is_told else 0
    left = context.words.text("place_left", total=context.words.number(count)) if count else ""
    return around_of(context, key, question), left


def heard_call(context: RequestContext, record: CallRecord, *, unmasked: bool) -> dict[str, Any]:
    """What is shown of a call whose verdict is hidden: nothing that it says."""
    words, row = context.words, record.row
    # An amount that is not masked would tell that an incident is about it.
    plain = replace(record, verdict=record.verdict.model_copy(update={"incidents": ()}))
    mask = CallMask(plain, words.language, masked=not unmasked, known=record.masks)
    about = [("direction", words.word(row.direction))] if row.direction else []
    return {
        **recordings(record),
        "record": record,
        "meta": meta_of(row, words, agents=context.desk.agents),
        "about": [*about, ("policy", _policy(record.run))],
        "turns": turn_views(record.call, {}, mask),
        "unmasked": unmasked,
        **dict.fromkeys(("sentence", "first_turn", "first_second", "hidden")),
        "decisions": (),
    }


def _objections(context: RequestContext, record: CallRecord) -> list[Objection]:
    """Those that the reader may know of: who is still to decide is told nothing that others say of the call."""
    is_told = own_word(context, record, None) is not None or context.session.role == "lead"
    return context.store.objections(call_key=record.row.key) if is_told else []


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


def rules_of(run: RunRow, words: Words, verdict: Verdict | None = None) -> dict[str, Any] | None:
    """The policy of a run in the language of the page, as `rules.html.j2` shows it; None where the store has it not.

    `title`, with id and version; `rules`: sentences, each with whether it concerns the call of `verdict`, which is not
    given while it is hidden.
    """
    if run.rules is None:
        return None
    actions = verdict.actions if verdict else ()
    about = {pair for one in actions for pair in (("level", one.level), ("action", one.category))}
    broken = {_BROKEN.get(one.type) for one in verdict.violations} if verdict else set()
    told = _rules(run.rules, words.language)
    return {"title": _policy(run), "rules": [(text, key in about or key[0] in broken) for key, text in told]}


@lru_cache(maxsize=32)
def _rules(rules: str, language: Language) -> tuple[tuple[tuple[str, str], str], ...]:
    """What a policy says, but for its name."""
    return tuple(sentences(Policy.model_validate_json(rules), language))[1:]
