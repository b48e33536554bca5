"""A sheet of paper about one call, for the talk with its agent: findings, what is right, room for notes."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from starlette.responses import HTMLResponse, RedirectResponse, Response

from ausweis.calls.call import Call
from ausweis.judging.sentences import review_sentence
from ausweis.serve.desk import RequestContext
from ausweis.serve.queue import question_of
from ausweis.serve.rendering import render
from ausweis.store import CallRecord, Decision
from ausweis.views.decided import Decided, decided_of, label_in_words, seen_by
from ausweis.views.findings import Finding, Quote, findings_of
from ausweis.views.masks import CallMask
from ausweis.views.turns import turn_view
from ausweis.views.words import Words, clock, time_of

__all__ = ["sheet_page"]

QUOTES = 3
"""Of a moment, so that a page holds it."""
LONGEST = 320
"""Letters of a quote."""


class DecidedView(NamedTuple):
    """What one reviewer decided. `label`: what is right, in words, where they overruled; `note`: one for coaching."""

    reviewer: str
    choice: str
    label: str
    note: str
    at: str


class RightTurn(NamedTuple):
    """What happened at a turn, as a reviewer says and the verdict does not, with what was said there."""

    title: str
    turn: int
    at: str
    text: str


def sheet_page(context: RequestContext) -> Response:
    """The sheet of a call, masked unless the reader has unmasked it; of one that is to be heard blind, the call."""
    record, query = context.store.record(context.parts["key"]), question_of(context).query()
    if context.store.hidden(context.session.reviewer, [record.row.key]):
        return RedirectResponse(f"/calls/{record.row.key}{query}", 303)
    unmasked = context.desk.shows(context.session, record)
    words = context.words.knowing(record.verdict.vocabulary)
    mask = CallMask(record, words.language, masked=not unmasked, known=record.masks)
    who = context.session.reviewer
    seen, decided = seen_by(record, who), decided_of(record, who)
    findings = findings_of(record, words, mask)
    values = {
        "record": record,
        "facts": list(_facts(record, words, agents=context.desk.agents)),
        "moments": [list(moment) for _, moment in groupby(findings, key=lambda finding: finding.moment)],
        "quotes": _quotes,
        "reasons": list(_reasons(record, words, mask)),
        "decided": decided,
        "decisions": [_decision(one, words, mask) for one in seen.decisions if one.counts],
        "hidden": seen.hidden,
        "right": list(_right(record, decided, words, mask)),
        "unmasked": unmasked,
        "query": query,
    }
    return HTMLResponse(render("sheet.html.j2", words, **values))


def _reasons(record: CallRecord, words: Words, mask: CallMask) -> Iterator[str]:
    for reason in record.verdict.review_reasons if record.row.needs_review else ():
        yield review_sentence(reason, words.language, record.verdict.vocabulary, mask.quote)


def _facts(record: CallRecord, words: Words, *, agents: bool) -> Iterator[tuple[str, str]]:
    row = record.row
    yield words.text("sheet_call"), row.call_id
    yield words.text("sheet_began"), ", ".join(part for part in (words.long_day(row.day), time_of(row)) if part)
    for key, value in (("phone_queue", row.queue), ("team", row.team), ("sheet_length", clock(row.seconds))):
        if value:
            yield words.text(key), value
    if agents and row.agent:
        yield words.capital(words.word("agent")), row.agent


def _quotes(findings: Sequence[Finding]) -> list[Quote]:
    said = dict.fromkeys(quote for finding in findings for quote in finding.quotes)
    return [quote._replace(text=_shortened(quote.text)) for quote in list(said)[:QUOTES]]


def _decision(decision: Decision, words: Words, mask: CallMask) -> DecidedView:
    label = label_in_words(decision, words) if decision.choice == "overrule" else ""
    note = mask.text(decision.note) if decision.coaching else ""
    return DecidedView(decision.reviewer, words.word(decision.choice), label, note, words.moment(decision.at))


def _right(record: CallRecord, decided: Decided, words: Words, mask: CallMask) -> Iterator[RightTurn]:
    """What the label that holds names and the verdict does not."""
    label = decided.label
    if label is None or label.choice != "overrule":
        return
    said = {(one.type, one.turn) for one in record.verdict.violations}
    named = {(one.id, one.turn) for one in record.verdict.incidents}
    for kind, turn in (*label.violations, *(label.incidents or ())):
        if (kind, turn) not in said | named:
            yield RightTurn(words.word(kind), turn, *_said_at(record.call, turn, mask))


def _said_at(call: Call | None, turn: int, mask: CallMask) -> tuple[str, str]:
    if call is None or not 1 <= turn <= len(call.turns):
        return "", ""
    return clock(call.turn(turn).start), _shortened(turn_view(call, turn, (), mask).text)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"
