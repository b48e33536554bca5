"""The sample."""

from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.serve.desk import RequestContext
from ausweis.serve.queue import PAGE, row_views
from ausweis.serve.web import answer, dates_of, number_of
from ausweis.store import CallFilter

__all__ = ["draw_sample", "sample_page"]

MAX_DRAWN = 1000
PROPOSED = 50


def sample_page(context: RequestContext) -> Response:
    """What was drawn, how much of it is decided, and a form to draw more."""
    store, words = context.store, context.words
    drawn = store.count(CallFilter(sampled=True))
    waiting = CallFilter(unheard_by=store.spellings(context.session.reviewer))
    left = store.count(waiting)
    rows = row_views(context, store.calls(waiting, order="chance", limit=PAGE))
    return answer(
        context,
        "sample.html.j2",
        here="sample",
        days=store.days(),
        drawn=drawn,
        left=left,
        rows=rows,
        query="?show=sample",
        more="/?show=sample" if left > PAGE else None,
        shown=words.text("sample_left", left=words.number(left), drawn=words.number(drawn)),
        proposed=PROPOSED,
        largest=MAX_DRAWN,
        new=number_of(context.asked.get("new", "")),
    )


def draw_sample(context: RequestContext) -> Response:
    """Draw calls of these days."""
    days, wanted = dates_of(context.form), number_of(context.form.get("n", "")) or 0
    if days is None or not 1 <= wanted <= MAX_DRAWN:
        raise StoreError("these are no days, or no number of calls", code="sample_wrong", most=MAX_DRAWN)
    drawn = context.store.draw_sample(*days, wanted, by=context.session.reviewer)
    return RedirectResponse(f"/sample?new={len(drawn)}", 303)
