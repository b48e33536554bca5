"""Digits that were said one by one, as people write them: an ASR model puts commas and full stops between them.

`7,7,1` and `7, 7, 1` are three digits, `771` and `7 7 1`. Amounts, thousands and dates stay as they are.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from ausweis.audio.heard import Word

__all__ = ["as_digits"]

FEWEST = 3
"""Single digits with a comma behind each are an enumeration of digits from so many on; `2, 3` may be a guess."""

_PARTED = re.compile(r"(\d+(?:[.,]\d+)+)([.,!?]?)")
_NUMBER = re.compile(
    r"\d+[.,]\d\d?"  # an amount, a decimal, a time, a day and month
    r"|\d{1,3}(?:\.\d{3})+(?:,\d\d?)?|\d{1,3}(?:,\d{3})+(?:\.\d\d?)?"  # thousands
    r"|\d\d?[.,]\d\d?[.,](?:\d\d){1,2}"  # a date
)
_SINGLE = re.compile(r"\d[.,]?")


def as_digits(words: Sequence[Word]) -> list[Word]:
    """The same words with the same times; those that are digits have no signs between them."""
    found = [replace(word, text=_together(word.text)) for word in words]
    start = 0
    while start < len(found):
        end = start
        while end < len(found) and _SINGLE.fullmatch(found[end].text):
            end += 1
        if end - start >= FEWEST:
            found[start : end - 1] = [replace(word, text=word.text[0]) for word in found[start : end - 1]]
        start = end + 1
    return found


def _together(text: str) -> str:
    match = _PARTED.fullmatch(text)
    if match is None or _NUMBER.fullmatch(match[1]):
        return text
    return re.sub(r"[.,]", "", match[1]) + match[2]
