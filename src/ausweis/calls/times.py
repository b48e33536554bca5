"""Time stamps and numbers as seconds."""

import re

__all__ = ["CLOCK", "clock_seconds", "seconds"]

CLOCK = r"(?:\d{1,4}:)?\d{1,3}:\d{2}(?:[.,]\d{1,9})?"
"""A clock as a regular expression: minutes and seconds, hours and a fraction where they are told."""

_CLOCK = re.compile(CLOCK, re.ASCII)
_NUMBER = re.compile(r"\d{1,12}(?:[.,]\d{1,9})?", re.ASCII)


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
