"""Kinds of personal data; spans of a text that hold some, put in order; and what is shown instead of them."""

import re
import tomllib
from collections.abc import Container, Iterable, Sequence
from importlib.resources import files
from typing import NamedTuple, get_args

from ausweis.vocabulary import Language, MaskKind

KINDS: tuple[MaskKind, ...] = get_args(MaskKind)

_FOLDER = files("ausweis.masking") / "common"
_LISTS = {
    language: tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    for language in get_args(Language)
}
_BETWEEN = re.compile(r"[\s,\-–…/]{0,3}")


class Span(NamedTuple):
    """A part of a text, from `start` up to and without `end`, that holds personal data of a kind."""

    start: int
    end: int
    kind: MaskKind


def table(name: str) -> dict[str, str]:
    """The entries of a table in `common`, in all languages together."""
    return {key: text for lists in _LISTS.values() for key, text in lists.get(name, {}).items()}


def words(name: str, key: str) -> frozenset[str]:
    """The words of a list in `common`, in all languages together."""
    return frozenset(word for lists in _LISTS.values() for word in lists[name].get(key, "").split())


def cues(key: str) -> list[list[str]]:
    """The cues of names, each as its words."""
    texts = [lists["names"][key] for lists in _LISTS.values() if key in lists["names"]]
    return [cue.split() for text in texts for cue in text.split(",")]


def shown_as(kind: MaskKind, language: Language) -> str:
    """What stands in the text instead: `‹PIN›`, `‹Datum›`; `‹…›` for the rest of an overlong text."""
    if kind == "rest":
        return "‹…›"
    return f"‹{_LISTS[language]['shown'].get(kind, kind)}›"


SHOWN = frozenset(shown_as(kind, language) for kind in KINDS for language in get_args(Language))
"""All that a masked text shows instead of personal data."""


def in_order(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans by place; those that overlap, and neighbours of one kind, become one, of the kind named first."""
    merged: list[tuple[int, int, int, MaskKind]] = []
    for rank, span in sorted(enumerate(spans), key=lambda ranked: (ranked[1].start, ranked[0])):
        if span.end <= span.start:
            continue
        if merged:
            start, end, first, kind = merged[-1]
            beside = span.kind == kind and _BETWEEN.fullmatch(text, end, max(end, span.start)) is not None
            if span.start < end or beside:
                kept = (first, kind) if first <= rank else (rank, span.kind)
                merged[-1] = (start, max(end, span.end), *kept)
                continue
        merged.append((span.start, span.end, rank, span.kind))
    return [Span(start, end, kind) for start, end, _, kind in merged]


def masked(text: str, spans: Sequence[Span], language: Language, keep: Container[MaskKind]) -> str:
    """The text with the spans replaced. They must be in order; those of kinds to `keep` stay as they are."""
    parts, at = [], 0
    for span in spans:
        if span.kind not in keep:
            parts += [text[at : span.start], shown_as(span.kind, language)]
            at = span.end
    return "".join([*parts, text[at:]])


def within(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """What of the spans lies from one place of their text up to another, counted from there."""
    return [
        Span(max(span.start, start) - start, min(span.end, end) - start, span.kind)
        for span in spans
        if span.start < end and span.end > start
    ]
