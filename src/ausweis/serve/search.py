"""What is searched for, for one reader: in what they may see, or in what an unmasked search of theirs has found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ausweis.masking.kinds import shown_as
from ausweis.serve.desk import RequestContext, Searched
from ausweis.serve.question import Question
from ausweis.store import SHORTEST, Hit, search_terms
from ausweis.views.words import Words

__all__ = ["HitView", "Part", "hits_of", "searched_of", "too_short"]


class Part(NamedTuple):
    """A part of what is shown. `marked`: it is what was searched for; `masked`: it stands for personal data."""

    text: str
    marked: bool = False
    masked: bool = False


@dataclass(frozen=True)
class HitView:
    """Where a call says what was searched for: the turn, and its words around that."""

    turn: int
    parts: Sequence[Part]


def searched_of(context: RequestContext, question: Question) -> Searched | None:
    """The unmasked search that the question names, if it is one of this session."""
    return context.desk.searches.get((context.session.id, question.found))


def too_short(question: Question) -> bool:
    """Whether something is searched for, and only ids and notes can have it."""
    return bool(question.q) and not any(len(term) >= SHORTEST for term in search_terms(question.q))


def hits_of(context: RequestContext, question: Question, keys: Sequence[int]) -> dict[int, HitView]:
    """Where it is, for those of these calls that say it."""
    searched = searched_of(context, question)
    looked_for = searched.words if searched else question.q
    if not looked_for:
        return {}
    found = context.store.hits(keys, looked_for, unmasked=searched is not None)
    return {key: _hit_view(hit, context.words) for key, hit in found.items()}


def _hit_view(hit: Hit, words: Words) -> HitView:
    before, behind = hit.cut
    parts = [Part("… ")] if before else []
    for piece in hit.pieces:
        text = shown_as(piece.kind, words.language) if piece.kind else piece.text
        parts.append(Part(text, piece.marked, piece.kind is not None))
    return HitView(hit.turn, (*parts, *([Part(" …")] if behind else [])))
