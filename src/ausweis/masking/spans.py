"""Spans put in order and into a text."""

import re
from collections.abc import Container, Iterable, Sequence

from ausweis.masking.kinds import Kind, Span, shown_as
from ausweis.vocabulary import Language

__all__ = ["in_order", "masked"]

_BETWEEN = re.compile(r"[\s,\-–…/]{0,3}")


def in_order(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans by place; those that overlap, and neighbours of one kind, become one, of the kind named first."""
    found: list[tuple[int, int, int, Kind]] = []
    for rank, one in sorted(enumerate(spans), key=lambda ranked: (ranked[1].start, ranked[0])):
        if one.end <= one.start:
            continue
        if found:
            start, end, first, kind = found[-1]
            beside = one.kind == kind and _BETWEEN.fullmatch(text, end, max(end, one.start)) is not None
            if one.start < end or beside:
                kept = (first, kind) if first <= rank else (rank, one.kind)
                found[-1] = (start, max(end, one.end), *kept)
                continue
        found.append((one.start, one.end, rank, one.kind))
    return [Span(start, end, kind) for start, end, _, kind in found]


def masked(text: str, spans: Sequence[Span], language: Language, keep: Container[Kind]) -> str:
    """The text with the spans replaced. They must be in order; those of kinds to `keep` stay as they are."""
    parts, at = [], 0
    for one in spans:
        if one.kind not in keep:
            parts += [text[at : one.start], shown_as(one.kind, language)]
            at = one.end
    return "".join([*parts, text[at:]])
