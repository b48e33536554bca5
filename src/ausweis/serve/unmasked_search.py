"""The search in all that was said, masked or not: an act of its own, which the chain tells of.

Its words stand in no address: they come by a form, and what was found is kept here under a name that tells nothing, for
this session alone.
"""

import secrets
from dataclasses import replace

from starlette.responses import RedirectResponse, Response

from ausweis.errors import StoreError
from ausweis.serve.desk import RequestContext, Searched
from ausweis.serve.queue import filter_of, question_of
from ausweis.store import SHORTEST, search_terms

__all__ = ["search_unmasked"]

_KEPT = 20
"""Searches of one session."""


def search_unmasked(context: RequestContext) -> Response:
    """Search in all that was said. The chain says who did.

    Raises:
        StoreError: there is nothing to search for.
    """
    question, desk = question_of(replace(context, asked=context.form)), context.desk
    asked = replace(question, q="", found="")
    terms = search_terms(question.q)
    if not terms or any(len(term) < SHORTEST for term in terms):
        raise StoreError("the words are too short", code="words_short", least=SHORTEST)
    reviewer = context.session.reviewer
    keys = context.store.search_unmasked(question.q, who=reviewer, which=filter_of(context, asked))
    own = [name for name in desk.searches.copy() if name[0] == context.session.id]
    for name in own[: -_KEPT + 1]:
        desk.searches.pop(name, None)
    handle = secrets.token_urlsafe(9)
    desk.searches[context.session.id, handle] = Searched(question.q, tuple(keys))
    return RedirectResponse(f"/{replace(asked, found=handle).query()}", 303)
