"""The page of a call whose verdict its reader must not see yet."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.pages.turns import CallMask, turn_views
from ausweis.pages.words import Words
from ausweis.serve.calibration import left_of
from ausweis.serve.decision import draft_of, keep_once, label_of, note_of, said_at, said_of
from ausweis.serve.desk import Done, RequestContext
from ausweis.serve.queue import Around, around_of, meta_of, question_of
from ausweis.serve.recordings import recordings
from ausweis.serve.web import answer, number_of
from ausweis.serve.working import at_call, progress
from ausweis.store import CalibrationRound, CallRecord, Decision, opinion_of
from ausweis.vocabulary import INCIDENTS, OUTCOMES, VIOLATIONS

__all__ = ["blind_page", "hear", "heard_form"]

NOT_SURE = "not_sure"
LONGEST = 12 * 3600
"""Seconds that a page may have been open: a session."""


def blind_page(
    context: RequestContext,
    record: CallRecord,
    session: CalibrationRound | None = None,
    *,
    problem: str = "",
    form: Mapping[str, str] | None = None,
    status: int = 409,
) -> Response:
    """The call without its verdict, in the sample or in a calibration session.

    `form`: what was sent and was not kept, with the `status` of that answer.
    """
    key, question = record.row.key, question_of(context)
    return answer(
        context,
        "blind.html.j2",
        here="calibration" if session else "sample",
        call=_call(context, record),
        around=around_in(session, key) if session else around_of(context, key, question),
        progress=progress_in(context, session) if session else progress(context, key, question),
        calibration=session,
        said=said_of(context, question.query()),
        **at_call(context, record, question, problem=problem, given_back=bool(form), status=status, leased=not session),
        **heard_form(context, record, session, form),
    )


def heard_form(
    context: RequestContext, record: CallRecord, session: CalibrationRound | None, sent: Mapping[str, str] | None
) -> dict[str, Any]:
    """What the form of what was heard is made of; in a session, as the reader has filled it in before."""
    said = opinion_of(record.decisions, context.session.reviewer, session.key) if session else None
    before = said or (draft_of(record, context.session.reviewer) if session else None)
    given = sent if sent is not None else _given(before) if before else {}
    form = {
        "outcome": given.get("outcome", ""),
        "types": [(kind, given.get(kind, "")) for kind in VIOLATIONS],
        "kinds": [(kind, given.get(kind, "")) for kind in asked_about(record)],
        "note": given.get("note", ""),
        "opened": _opened(given) or int(time.time()),
        "unsent": bool(sent),
    }
    return {"heard": form, "heard_outcomes": (*OUTCOMES, NOT_SURE), "heard_before": said is not None}


def around_in(session: CalibrationRound, key: int) -> Around:
    """The calls before and after this one in a session."""
    place = session.calls.index(key)
    return Around(*(session.calls[one] if 0 <= one < len(session.calls) else None for one in (place - 1, place + 1)))


def progress_in(context: RequestContext, session: CalibrationRound) -> str:
    """How much of a session is left for the reader."""
    return context.words.count("calibration_left", len(left_of(context, session)))


def _given(said: Decision) -> dict[str, str]:
    """What a reviewer said, as the fields that were sent then."""
    turns: dict[str, list[str]] = {}
    for kind, turn in said_at(said):
        turns.setdefault(kind, []).append(str(turn))
    given = {kind: ", ".join(numbers) for kind, numbers in turns.items()}
    return given | {"outcome": said.outcome or NOT_SURE, "note": said.note}


def hear(context: RequestContext) -> Response:
    """Keep what the reviewer heard, then show it beside the verdict; what cannot be kept is given back, filled in."""
    key, question = context.parts["key"], question_of(context)
    record = context.store.record(key)
    session = context.store.calibrates(context.session.reviewer, key)
    try:
        keep_once(context, lambda: _keep(context, record))
    except StoreError as error:
        here = replace(context, path=f"/calls/{key}", query=question.query())
        problem = context.words.error(error)
        return blind_page(here, context.store.record(key), session, problem=problem, form=context.form)
    context.desk.leases.leave(key, context.session)
    if session is None:
        return RedirectResponse(f"/calls/{key}{question.query()}", 303)
    left = left_of(context, session)
    onward = next((one for one in left if one > key), left[0] if left else None)
    return RedirectResponse(f"/calls/{onward}" if onward else f"/calibrations/{session.key}?heard=1", 303)


def asked_about(record: CallRecord) -> tuple[str, ...]:
    """The kinds of incidents that were looked for when the call was read."""
    return tuple(kind for kind in INCIDENTS if kind in record.facts.looked_for)


def _keep(context: RequestContext, record: CallRecord) -> Done:
    """Keep what was sent: what was decided by that."""
    form = context.form
    asked = asked_about(record)
    given = {name: value for name, value in form.items() if name not in INCIDENTS or name in asked}
    if form.get("outcome") not in (*OUTCOMES, NOT_SURE):
        raise StoreError("what was heard is missing", code="heard_missing")
    label = label_of(given, given=form["outcome"] != NOT_SURE)
    opened = _opened(form)
    made = context.store.hear(
        record.row.key,
        reviewer=context.session.reviewer,
        **label | {"incidents": label["incidents"] or ()},
        asked=asked,
        note=note_of(form),
        seconds=time.time() - opened if opened else None,
    )
    return Done(record.row.key, made.key, made.choice)


def _opened(form: Mapping[str, str]) -> int:
    """When the page was opened; 0 where that is unknown, or cannot be."""
    opened = number_of(form.get("opened", "")) or 0
    return opened if 0 <= time.time() - opened <= LONGEST else 0


def _call(context: RequestContext, record: CallRecord) -> dict[str, Any]:
    """What is shown of a call: nothing that its verdict says."""
    words, unmasked = context.words, context.desk.shows(context.session, record)
    # An amount that is not masked would tell that an incident is about it.
    plain = replace(record, verdict=record.verdict.model_copy(update={"incidents": ()}))
    mask = CallMask(plain, words.language, masked=not unmasked, known=record.masks)
    return {
        **recordings(record),
        "record": record,
        "meta": meta_of(record.row, words, agents=context.desk.agents),
        "about": _about(record, words),
        "turns": turn_views(record.call, {}, mask),
        "unmasked": unmasked,
        "decisions": (),
    }


def _about(record: CallRecord, words: Words) -> list[tuple[str, str]]:
    policy = record.run.policy
    direction = record.row.direction
    known = [("direction", words.word(direction))] if direction else []
    return [*known, ("policy", f"{record.run.policy_title or policy.id} ({policy.id} {policy.version})")]
