"""What leaves the desk: Excel files, the report of days. Masked, as the reader may see it, each in the audit log."""

from collections.abc import Sequence
from datetime import date

from starlette.responses import HTMLResponse, Response

from ausweis.errors import StoreError
from ausweis.pages.markup import policy_of
from ausweis.pages.review import Wanted, review_of
from ausweis.pages.review_page import heading, review_page
from ausweis.pages.workbook import MEDIA_TYPE, call_book, records_of
from ausweis.serve.desk import RequestContext, require_lead
from ausweis.serve.web import dates_of
from ausweis.store import CallFilter

__all__ = ["book", "report"]

MOST = 2_000
"""Flagged calls of a report: each is read whole and masked, some hundreds a second."""


def book(context: RequestContext, found: Sequence[int], *, title: str, most: int, name: str = "ausweis") -> Response:
    """These calls in their order as an Excel file, the first `most`.

    Those that the reader has yet to hear without the verdict are left out.
    """
    words, who = context.words, context.session.reviewer
    hidden = context.store.hidden(who, found)
    shown = [key for key in found if key not in hidden]
    keys = shown[:most]
    notes = [words.text("book_calls", count=words.number(len(keys)))]
    if hidden:
        notes.append(words.text("book_hidden", count=words.number(len(hidden))))
    if len(shown) > most:
        notes.append(words.text("book_limit", most=words.number(most)))
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
    headers = {"Content-Disposition": f'attachment; filename="{name}-{date.today()}.xlsx"'}
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
        return book(context, source.keys, title=title, most=MOST, name=f"ausweis-{days[1]}")
    store.log("exported", who=who, content=f"{len(source.keys)} calls, masked")
    # Its style stands in the page.
    policy = f"{policy_of('review.css', explained=True)}; frame-ancestors 'none'"
    return HTMLResponse(review_page(source), headers={"Content-Security-Policy": policy})
