"""The present queue as an Excel file. It leaves the desk, so only leads have it, and the audit log keeps who."""

from datetime import date

from starlette.responses import Response

from ausweis.serve.desk import RequestContext
from ausweis.serve.queue import MOST, filter_of, question_of
from ausweis.serve.roles import require_lead
from ausweis.views.call_book import call_book, records_of
from ausweis.views.workbook import MEDIA_TYPE

__all__ = ["download"]


def download(context: RequestContext) -> Response:
    """The calls of the filter in their order, masked, as the reviewer may see them; the first `MOST`.

    Those that they have yet to hear without the verdict are left out.
    """
    require_lead(context)
    question, words, who = question_of(context), context.words, context.session.reviewer
    found = context.store.keys(filter_of(context, question), order=question.by)
    hidden = context.store.hidden(who, found)
    shown = [key for key in found if key not in hidden]
    keys = shown[:MOST]
    notes = [words.text("book_calls", count=words.number(len(keys)))]
    if hidden:
        notes.append(words.text("book_hidden", count=words.number(len(hidden))))
    if len(shown) > MOST:
        notes.append(words.text("book_limit", most=words.number(MOST)))
    # Before it is made: nothing leaves that the audit log does not know of.
    context.store.log("exported", who=who, content=f"{len(keys)} calls, masked")
    content = call_book(
        records_of(context.store, keys),
        words,
        title=f"Ausweis: {words.text('calls')}",
        by=who,
        notes=notes,
        agents=context.desk.agents,
        serve=context.origin,
        reviewer=who,
    )
    headers = {"Content-Disposition": f'attachment; filename="ausweis-{date.today()}.xlsx"'}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)
