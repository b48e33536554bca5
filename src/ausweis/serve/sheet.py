"""A sheet of paper about one call, for the talk with its agent: what people confirmed or added, and room for notes."""

from collections.abc import Iterator, Sequence

from starlette.responses import HTMLResponse, RedirectResponse, Response

from ausweis.pages.findings import Finding, Quote, by_cause, call_view, seen_by
from ausweis.pages.words import Words, clock, time_of
from ausweis.serve.desk import RequestContext
from ausweis.serve.queue import question_of
from ausweis.serve.web import render
from ausweis.store import CallRecord
from ausweis.vocabulary import INCIDENTS

__all__ = ["sheet_page"]

QUOTES = 3
"""Of a cause, so that a page holds it."""
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
    # What a caller threatens with is no error of the agent.
    held = [one for one in view.findings if one.state in ("confirmed", "added") and not _is_of_caller(one, record)]
    values = {
        "record": record,
        "facts": list(_facts(record, words, agents=context.desk.agents)),
        "causes": list(_with_quotes(by_cause(held))),
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


def _with_quotes(causes: Sequence[Sequence[Finding]]) -> Iterator[tuple[Sequence[Finding], list[Quote]]]:
    """The findings of each cause with what was said there, each quote once on the sheet."""
    told: set[Quote] = set()
    for findings in causes:
        said = dict.fromkeys(quote for one in findings for quote in one.quotes if quote not in told)
        told.update(said)
        yield (
            findings,
            [
                one if len(one.text) <= LONGEST else one._replace(text=one.text[:LONGEST].rsplit(" ", 1)[0] + " …")
                for one in list(said)[:QUOTES]
            ],
        )


def _is_of_caller(finding: Finding, record: CallRecord) -> bool:
    known = (one.speaker for one in INCIDENTS.values() if one.id == finding.name)
    turns = record.call.turns[finding.turn - 1 : finding.turn]
    return finding.incident and next(known, turns[0].speaker if turns else "unknown") == "caller"
