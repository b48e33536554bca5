"""What leaves the desk, masked as the reader may see it: Excel files, the report of days, a sheet about one call."""

from collections.abc import Iterator, Sequence
from datetime import date

from starlette.responses import HTMLResponse, RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.pages.findings import Finding, Quote, by_cause, call_view, decided_of, seen_by
from ausweis.pages.markup import policy_of
from ausweis.pages.review import Wanted, review_of
from ausweis.pages.review_page import heading, review_page
from ausweis.pages.words import Words, clock, time_of
from ausweis.pages.workbook import MEDIA_TYPE, call_book, records_of
from ausweis.serve.desk import RequestContext, require_lead
from ausweis.serve.queue import question_of
from ausweis.serve.web import dates_of, render
from ausweis.store import CallFilter, CallRecord
from ausweis.vocabulary import INCIDENTS

MOST = 2_000
"""Calls of an Excel file, flagged ones of a report: each is read whole and masked, some hundreds a second."""
QUOTES = 3
"""Of a cause, so that a page holds it."""
LONGEST = 320
"""Letters of a quote."""


def book(
    context: RequestContext, found: Sequence[int], days: Sequence[date | None], *, title: str, withheld: int = 0
) -> Response:
    """These calls of these days as an Excel file, the first `MOST`: none that is yet to be heard, or was `withheld`."""
    words, who = context.words, context.session.reviewer
    hidden = context.store.hidden(who, found)
    shown = [key for key in found if key not in hidden]
    keys, notes = shown[:MOST], []
    if left_out := len(hidden) + withheld:
        notes.append(words.text("book_hidden", count=words.number(left_out)))
    if len(shown) > MOST:
        notes.append(words.text("book_limit", most=words.number(MOST)))
    # Before it is made: nothing leaves that the chain does not know of.
    context.store.log("exported", who=who, content=f"{len(keys)} calls, masked")
    content = call_book(
        records_of(context.store, keys),
        words,
        title=title,
        by=who,
        notes=notes,
        agents=context.desk.agents,
        serve=context.origin,
        reviewer=who,
    )
    span = (asked or known for asked, known in zip(days, context.store.days() or (None, None), strict=True))
    name = "-to-".join(dict.fromkeys(str(day or date.today()) for day in span))
    headers = {"Content-Disposition": f'attachment; filename="ausweis-{name}.xlsx"'}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


def report(context: RequestContext) -> Response:
    """The report of days as a page or, with `format` xlsx, as an Excel file of their flagged calls.

    Raises:
        StoreError: the days are none, or have too many such calls.
    """
    require_lead(context)
    store, days = context.store, dates_of(context.form)
    if days is None or store.count(CallFilter(first=days[0], last=days[1], to_review=True)) > MOST:
        raise StoreError(f"a report is of days with at most {MOST} flagged calls", code="report_wrong", most=MOST)
    who = context.session.reviewer
    wanted = Wanted(
        *days, language=context.words.language, agents=context.desk.agents, serve=context.origin, reviewer=who
    )
    source = review_of(store, wanted)
    if context.form.get("format") == "xlsx":
        title = f"{context.words.text('kind')}: {heading(source)}"
        seen = [key for key in source.added if decided_of(store.record(key), who).label]
        return book(context, [*source.keys, *seen], days, title=title, withheld=len(source.added) - len(seen))
    store.log("exported", who=who, content=f"{len(source.keys)} calls, masked")
    # Its style stands in the page.
    policy = f"{policy_of('review.css', explained=True)}; frame-ancestors 'none'"
    return HTMLResponse(review_page(source), headers={"Content-Security-Policy": policy})


def sheet_page(context: RequestContext) -> Response:
    """A call on paper, for the talk with its agent: what people confirmed or added, and room for notes.

    It is masked unless the reader has unmasked it. One that is to be heard blind has none yet.
    """
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
