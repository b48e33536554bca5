"""A sheet of paper about one call, for the talk with its agent: what holds of it, what is right, room for notes."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from starlette.responses import HTMLResponse, RedirectResponse, Response

from ausweis.pages.findings import Finding, Quote, call_view, seen_by
from ausweis.pages.words import Words, clock, time_of
from ausweis.serve.desk import RequestContext
from ausweis.serve.queue import question_of
from ausweis.serve.web import render
from ausweis.store import CallRecord
from ausweis.vocabulary import INCIDENTS

__all__ = ["sheet_page"]

QUOTES = 3
"""Of a moment, so that a page holds it."""
LONGEST = 320
"""Letters of a quote."""


def sheet_page(context: RequestContext) -> Response:
    """The sheet of a call, masked unless the reader has unmasked it; of one that is to be heard blind, the call."""
    record, query = context.store.record(context.parts["key"]), question_of(context).query()
    if context.store.hidden(context.session.reviewer, [record.row.key]):
        return RedirectResponse(f"/calls/{record.row.key}{query}", 303)
    unmasked = context.desk.shows(context.session, record)
    words = context.words.knowing(record.verdict.vocabulary)
    who = context.session.reviewer
    view, seen = call_view(record, words, masked=not unmasked, reviewer=who), seen_by(record, who)
    # What holds rests on decisions too that the reader may not see yet.
    hidden = view.decided.state == "decided"
    held = [] if hidden else view.holding
    # What a caller threatens with is no error of the agent.
    of_caller = [one for one in held if _is_of_caller(one, record)]
    of_agent = [one for one in held if one not in of_caller]
    values = {
        "record": record,
        "facts": list(_facts(record, words, agents=context.desk.agents)),
        "moments": [list(moment) for _, moment in groupby(of_agent, key=lambda finding: finding.moment)],
        "of_caller": of_caller,
        "outcome": view.held.verdict.outcome,
        "quotes": _quotes,
        "reasons": [] if hidden else view.reasons,
        "decided": view.decided,
        "decisions": [one for one in seen.decisions if one.counts],
        # What somebody else says is right is not on the sheet.
        "right": words.label(view.decided.label) if view.decided.label else "",
        "masked": view.mask.text,
        "hidden": seen.hidden,
        "unmasked": unmasked,
        "query": query,
    }
    return HTMLResponse(render("sheet.html.j2", words, **values))


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
    return [
        one if len(one.text) <= LONGEST else one._replace(text=one.text[:LONGEST].rsplit(" ", 1)[0] + " …")
        for one in list(said)[:QUOTES]
    ]


def _is_of_caller(finding: Finding, record: CallRecord) -> bool:
    known = (one.speaker for one in INCIDENTS.values() if one.id == finding.name)
    turns = record.call.turns[finding.turn - 1 : finding.turn]
    return finding.incident and next(known, turns[0].speaker if turns else "unknown") == "caller"
