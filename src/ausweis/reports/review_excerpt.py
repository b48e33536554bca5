"""What was said at the moments of a call: the turns that matter with their neighbours, quotes marked, masked."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
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
    """A quote of a turn that speaks for a finding at `of`; `keep`: kinds of data that are shown nevertheless."""

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


def _shown(call: Call, number: int, marks: Sequence[Mark], masker: Masker | None, skipped: int) -> ShownTurn:
    turn = call.turn(number)
    own = [mark for mark in marks if mark.of == number]
    quotes = {mark.quote.strip() for mark in own or marks if mark.quote.strip()}
    keep: Container[Kind] = next((mark.keep for mark in marks if mark.keep), frozenset())
    return ShownTurn(
        number=number,
        speaker=turn.speaker,
        start=turn.start,
        pieces=tuple(_pieces(turn.text, number, quotes, masker, keep)),
        broken=bool(own),
        names=tuple(dict.fromkeys(mark.name for mark in own)),
        skipped=skipped,
    )


def _pieces(
    text: str, number: int, quotes: Iterable[str], masker: Masker | None, keep: Container[Kind]
) -> Iterable[Piece]:
    """The turn cut at its quotes; a whole turn that is quoted is marked whole."""
    places = sorted((text.find(quote), quote) for quote in quotes if quote in text)
    first = places[0][0] if places else 0
    begin = max(0, first - LONGEST // 2) if len(text) > LONGEST else 0
    end = min(len(text), begin + LONGEST) if len(text) > LONGEST else len(text)
    at = begin
    if begin:
        yield Piece("… ", False)
    for start, quote in places:
        stop = min(start + len(quote), end)
        if start < at or start >= end:
            continue
        if start > at:
            yield Piece(_cut(text, number, at, start, masker, keep), False)
        yield Piece(_cut(text, number, start, stop, masker, keep), True)
        at = stop
    if at < end:
        yield Piece(_cut(text, number, at, end, masker, keep), False)
    if end < len(text):
        yield Piece(" …", False)


def _cut(text: str, number: int, start: int, end: int, masker: Masker | None, keep: Container[Kind]) -> str:
    return masker.cut(number, start, end, keep=keep) if masker else text[start:end]


def _quotes(marks: Sequence[Mark], masker: Masker | None) -> Excerpt:
    shown = []
    for mark in sorted({(one.turn, one.of, one.quote[:LONGEST], one.name) for one in marks if one.quote}):
        number, of, quote, name = mark
        text = masker.text(quote, number) if masker else quote
        shown.append(ShownTurn(number, "unknown", None, (Piece(text, True),), number == of, (name,), 0))
    return Excerpt(tuple(shown))
