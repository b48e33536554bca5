"""The search in all that was said, masked or not: an act of its own, which the audit log tells of.

Its words stand in no address: they come by a form, and what was found is kept here under a name that tells nothing, for
this session alone.
"""

import secrets

from starlette.responses import RedirectResponse, Response

from ausweis.serve.desk import RequestContext, Searched
from ausweis.serve.question import Question

__all__ = ["search_unmasked"]

_KEPT = 20
"""Searches of one session."""


def search_unmasked(context: RequestContext) -> Response:
    """Search in all that was said in all calls. The audit log says who did.

    Raises:
        StoreError: there is nothing to search for, or a word is too short.
    """
    words, desk = Question.of(context.form).q, context.desk
    keys = context.store.search_unmasked(words, who=context.session.reviewer)
    own = [name for name in desk.searches.copy() if name[0] == context.session.id]
    for name in own[: -_KEPT + 1]:
        desk.searches.pop(name, None)
    handle = secrets.token_urlsafe(9)
    desk.searches[context.session.id, handle] = Searched(words, tuple(keys))
    return RedirectResponse(f"/{Question(show='all', found=handle).query()}", 303)
