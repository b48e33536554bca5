"""The page of a call whose verdict its reader must not see yet: the call alone, and a form for what she heard."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.serve.call_view import DecisionView, recordings
from ausweis.serve.decision import label_of, note_of, verdict_key_of
from ausweis.serve.desk import Done, RequestContext
from ausweis.serve.queue import Around, filter_of, meta_of, question_of
from ausweis.serve.rendering import answer
from ausweis.serve.said import keep_once, said_of
from ausweis.serve.working import opened, progress
from ausweis.store import CallRecord
from ausweis.views.masks import CallMask
from ausweis.views.turns import TurnView, turn_views
from ausweis.views.words import Words
from ausweis.vocabulary import INCIDENTS, OUTCOMES, VIOLATIONS

__all__ = ["NOT_SURE", "BlindCall", "asked_about", "blind_page", "hear"]

NOT_SURE = "not_sure"
LONGEST = 12 * 3600
"""Seconds that a page may have been open: a session."""


@dataclass(frozen=True)
class BlindCall:
    """What is shown of a call: nothing that its verdict says. `about`: name and value of what else is known of it."""

    record: CallRecord
    meta: Sequence[str]
    about: Sequence[tuple[str, str]]
    turns: Sequence[TurnView]
    audio: Sequence[str]
    gone: bool
    unmasked: bool
    decisions: Sequence[DecisionView] = ()


@dataclass(frozen=True)
class BlindForm:
    """The fields of the form as they stand, with the turns as text. `opened`: when the page was, since 1970."""

    outcome: str
    types: Sequence[tuple[str, str]]
    kinds: Sequence[tuple[str, str]]
    note: str
    opened: int
    unsent: bool


def blind_page(
    context: RequestContext,
    record: CallRecord,
    *,
    problem: str = "",
    form: Mapping[str, str] | None = None,
    status: int = 409,
) -> Response:
    """The call without its verdict. `form`: what was sent and was not kept, with the `status` of that answer."""
    key, question, sent = record.row.key, question_of(context), form or {}
    which = filter_of(context, question, free=True)
    # What cannot be kept is given back, whoever is there by now.
    place = None if problem or form else opened(context, record, question)
    held = place if place is not None and place.session != context.session.id else None
    return answer(
        context,
        "blind.html.j2",
        here="sample",
        status=status if problem or form else 200,
        call=_call(context, record),
        around=Around(*context.store.neighbours(key, which, order=question.by)),
        progress=progress(context, key, question),
        place=None if held else place,
        held=held,
        minutes=context.desk.places.minutes(held) if held else 0,
        query=question.query(),
        said=said_of(context, question.query()),
        once=secrets.token_urlsafe(9),
        outcomes=(*OUTCOMES, NOT_SURE),
        form=BlindForm(
            outcome=sent.get("outcome", ""),
            types=[(kind, sent.get(kind, "")) for kind in VIOLATIONS],
            kinds=[(kind, sent.get(kind, "")) for kind in asked_about(record)],
            note=sent.get("note", ""),
            opened=_opened(sent) or int(time.time()),
            unsent=bool(sent),
        ),
        problem=problem,
    )


def hear(context: RequestContext) -> Response:
    """Keep what the reviewer heard, then show it beside the verdict; what cannot be kept is given back, filled in.

    Raises:
        StoreError: there is no such call any more.
    """
    key, question = context.parts["key"], question_of(context)
    record = context.store.record(key)
    try:
        keep_once(context, lambda: _keep(context, record))
    except StoreError as error:
        here = replace(context, path=f"/calls/{key}", query=question.query())
        return blind_page(here, context.store.record(key), problem=context.words.error(error), form=context.form)
    context.desk.places.leave(key, context.session)
    return RedirectResponse(f"/calls/{key}{question.query()}", 303)


def asked_about(record: CallRecord) -> tuple[str, ...]:
    """The kinds of incidents that were looked for when the call was read."""
    looked_for = record.facts.looked_for if record.facts else ()
    return tuple(kind for kind in INCIDENTS if kind in looked_for)


def _keep(context: RequestContext, record: CallRecord) -> Done:
    """Keep what was sent: what was decided by that.

    Raises:
        StoreError: the verdict, or the text, says something else by now, or what was sent is no label.
    """
    form = context.form
    asked = asked_about(record)
    given = {name: value for name, value in form.items() if name not in INCIDENTS or name in asked}
    if form.get("outcome") not in (*OUTCOMES, NOT_SURE):
        raise StoreError("what was heard is missing", code="heard_missing")
    label = None if form["outcome"] == NOT_SURE else label_of(given)
    opened = _opened(form)
    made = context.store.hear(
        record.row.key,
        reviewer=context.session.reviewer,
        outcome=label.outcome if label else None,
        violations=label.violations if label else (),
        incidents=label.incidents if label else (),
        asked=asked,
        note=note_of(form),
        verdict_key=verdict_key_of(form),
        says=form.get("says"),
        seconds=time.time() - opened if opened else None,
    )
    return Done(record.row.key, made.key, made.choice)


def _opened(form: Mapping[str, str]) -> int:
    """When the page was opened; 0 where that is unknown, or cannot be."""
    text = form.get("opened", "")
    opened = int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else 0
    return opened if 0 <= time.time() - opened <= LONGEST else 0


def _call(context: RequestContext, record: CallRecord) -> BlindCall:
    words, unmasked = context.words, context.desk.shows(context.session, record)
    # An amount that is not masked would tell that an incident is about it.
    plain = replace(record, verdict=record.verdict.model_copy(update={"incidents": ()}))
    mask = CallMask(plain, words.language, masked=not unmasked, known=record.masks)
    audio, gone = recordings(record)
    return BlindCall(
        record=record,
        meta=meta_of(record.row, words, agents=context.desk.agents),
        about=_about(record, words),
        # Of a call without text, quotes are all that is known: of what was found.
        turns=turn_views(record.call, {}, mask) if record.call else (),
        audio=audio,
        gone=gone,
        unmasked=unmasked,
    )


def _about(record: CallRecord, words: Words) -> list[tuple[str, str]]:
    policy = record.run.policy
    direction = record.row.direction
    known = [("direction", words.word(direction))] if direction else []
    return [*known, ("policy", f"{record.run.policy_title or policy.id} ({policy.id} {policy.version})")]
