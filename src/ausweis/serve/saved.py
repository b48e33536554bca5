"""Filters that somebody keeps under a name. What is searched for is not kept: it may be somebody's data."""

from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse, Response

from ausweis.serve.desk import RequestContext
from ausweis.serve.question import Question

__all__ = ["forget", "save"]


def save(context: RequestContext) -> Response:
    """Keep the filter that the form names.

    Raises:
        StoreError: it has no name, or there are too many.
    """
    query = _query(context)
    context.store.save_filter(context.session.reviewer, context.form.get("name", ""), query)
    return RedirectResponse(f"/{query}", 303)


def forget(context: RequestContext) -> Response:
    """Take a filter away again."""
    context.store.forget_filter(context.session.reviewer, context.parts["key"])
    return RedirectResponse(f"/{_query(context)}", 303)


def _query(context: RequestContext) -> str:
    """The filter as a part of an address, made anew: a form may say anything."""
    return Question.of(dict(parse_qsl(context.form.get("query", "").removeprefix("?")))).without_search
