"""Time stamps and numbers as seconds."""

import re
from typing import Annotated

from pydantic import Field

__all__ = ["CLOCK", "LATEST", "Milliseconds", "clock_seconds", "seconds"]

LATEST = 10**10
"""Seconds: what is later is no time of a call, not even where a program counts from 1970."""

Milliseconds = Annotated[int, Field(ge=0, le=1000 * LATEST)]
"""A time of a call in a file of JSON."""

CLOCK = r"(?:\d{1,4}:)?\d{1,3}:\d{2}(?:[.,]\d{1,9})?"
"""A clock as a regular expression: minutes and seconds, hours and a fraction where they are told, in any digits."""

_CLOCK = re.compile(CLOCK)
_NUMBER = re.compile(r"\d{1,12}(?:[.,]\d{1,9})?")


def clock_seconds(stamp: str) -> float:
    """`1:02:03.5`, `02:03` or `00:02:03,500` in seconds.

    Raises:
        ValueError: it is no clock; the message has nothing of it.
    """
    if not _CLOCK.fullmatch(stamp):
        raise ValueError("no clock")
    *large, last = stamp.replace(",", ".").split(":")
    whole = 0
    for part in large:
        whole = whole * 60 + int(part)
    # Rounded, so that 62.4 is not 62.400000000000006.
    return round(whole * 60 + float(last), 6)


def seconds(value: str) -> float | None:
    """A cell of a table in seconds: a number with decimal point or comma, a clock, or None where it is blank.

    Raises:
        ValueError: it is none of these; the message has nothing of it.
    """
    value = value.strip()
    if not value:
        return None
    if _NUMBER.fullmatch(value):
        return float(value.replace(",", "."))
    return clock_seconds(value)
