"""The page of one call, and what can be done on it: decide, unmask, mask again."""

import re
from typing import NamedTuple

from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.serve.call_view import call_view
from ausweis.serve.desk import Visit
from ausweis.serve.masks import UNMASKED
from ausweis.serve.question import Question
from ausweis.serve.rendering import answer
from ausweis.store import CallRecord, Choice
from ausweis.vocabulary import OUTCOMES, VIOLATIONS, Outcome, ViolationType

__all__ = ["call_page", "decide", "mask_again", "unmask"]

_CHOICES: dict[str, Choice] = {"confirm": "confirm", "overrule": "overrule", "not_sure": "not_sure"}
MAX_NOTE = 2000
MAX_TURN = 10**6


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
    key, question = visit.parts["key"], Question.of(visit.asked)
    record = _record(visit)
    unmasked = (visit.session.id, key) in visit.desk.unmasked
    mask = UNMASKED if unmasked else visit.desk.masking(record.call, record.facts, visit.words.language)
    call = call_view(
        record, visit.words, mask, reviewer=visit.session.reviewer, agents=visit.desk.agents, unmasked=unmasked
    )
    around = Around(*visit.store.neighbours(key, question.filter, order=question.by))
    return answer(
        visit,
        "call.html.j2",
        here="queue",
        call=call,
        around=around,
        query=question.query(),
        said=said(visit),
        outcomes=OUTCOMES,
    )


def decide(visit: Visit) -> Response:
    """Keep the decision, then go on to the next call of the queue.

    Raises:
        StoreError: the verdict has changed meanwhile, or the label is none.
    """
    key, question, form = visit.parts["key"], Question.of(visit.asked), visit.form
    choice = _CHOICES.get(form.get("choice", ""))
    verdict_key = form.get("verdict_key", "")
    if choice is None or not re.fullmatch(r"\d{1,15}", verdict_key):
        raise StoreError(visit.words.text("choice_missing"))
    outcome, violations = _label(visit) if choice == "overrule" else (None, [])
    # Before deciding: a call that is decided may not be in this queue any more.
    after = visit.store.neighbours(key, question.filter, order=question.by)[1]
    visit.store.decide(
        key,
        reviewer=visit.session.reviewer,
        choice=choice,
        outcome=outcome,
        violations=violations,
        note=form.get("note", "").strip()[:MAX_NOTE],
        verdict_key=int(verdict_key),
    )
    done = f"done={key}&choice={choice}"
    query = f"{question.query()}&{done}" if question.query() else f"?{done}"
    return RedirectResponse(f"/calls/{after}{query}" if after is not None else f"/{query}", 303)


def unmask(visit: Visit) -> Response:
    """Show personal data of this call in this session. The chain says who asked for it."""
    record = _record(visit)
    visit.store.log("unmasked", who=visit.session.reviewer, key=record.row.key)
    visit.desk.unmasked.add((visit.session.id, record.row.key))
    return _back(visit)


def mask_again(visit: Visit) -> Response:
    """Mask it again."""
    visit.desk.unmasked.discard((visit.session.id, visit.parts["key"]))
    return _back(visit)


def said(visit: Visit) -> Said | None:
    """What the address says has just been done."""
    key, choice = visit.asked.get("done", ""), visit.asked.get("choice", "")
    if choice not in _CHOICES or not re.fullmatch(r"\d{1,15}", key):
        return None
    text = visit.words.text("done", choice=visit.words.word(choice))
    return Said(text, f"/calls/{key}{Question.of(visit.asked).query()}", visit.words.text("look_again"))


def _record(visit: Visit) -> CallRecord:
    return visit.store.record(visit.parts["key"])


def _back(visit: Visit) -> Response:
    return RedirectResponse(f"/calls/{visit.parts['key']}{Question.of(visit.asked).query()}", 303)


def _label(visit: Visit) -> tuple[Outcome, list[tuple[ViolationType, int]]]:
    """The right label; turns of violations count only where the outcome is a violation.

    Raises:
        StoreError: there is no outcome, a turn is no number, or a violation has no turn.
    """
    outcome = next((one for one in OUTCOMES if one == visit.form.get("outcome")), None)
    if outcome is None:
        raise StoreError(visit.words.text("outcome_missing"))
    found: list[tuple[ViolationType, int]] = []
    for kind in VIOLATIONS if outcome == "violation" else ():
        for turn in re.split(r"[,\s]+", visit.form.get(kind, "").strip()):
            if turn and not (re.fullmatch(r"[0-9]{1,7}", turn) and 1 <= int(turn) <= MAX_TURN):
                raise StoreError(visit.words.text("turn_wrong", type=visit.words.word(kind)))
            if turn:
                found.append((kind, int(turn)))
    if outcome == "violation" and not found:
        raise StoreError(visit.words.text("violation_missing"))
    return outcome, found
