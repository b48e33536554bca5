"""Searches: what is found for one reader, and the search in masked data."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from starlette.responses import RedirectResponse, Response

from ausweis.masking.kinds import shown_as
from ausweis.pages.words import Words
from ausweis.serve.desk import RequestContext, Searched
from ausweis.serve.question import ListQuery
from ausweis.store import MAX_TERMS, SHORTEST, CallFilter, Hit, search_terms

__all__ = ["View", "found_view", "hit_view", "hits_of", "search_unmasked", "searched_of"]


class View(NamedTuple):
    """Name and address of a part of the list, how many calls it has, and whether it is the one that is shown."""

    name: str
    address: str
    calls: int
    is_shown: bool


def searched_of(context: RequestContext, question: ListQuery) -> Searched | None:
    """The unmasked search that the question names, if it is one of this session."""
    return context.desk.searches.get((context.session.id, question.found))


def found_view(context: RequestContext, question: ListQuery, counted: Mapping[str, int]) -> dict[str, Any]:
    """What a search found in all calls, and what it did not look into; `counted`: calls of lists, by address."""
    words, searched = context.words, searched_of(context, question)
    terms = search_terms(question.q)
    if len(terms) > MAX_TERMS:
        return {"total": "", "all": None, "sample": None, "notes": [words.text("search_many", most=MAX_TERMS)]}
    keys = searched.keys if searched else None
    every = CallFilter(text=question.q or None, read_by=question.names, keys=keys)
    everywhere = f"/{ListQuery(show='all', q=question.q, found=question.found).query()}"
    seen = counted.get(everywhere)
    total = context.store.count(every)
    seen = context.store.count(replace(every, seen_by=question.names)) if seen is None else seen
    sample = ListQuery(show="sample", q=question.q, found=question.found, names=question.names)
    drawn = context.store.count(replace(sample.filter, keys=keys))
    numbers = {
        "search_unseen": total - seen - drawn,
        "search_unready": context.store.unindexed() if question.q else 0,
        "search_unjudged": context.store.unjudged(),
    }
    notes = [words.count(name, number) for name, number in numbers.items() if number > 0]
    if question.q and not any(len(term) >= SHORTEST for term in terms):
        notes.append(words.text("search_short"))
    where = (words.count("search_sample", drawn), f"/{sample.query()}") if drawn else None
    return {
        "total": words.text("search_found", total=words.number(total)),
        "all": None if f"/{question.query()}" == everywhere else everywhere,
        "sample": where,
        "notes": notes,
    }


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
