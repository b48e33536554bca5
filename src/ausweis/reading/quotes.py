"""Quotes that a model wrote: whether they stand in what was said, and where."""

import re
from collections.abc import Sequence

__all__ = ["place_of"]

_OPENED = re.compile(r"(?<=[<\[]) ")
"""What servers are sent behind a bracket, and models copy."""


def place_of(quote: str, text: str) -> tuple[int, int] | None:
    """Where the quote stands in the text; blanks may differ, nothing else.

    It begins with a whole word, while its last one may be cut off, as schemas bound the length of quotes. A single
    character shows nothing, unless it is the whole text.
    """
    places = [match.span() for match in re.finditer(r"\S+", text)]
    flat = " ".join(text[begin:end] for begin, end in places)
    whole = " ".join(quote.split())
    for wanted in dict.fromkeys((whole, _OPENED.sub("", whole))):
        begin = flat.find(wanted) if len(wanted) > 1 or wanted == flat else -1
        first = len(wanted.partition(" ")[0])
        while begin >= 0 and (_in_word(flat, begin) or _in_word(flat, begin + first)):
            begin = flat.find(wanted, begin + 1)
        if wanted and begin >= 0:
            return _place(flat, places, begin), _place(flat, places, begin + len(wanted) - 1) + 1
    return None


def _in_word(text: str, place: int) -> bool:
    """Whether a word goes on at this place."""
    return text[max(place - 1, 0) : place].isalnum() and text[place : place + 1].isalnum()


def _place(flat: str, places: Sequence[tuple[int, int]], sign: int) -> int:
    """Where in the text a sign is that stands here in its words with single blanks between."""
    return places[flat.count(" ", 0, sign)][0] + sign - (flat.rfind(" ", 0, sign) + 1)
