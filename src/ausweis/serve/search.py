"""Searches: where a call says what is searched for, and the search in masked data."""

import secrets
from collections.abc import Sequence
from typing import Any

from starlette.responses import RedirectResponse, Response

from ausweis.masking.kinds import shown_as
from ausweis.pages.words import Words
from ausweis.serve.desk import RequestContext, Searched
from ausweis.serve.question import ListQuery
from ausweis.store import Hit


def searched_of(context: RequestContext, question: ListQuery) -> Searched | None:
    """The unmasked search that the question names, if it is one of this session."""
    return context.desk.searches.get((context.session.id, question.found))


def hits_of(context: RequestContext, question: ListQuery, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Where it is, for those of these calls that say it."""
    searched = searched_of(context, question)
    looked_for = searched.words if searched else question.q
    if not looked_for:
        return {}
    found = context.store.hits(keys, looked_for, unmasked=searched is not None)
    return {key: hit_view(hit, context.words) for key, hit in found.items()}


def hit_view(hit: Hit, words: Words) -> dict[str, Any]:
    """What was said in a turn, in parts: marked where it was searched for, masked where it is personal data."""
    before, behind = hit.cut
    parts = [
        {
            "text": shown_as(piece.kind, words.language) if piece.kind else piece.text,
            "marked": piece.marked,
            "masked": piece.kind is not None,
        }
        for piece in hit.pieces
    ]
    first, last = ({"text": text, "marked": False, "masked": False} for text in ("… ", " …"))
    return {"turn": hit.turn, "parts": [*([first] if before else []), *parts, *([last] if behind else [])]}


_KEPT = 20
"""Searches of one session."""


def search_unmasked(context: RequestContext) -> Response:
    """Search in all that was said in all calls. The chain says who did."""
    words, desk = ListQuery.of(context.form).q, context.desk
    keys = context.store.search_unmasked(words, who=context.session.reviewer)
    own = [name for name in desk.searches.copy() if name[0] == context.session.id]
    for name in own[: -_KEPT + 1]:
        desk.searches.pop(name, None)
    handle = secrets.token_urlsafe(9)
    desk.searches[context.session.id, handle] = Searched(words, tuple(keys))
    return RedirectResponse(f"/{ListQuery(show='all', found=handle).query()}", 303)
