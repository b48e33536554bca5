"""A call cut into pieces that are asked about one by one, each with what was said before it.

A turn is one piece, unless it is long: then it is cut at sentence ends, so that the quote is short and the question
narrow. What stands before a piece is the call so far, as much of it as fits: when it grows too long, it is cut back at
once to its latest part, and grows again. So most pieces begin like the one before, and only what is new is computed.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ausweis.calls.call import Call

__all__ = ["LONGEST", "Line", "Piece", "pieces_of", "with_context"]

LONGEST = 320
"""Characters of a piece; a sentence that is longer is cut between words."""
MOST_BEFORE = 5000
"""Characters of the call so far that are shown at the most."""
LEFT_BEFORE = 1500
"""Characters that are left of it when it is cut back."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


class Line(NamedTuple):
    """What one speaker said, as the templates show it."""

    speaker: str
    text: str


class Piece(NamedTuple):
    """Part of a turn, or all of it; `text` stands letter for letter in the turn. Turn numbers start at 1."""

    turn: int
    speaker: str
    text: str


def pieces_of(call: Call) -> Iterator[Piece]:
    """The pieces of all turns in order; a turn without words has none."""
    for number, turn in enumerate(call.turns, start=1):
        for text in _cut(turn.text.strip()):
            yield Piece(number, turn.speaker, text)


def _cut(text: str) -> Iterator[str]:
    if len(text) <= LONGEST:
        if text:
            yield text
        return
    start = end = 0
    for sentence_end in [*(match.start() for match in _SENTENCE_END.finditer(text)), len(text)]:
        if sentence_end - start > LONGEST and end > start:
            yield text[start:end].strip()
            start = end
        while sentence_end - start > LONGEST:
            space = text.rfind(" ", start + 1, start + LONGEST)
            cut = space if space > start else start + LONGEST
            yield text[start:cut].strip()
            start = cut
        end = sentence_end
    if text[start:].strip():
        yield text[start:].strip()


def with_context(pieces: list[Piece]) -> Iterator[tuple[Piece, list[Line]]]:
    """Each piece with the lines up to and including it."""
    lines: list[Line] = []
    size = 0
    for piece in pieces:
        lines.append(Line(piece.speaker, piece.text))
        size += len(piece.text)
        if size > MOST_BEFORE:
            while size > LEFT_BEFORE and len(lines) > 1:
                size -= len(lines.pop(0).text)
        yield piece, list(lines)
