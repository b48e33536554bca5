"""A text as it reads: every kind of digit as 0 to 9, letters without what is laid over them, nothing unseen.

`１`, `①`, `1️⃣`, `1̶` and `𝟙` are all 1, and `W̶e̶b̶e̶r̶` is Weber. What is found in it is masked in the text.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, normalize, numeric

from ausweis.masking.kinds import Span

__all__ = ["Plain", "plain"]

_MARKS = ("Mn", "Me", "Cf")
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"
"""Letters by their category that show nothing."""
_AS_IT_IS = re.compile(r"[\n -~ÄÖÜäöüß€„“”‘’‚…–—]*")
"""What most texts are made of: signs that read as what they are."""


class Plain(NamedTuple):
    """A plain text; the sign at `n` of it stands in the text itself from `starts[n]` up to and without `ends[n]`."""

    text: str
    starts: list[int]
    ends: list[int]

    def in_text(self, spans: Iterable[Span]) -> list[Span]:
        """Spans of the plain text, none empty, as spans of the text itself, with all the marks of their signs."""
        return [Span(self.starts[span.start], self.ends[span.end - 1], span.kind) for span in spans]


@lru_cache(maxsize=500)
def plain(text: str) -> Plain:
    """The plain form of a text."""
    if _AS_IT_IS.fullmatch(text):
        return Plain(text, list(range(len(text))), list(range(1, len(text) + 1)))
    signs: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for at, sign in enumerate(text):
        read = _read(sign)
        if signs and not read:
            ends[-1] = at + 1
            whole = normalize("NFC", signs[-1] + sign)
            signs[-1] = whole if len(whole) == 1 else signs[-1]
        # `m²` is a unit, no number.
        read = sign if sign in "²³" and signs[-1:] == ["m"] else read
        for letter in read:
            signs.append(letter)
            starts.append(at)
            ends.append(at + 1)
    return Plain("".join(signs), starts, ends)


@lru_cache(maxsize=10_000)
def _read(sign: str) -> str:
    """What a sign reads as: nothing where it only marks the one before, a blank where it is a fraction."""
    if sign.isascii():
        return sign
    if category(sign) in _MARKS or sign in _BLANK_LETTERS:
        return ""
    value = numeric(sign, None)
    if value is not None:
        return str(int(value)) if value >= 0 and value.is_integer() else " "
    read = normalize("NFKC", sign)
    return read if len(read) == 1 or (sign.isalpha() and len(read) <= 4) else sign
