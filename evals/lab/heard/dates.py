"""Whether words say a date: `neunter elfter sechsundachtzig`, `9.11.1986`, `09111986`, `November 9th, '86`."""

import re
from collections.abc import Sequence
from functools import cache

from babel.dates import get_month_names
from evals.lab.heard.canonical import Token

__all__ = ["date_digits", "says_date"]

_FILLERS = frozenset("der die das den dem am im vom of the in und and n s st nd rd th".split())
_HUNDREDS = {"hundert": "h", "hundred": "h", "tausend": "k", "thousand": "k"}
_ISO = re.compile(r"(\d{4}|-)-(\d{2})-(\d{2})")


def says_date(tokens: Sequence[Token], date: str) -> bool:
    """Whether the date, as ISO writes it or `--MM-DD`, is among the words; of a year the last two digits are enough.

    Up to two other words may stand between day and month, and up to eight before the year.
    """
    match = _ISO.fullmatch(date)
    if match is None:
        raise ValueError("a date is YYYY-MM-DD or --MM-DD")
    year, month, day = match[1], int(match[2]), int(match[3])
    return any(re.search(form, _line(tokens)) for form in _forms("" if year == "-" else year, month, day))


def date_digits(tokens: Sequence[Token]) -> str:
    """The digits of days, months and years, two each, months by their names too."""
    numbers = (str(_months().get(token.word, token.digits)) for token in tokens)
    return "".join(number[-2:].zfill(2) if len(number) in (1, 2, 4) else number for number in numbers)


def _line(tokens: Sequence[Token]) -> str:
    """The words as `w`, months as `m` with their number, numbers as digits."""
    parts = [
        f"m{_months()[token.word]}" if token.word in _months() else token.digits or _HUNDREDS.get(token.word, "w")
        for token in tokens
        if token.word not in _FILLERS
    ]
    return f" {' '.join(parts)} "


@cache
def _forms(year: str, month: int, day: int) -> tuple[str, ...]:
    gap, days, months = r"(?: w){0,2} ", f"(?:{day}|{day:02d})", f"(?:{month}|{month:02d})"
    months = f"(?:m{month}|{months})"
    years = rf"(?: w){{0,8}} {_year(year)} " if year else " "
    glued_year = rf" ?{_year(year)} " if year else " "
    return (
        f" {days}{gap}{months}{years}",
        f" m{month}{gap}{days}{years}",
        f" {day:02d} ?{month:02d}{glued_year}",
    )


def _year(year: str) -> str:
    """Ways to say it: 1986, 86, 19 86, 1900 86, 19 h 86; 2004, 04, 20 04, 2000 4, 2 k 4."""
    century, two = year[:2], year[2:]
    short = f"(?:{two}|{two[0]} {two[1]}|{int(two)})" if two[0] == "0" else two
    between = r"(?: w){0,8} "
    large = rf"(?:{century}00|{century} h|{int(year) // 1000} k){between}{short}"
    return rf"(?:{century} ?{two}|{century} {short}|{large}|{short if two[0] != '0' else two})"


@cache
def _months() -> dict[str, int]:
    wide = {
        name.lower(): number
        for language in ("de", "en")
        for number, name in get_month_names("wide", "format", language).items()
    }
    return wide | {"jänner": 1, "juno": 6}
