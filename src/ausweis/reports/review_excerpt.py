"""What was said at the moments of a call: the turns that matter with their neighbours, quotes marked, masked."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from ausweis.calls.call import Call
from ausweis.masking import Kind, Masker
from ausweis.vocabulary import Speaker

__all__ = ["Excerpt", "Mark", "Piece", "ShownTurn", "excerpt"]

AROUND = 1
"""Turns shown before and after one that matters."""
MOST_TURNS = 14
LONGEST = 700
"""Letters of a turn; of a longer one the quote is shown, with so many around it."""


class Mark(NamedTuple):
    """A quote of a turn that speaks for a finding at `of`; `keep`: kinds of data that are shown in it nevertheless."""

    turn: int
    of: int
    quote: str
    name: str
    keep: Container[Kind] = frozenset()


class Piece(NamedTuple):
    """Words of a turn; `marked`: a quote of the verdict."""

    text: str
    marked: bool


@dataclass(frozen=True)
class ShownTurn:
    """A turn. `broken`: the finding is at this turn. `skipped`: turns left out before it."""

    number: int
    speaker: Speaker
    start: float | None
    pieces: Sequence[Piece]
    broken: bool
    names: Sequence[str]
    skipped: int


@dataclass(frozen=True)
class Excerpt:
    """Turns in their order; `skipped`: turns that come after the last one."""

    turns: Sequence[ShownTurn]
    skipped: int = 0


def excerpt(call: Call | None, marks: Sequence[Mark], masker: Masker | None, *, around: Iterable[int] = ()) -> Excerpt:
    """The turns of the marks, and `around`; unmasked without a masker. Without the call, the quotes alone."""
    if call is None:
        return _quotes(marks, masker)
    wanted = [mark.turn for mark in sorted(marks, key=lambda one: (one.turn != one.of, one.turn))] or list(around)
    chosen: list[int] = []
    for turn in wanted:
        near = [n for n in range(turn - AROUND, turn + AROUND + 1) if 1 <= n <= len(call.turns) and n not in chosen]
        if len(chosen) + len(near) > MOST_TURNS:
            break
        chosen += near
    shown, before = [], 0
    for number in sorted(chosen):
        shown.append(_shown(call, number, [mark for mark in marks if mark.turn == number], masker, number - before - 1))
        before = number
    return Excerpt(tuple(shown), len(call.turns) - before)


class _Place(NamedTuple):
    """Where a quote stands in its turn, and which kinds of data are shown there."""

    start: int
    end: int
    keep: Container[Kind]


def _shown(call: Call, number: int, marks: Sequence[Mark], masker: Masker | None, skipped: int) -> ShownTurn:
    turn = call.turn(number)
    own = [mark for mark in marks if mark.of == number]
    kept = _places(turn.text, [mark for mark in marks if mark.keep])
    cut = partial(_cut, turn.text, number, masker, kept)
    return ShownTurn(
        number=number,
        speaker=turn.speaker,
        start=turn.start,
        pieces=tuple(_pieces(turn.text, _places(turn.text, own or marks), cut)),
        broken=bool(own),
        names=tuple(dict.fromkeys(mark.name for mark in own)),
        skipped=skipped,
    )


def _places(text: str, marks: Iterable[Mark]) -> list[_Place]:
    """The quotes in the order in which they stand there."""
    quotes = [(mark.quote.strip(), mark.keep) for mark in marks]
    found = [(text.find(quote), quote, keep) for quote, keep in quotes if quote and quote in text]
    places = [_Place(start, start + len(quote), keep) for start, quote, keep in found]
    return sorted(places, key=lambda one: one[:2])


def _pieces(text: str, places: Sequence[_Place], cut: Callable[[int, int], str]) -> Iterable[Piece]:
    """The turn cut at its quotes; a whole turn that is quoted is marked whole."""
    first = places[0].start if places else 0
    begin = max(0, first - LONGEST // 2) if len(text) > LONGEST else 0
    end = min(len(text), begin + LONGEST) if len(text) > LONGEST else len(text)
    at = begin
    if begin:
        yield Piece("… ", False)
    for start, stop, _ in places:
        if start < at or start >= end:
            continue
        if start > at:
            yield Piece(cut(at, start), False)
        at = min(stop, end)
        yield Piece(cut(start, at), True)
    if at < end:
        yield Piece(cut(at, end), False)
    if end < len(text):
        yield Piece(" …", False)


def _cut(text: str, number: int, masker: Masker | None, kept: Sequence[_Place], start: int, end: int) -> str:
    """A part of the turn, masked; what a quote keeps is shown within the quote and nowhere else."""
    if masker is None:
        return text[start:end]
    edges = {edge for place in kept for edge in place[:2] if start < edge < end}
    parts = []
    for first, last in pairwise(sorted({start, end, *edges})):
        within = (one.keep for one in kept if one.start <= first and last <= one.end)
        keep: Container[Kind] = next(within, frozenset())
        parts.append(masker.cut(number, first, last, keep=keep))
    return "".join(parts)


def _quotes(marks: Sequence[Mark], masker: Masker | None) -> Excerpt:
    shown = []
    once = {(one.turn, one.of, one.quote[:LONGEST], one.name): one.keep for one in marks if one.quote}
    for (number, of, quote, name), keep in sorted(once.items(), key=lambda one: one[0]):
        text = masker.text(quote, number, keep=keep) if masker else quote
        shown.append(ShownTurn(number, "unknown", None, (Piece(text, True),), number == of, (name,), 0))
    return Excerpt(tuple(shown))
