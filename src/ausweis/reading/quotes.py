"""Quotes that a model wrote: whether they stand in what was said, and where."""

import re
from collections.abc import Sequence

__all__ = ["place_of"]

_OPENED = re.compile(r"(?<=[<\[]) ")
"""What servers are sent behind a bracket, and models copy."""


def place_of(quote: str, text: str) -> tuple[int, int] | None:
    """Where the quote stands in the text, whole words rather than parts of some; blanks may differ, nothing else."""
    places = [match.span() for match in re.finditer(r"\S+", text)]
    flat = " ".join(text[begin:end] for begin, end in places)
    whole = " ".join(quote.split())
    for wanted in dict.fromkeys((whole, _OPENED.sub("", whole))):
        begin = f" {flat} ".find(f" {wanted} ")
        begin = flat.find(wanted) if begin < 0 else begin
        if wanted and begin >= 0:
            return _place(flat, places, begin), _place(flat, places, begin + len(wanted) - 1) + 1
    return None


def _place(flat: str, places: Sequence[tuple[int, int]], sign: int) -> int:
    """Where in the text a sign is that stands here in its words with single blanks between."""
    return places[flat.count(" ", 0, sign)][0] + sign - (flat.rfind(" ", 0, sign) + 1)
