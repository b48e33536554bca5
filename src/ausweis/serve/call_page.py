"""The page of one call, and what can be done on it: decide, unmask, mask again."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.serve.call_view import call_view
from ausweis.serve.decision import CHOICES, label_of, note_of, proposed, sent
from ausweis.serve.desk import Visit
from ausweis.serve.masks import UNMASKED
from ausweis.serve.queue import question_of
from ausweis.serve.rendering import answer
from ausweis.store import CallRecord, Choice
from ausweis.vocabulary import OUTCOMES

__all__ = ["call_page", "decide", "mask_again", "unmask"]


class Around(NamedTuple):
    """The calls before and after this one in the queue that it was opened from."""

    before: int | None
    after: int | None


class Said(NamedTuple):
    """What has just been done, and a link to have another look at it."""

    text: str
    address: str
    link: str


def call_page(visit: Visit) -> Response:
    """The call, in its place in the queue."""
    return _page(visit, _record(visit))


def decide(visit: Visit) -> Response:
    """Keep the decision, then go on to the next call of the queue; what cannot be kept is given back, filled in.

    Raises:
        StoreError: there is no such call any more.
    """
    key, question, form = visit.parts["key"], question_of(visit), visit.form
    # Before deciding: a call that is decided may not be in this queue any more.
    after = visit.store.neighbours(key, question.filter, order=question.by)[1]
    try:
        choice = _keep(visit)
    except StoreError as error:
        here = replace(visit, path=f"/calls/{key}", query=question.query())
        return _page(here, _record(visit), problem=error.message, form=form)
    done = f"done={key}&choice={choice}"
    query = f"{question.query()}&{done}" if question.query() else f"?{done}"
    return RedirectResponse(f"/calls/{after}{query}" if after is not None else f"/{query}", 303)


def unmask(visit: Visit) -> Response:
    """Show personal data of this call in this session. The chain says who asked for it."""
    record = _record(visit)
    visit.store.log("unmasked", who=visit.session.reviewer, key=record.row.key)
    visit.desk.unmasked[visit.session.id, record.row.key] = record.says
    return _back(visit)


def mask_again(visit: Visit) -> Response:
    """Mask it again."""
    visit.desk.unmasked.pop((visit.session.id, visit.parts["key"]), None)
    return _back(visit)


def said(visit: Visit) -> Said | None:
    """What the address says has just been done."""
    key, choice = visit.asked.get("done", ""), visit.asked.get("choice", "")
    if choice not in CHOICES or not re.fullmatch(r"\d{1,15}", key):
        return None
    text = visit.words.text("done", choice=visit.words.word(choice))
    return Said(text, f"/calls/{key}{question_of(visit).query()}", visit.words.text("look_again"))


def _record(visit: Visit) -> CallRecord:
    return visit.store.record(visit.parts["key"])


def _back(visit: Visit) -> Response:
    return RedirectResponse(f"/calls/{visit.parts['key']}{question_of(visit).query()}", 303)


def _page(visit: Visit, record: CallRecord, *, problem: str = "", form: Mapping[str, str] | None = None) -> Response:
    key, question = record.row.key, question_of(visit)
    unmasked = visit.desk.unmasked.get((visit.session.id, key)) == record.says
    mask = UNMASKED if unmasked else visit.desk.masking(record, visit.words.language)
    call = call_view(
        record, visit.words, mask, reviewer=visit.session.reviewer, agents=visit.desk.agents, unmasked=unmasked
    )
    return answer(
        visit,
        "call.html.j2",
        here="queue",
        status=409 if problem else 200,
        call=call,
        around=Around(*visit.store.neighbours(key, question.filter, order=question.by)),
        query=question.query(),
        said=said(visit),
        outcomes=OUTCOMES,
        form=proposed(record.verdict) if form is None else sent(record.verdict, form),
        problem=problem,
    )


def _keep(visit: Visit) -> Choice:
    """Keep what was sent.

    Raises:
        StoreError: the verdict, or the text, says something else by now, or the label is none.
    """
    form, words = visit.form, visit.words
    choice = CHOICES.get(form.get("choice", ""))
    if choice is None or not re.fullmatch(r"\d{1,15}", form.get("verdict_key", "")):
        raise StoreError(words.text("choice_missing"))
    label = label_of(form, words) if choice == "overrule" else None
    visit.store.decide(
        visit.parts["key"],
        reviewer=visit.session.reviewer,
        choice=choice,
        outcome=label.outcome if label else None,
        violations=label.violations if label else (),
        incidents=label.incidents if label else None,
        note=note_of(form, words),
        verdict_key=int(form["verdict_key"]),
        says=form.get("says"),
    )
    return choice
