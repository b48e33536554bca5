"""Where in a call it is that something was found: the words around it, masked."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, select

from ausweis.masking.kinds import Span
from ausweis.store.masks import HIDDEN, folded, spans_of
from ausweis.store.schema import batches, masks, texts
from ausweis.store.searching import terms_of
from ausweis.vocabulary import MaskKind

__all__ = ["Hit", "HitPiece", "hits"]

_AROUND = 70
"""Letters shown before what was found, and behind it."""
_WORD = 20
"""So far a cut moves to the next blank."""


@dataclass(frozen=True, slots=True)
class HitPiece:
    """A part of what was said; `kind`: it is masked, and `text` empty; `marked`: it is what was looked for."""

    text: str
    kind: MaskKind | None
    marked: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """The first place of a call where one of the words stands; `cut`: whether the turn says more before, and behind."""

    turn: int
    pieces: Sequence[HitPiece]
    cut: tuple[bool, bool]


def hits(connection: Connection, keys: Iterable[int], words: str, *, unmasked: bool = False) -> dict[int, Hit]:
    """Of those of these calls that say one of the words, where.

    With `unmasked`, also in what is masked; that stays masked in what is shown.
    """
    terms = [folded(term) for term in terms_of(words)]
    found = {}
    for batch in batches(keys):
        wanted = select(texts, masks.c.covers).join(masks, masks.c.call_key == texts.c.call_key)
        for row in connection.execute(wanted.where(texts.c.call_key.in_(batch))):
            hit = _hit(row, terms, unmasked)
            if hit is not None:
                found[row.call_key] = hit
    return found


def _hit(row: Any, terms: Sequence[str], unmasked: bool) -> Hit | None:
    spans = spans_of(row.covers)
    place = _place(row.words, [] if unmasked else spans, terms)
    if place is None:
        return None
    start, end = place
    number, first, last = _turn(json.loads(row.body)["turns"], start)
    end = min(end, last)
    begin, stop = _cut(row.words, start - _AROUND, first, 1), _cut(row.words, end + _AROUND, last, -1)
    # Nothing that is masked is cut through.
    over = [span for span in spans if span.start < stop and span.end > begin]
    begin, stop = min([begin, *(span.start for span in over)]), max([stop, *(span.end for span in over)])
    pieces = tuple(_pieces(row.words, begin, stop, over, (start, end)))
    return Hit(number, pieces, (begin > first, stop < last))


def _place(words: str, spans: Sequence[Span], terms: Sequence[str]) -> tuple[int, int] | None:
    """Where the first of the terms stands that does; it may reach over what is hidden."""
    parts: list[tuple[str, int, int]] = []
    at = 0
    for span in spans:
        parts += [(words[at : span.start], at, span.start), (HIDDEN, span.start, span.end)]
        at = span.end
    parts.append((words[at:], at, len(words)))
    text = "".join(folded(part) for part, _, _ in parts)
    for term in terms:
        found = text.find(term)
        if found >= 0:
            return _origin(parts, found)[0], _origin(parts, found + len(term) - 1)[1]
    return None


def _origin(parts: Sequence[tuple[str, int, int]], place: int) -> tuple[int, int]:
    """From where to where the sign stands in the text that is at a place of the folded one."""
    for part, start, end in parts:
        if place >= (length := len(folded(part))):
            place -= length
            continue
        if part == HIDDEN:
            return start, end
        if length == len(part):
            return start + place, start + place + 1
        for at, sign in enumerate(part):
            place -= len(folded(sign))
            if place < 0:
                return start + at, start + at + 1
    raise ValueError("the text is not so long")


def _turn(turns: Sequence[Sequence[Any]], place: int) -> tuple[int, int, int]:
    """The number of the turn that a place is in, and from where to where it goes."""
    start = 0
    for number, (_, _, _, length, *_) in enumerate(turns, start=1):
        if place <= start + length:
            return number, start, start + length
        start += length + 1
    raise ValueError("the text is not so long")


def _cut(words: str, place: int, edge: int, step: int) -> int:
    """The place, at a blank near by; the edge of the turn where that is nearer."""
    if (place - edge) * step <= 0:
        return edge
    for near in range(place, place + step * _WORD, step):
        if words[near : near + 1].isspace():
            return near
    return place


def _pieces(words: str, begin: int, stop: int, spans: Sequence[Span], marked: tuple[int, int]) -> Iterator[HitPiece]:
    start, end = marked
    cuts = sorted({begin, stop, *(max(begin, start), min(stop, end)), *(edge for span in spans for edge in span[:2])})
    hidden = {span.start: span for span in spans}
    past = begin
    for first, last in pairwise(cuts):
        if first < past:
            # Within what is masked.
            continue
        span = hidden.get(first)
        past = span.end if span else last
        is_marked = first < end and past > start
        yield HitPiece("" if span else words[first:last], span.kind if span else None, is_marked)
