"""Calibration sessions: prepared, decided, closed, and what was said in them side by side."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.pages.words import Words
from ausweis.serve.decision import compared_lines, said_at
from ausweis.serve.desk import RequestContext, require_lead
from ausweis.serve.queue import meta_of, row_views
from ausweis.serve.web import answer, dates_of, number_of
from ausweis.store import CalibrationRound, CallRecord, Decision, State, held_label, person_of

MAX_DRAWN = 50
PROPOSED = 5
FEWEST = 3
"""People below which sessions are not offered."""
_STATES = {"prepared": "calibration_prepared", "open": "calibration_open", "closed": "calibration_closed"}


def result_of(context: RequestContext, session: CalibrationRound) -> dict[str, Any]:
    """The result of a session that is closed, the calls about which reviewers differ first.

    `agreed`: of how many of those that `several` decided, outcome, types and incidents are the same.
    """
    said, agreement = context.store.opinions(session.key)
    calls = [_call(context, session, context.store.record(key), given) for key, given in said.items()]
    several = [call for call in calls if call["opinions"] > 1]
    return {
        "calls": sorted(calls, key=lambda call: (call["agreed"], not call["names"], call["key"])),
        "agreement": agreement,
        "agreed": sum(call["agreed"] for call in several),
        "several": len(several),
    }


def _call(
    context: RequestContext, session: CalibrationRound, record: CallRecord, given: Sequence[Decision]
) -> dict[str, Any]:
    words = context.words.knowing(record.verdict.vocabulary)
    # Who is not sure differs from nobody; turns may differ.
    opinions = [(one.outcome, frozenset(name for name, _ in said_at(one))) for one in given if one.outcome is not None]
    return {
        "key": record.row.key,
        "call_id": record.row.call_id,
        "meta": meta_of(record.row, words, agents=context.desk.agents),
        "agreed": len(set(opinions)) < 2,
        "opinions": len(opinions),
        "names": [one.reviewer for one in given],
        "lines": compared_lines(given, record.verdict, words),
        "notes": [(one.reviewer, one.note) for one in given if one.note],
        "holds": _held(held_label(record.decisions), record.row.state, words),
        "in_view": [one.reviewer for one in given if session.hides and not one.blind],
    }


def _held(label: Decision | None, state: State, words: Words) -> str:
    """What the call is by now, in a sentence."""
    if label is None:
        return words.text("calibration_state", state=words.word(state))
    holds = words.label(label) or words.word(label.choice)
    if label.settles:
        return words.text("calibration_settled", holds=holds, name=label.reviewer)
    return words.text("calibration_holds", holds=holds)


def make(context: RequestContext) -> Response:
    """Prepare a session.

    Raises:
        StoreError: fewer than two take part, or name, days or number are none; then nothing is prepared.
    """
    form, store, me, known = context.form, context.store, context.session.reviewer, names(context)
    chosen = [value for name, value in form.items() if name.startswith("reviewer-") and value in known]
    if len(chosen) < 2:
        raise StoreError("at least two people take part", code="calibration_few")
    days, wanted = dates_of(form), number_of(form.get("n", "") or "0")
    # Before it is made: no session without calls is left behind.
    if wanted is None or wanted > MAX_DRAWN or (wanted and days is None):
        raise StoreError("the days or the number of calls are wrong", code="sample_wrong", most=MAX_DRAWN)
    number = store.prepare_calibration(form.get("name", ""), by=me, hides="hides" in form, reviewers=chosen)
    if wanted and days:
        store.draw_calibration(number, *days, wanted, flagged=form.get("of") == "flagged", by=me)
    return RedirectResponse(f"/calibrations/{number}", 303)


def page(context: RequestContext) -> Response:
    """A session: its calls and how far it is, or when it is closed, what was said in it."""
    session = _session(context)
    if session.state == "prepared":
        require_lead(context)
    if session.state == "closed":
        result = result_of(context, session)
        return answer(context, "calibrated.html.j2", here=_menu(context), calibration=session, result=result)
    return _page(context, session)


def drop(context: RequestContext) -> Response:
    """Take a call out."""
    require_lead(context)
    call = number_of(context.form.get("call", ""))
    if call is not None:
        context.store.drop_from_calibration(context.parts["key"], call, by=context.session.reviewer)
    return _back(context)


def start(context: RequestContext) -> Response:
    """Let reviewers see it."""
    require_lead(context)
    context.store.start_calibration(context.parts["key"], by=context.session.reviewer)
    return _back(context)


def close(context: RequestContext) -> Response:
    """Show all what was said."""
    require_lead(context)
    context.store.close_calibration(context.parts["key"], by=context.session.reviewer)
    return _back(context)


def add_call(context: RequestContext) -> Response:
    """Add a call from its page."""
    require_lead(context)
    number = number_of(context.form.get("calibration", ""))
    if number is None:
        raise StoreError("no calibration session is named", code="calibration_gone")
    context.store.add_to_calibration(number, [context.parts["key"]], by=context.session.reviewer)
    return RedirectResponse(f"/calibrations/{number}", 303)


def left_of(context: RequestContext, session: CalibrationRound) -> list[int]:
    """The calls of a session that the reader has yet to decide."""
    done = context.store.calibration_progress(session).get(person_of(context.session.reviewer), set())
    return [key for key in session.calls if key not in done]


def _back(context: RequestContext) -> Response:
    """To the page of the session that the address names."""
    return RedirectResponse(f"/calibrations/{context.parts['key']}", 303)


def _menu(context: RequestContext) -> str:
    return "settings" if context.session.role == "lead" else "today"


def _session(context: RequestContext) -> CalibrationRound:
    """The session that the address names, if the reader may see it."""
    found = [one for one in context.store.calibrations() if one.key == context.parts["key"]]
    if not found or not (context.session.role == "lead" or found[0].asks(context.session.reviewer)):
        raise HTTPException(404)
    return found[0]


def _page(context: RequestContext, session: CalibrationRound) -> Response:
    store, words, me = context.store, context.words, context.session.reviewer
    done = store.calibration_progress(session)
    rows = row_views(context, [store.record(key).row for key in session.calls])
    takes_part = session.state == "open" and session.asks(me)
    left = set(left_of(context, session)) if takes_part else set()
    return answer(
        context,
        "calibration.html.j2",
        here=_menu(context),
        calibration=session,
        state=words.text(_STATES[session.state]),
        how=words.text(_how(session, me)),
        named=", ".join(session.reviewers),
        # Whoever takes part does not read beforehand what the verdict is.
        hides=session.state == "prepared" and session.hides and session.asks(me),
        rows=rows,
        takes_part=takes_part,
        left=left,
        done=[(name, len(done.get(person_of(name), ()))) for name in session.reviewers],
        said=words.text("calibration_heard") if "heard" in context.asked else None,
    )


def _how(session: CalibrationRound, reader: str) -> str:
    """The sentence that says what is to be done in it."""
    if session.state == "prepared":
        return "calibration_prepared_how"
    if session.state == "open" and not session.asks(reader):
        return "calibration_watch"
    return "calibration_why" if session.hides else "calibration_why_seen"


def calibrations(context: RequestContext) -> dict[str, Any]:
    """All sessions, and what the form of a new one needs; `names`: who may be asked, the reader too."""
    words, me, known = context.words, context.session.reviewer, names(context)
    rows = [
        (
            one,
            words.day(date.fromisoformat(one.made[:10])),
            words.text(_STATES[one.state]),
            len(left_of(context, one)) if one.state == "open" and one.asks(me) else None,
        )
        for one in context.store.calibrations()
    ]
    numbers = {"largest": MAX_DRAWN, "proposed": PROPOSED}
    return {"sessions": rows, "names": known, "enough": len(known) >= FEWEST, **numbers}


def own_session(context: RequestContext) -> int | None:
    """The latest session that is open and has calls left for the reader."""
    known = (one for one in context.store.calibrations() if one.state == "open" and one.asks(context.session.reviewer))
    return next((one.key for one in known if left_of(context, one)), None)


def names(context: RequestContext) -> list[str]:
    """Who may be asked: all names that are known, each person once, but for those who are let in no more."""
    gone = {person_of(one.name) for one in context.store.reviewers() if one.withdrawn}
    every = [*context.store.known_names(), context.session.reviewer]
    known = {person_of(name): name for name in reversed(every)}
    return sorted((name for person, name in known.items() if person not in gone), key=str.casefold)
