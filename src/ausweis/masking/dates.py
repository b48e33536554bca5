"""Dates in a text: `3.3.1983`, `22. Juli 1949`, `dritter zehnter neunzehnhundertachtundachtzig`, `April 68`."""

import re
from collections.abc import Iterator, Sequence

from ausweis.masking.kinds import Span
from ausweis.masking.tokens import Token, near

__all__ = ["MONTHS", "date_end", "written_dates"]

MONTHS = frozenset(
    "januar jänner februar märz april mai juni juno juli august september oktober november dezember "
    "january february march may june july october december".split()
)
_IN_YEARS = frozenset("und and of oh one".split())
_WRITTEN = re.compile(r"(?<![\d.])(\d{1,2})\s?[./-]\s?(\d{1,2})\s?[./-](?:\s?(\d{4}|\d{2}))?(?!\d)")
_BEFORE = re.compile(r"\b(?:am|vom|zum|bis|seit|ab|geboren|geburtsdatum|on|from|until|since|born|birth)\W{1,2}\Z", re.I)
_ORDINAL = re.compile(r"(?:.*te[rns]?|ersten?|erster|dritte[rn]?|first|second|third|.*th)")


def written_dates(text: str) -> Iterator[Span]:
    """What is written like `3.3.1983`: a date with a day, a month and a whole year, or behind a word as `am`.

    Else it is a number: `20-04-15` may be a code.
    """
    for match in _WRITTEN.finditer(text):
        low, high = sorted((int(match[1]), int(match[2])))
        sure = len(match[3] or "") == 4 or _BEFORE.search(text, max(0, match.start() - 14), match.start())
        if sure and 1 <= low <= 12 and high <= 31:
            yield Span(match.start(), match.end(), "date")
        else:
            yield Span(match.start(), match.end() if match[3] else match.end(2), "number")


def date_end(text: str, tokens: Sequence[Token], place: int) -> int | None:
    """Where the date ends that begins here: day and month with or without a year, or month and year."""
    token = tokens[place]
    if token.word in MONTHS:
        at = place + 1
        if at < len(tokens) and tokens[at].word == "the":
            at += 1
        return _year(text, tokens, at, place) if at < len(tokens) and tokens[at].number else None
    if not token.number or not 0 < len(token.digits) <= 2:
        return None
    at = place + 1
    while at < len(tokens) and tokens[at].word in ("of", "the", "th", "st", "nd", "rd"):
        at += 1
    if at >= len(tokens) or not near(text, tokens[at - 1], tokens[at]):
        return None
    if tokens[at].word in MONTHS or (_ordinal(token) and _ordinal(tokens[at])):
        return _year(text, tokens, at + 1, at)
    return None


def _ordinal(token: Token) -> bool:
    return token.number and 0 < len(token.digits) <= 2 and _ORDINAL.fullmatch(token.word) is not None


def _year(text: str, tokens: Sequence[Token], at: int, before: int) -> int:
    """Behind the year that may follow: two or four digits in up to five words."""
    digits, last = "", before + 1
    while at < len(tokens) and at - before <= 6:
        token = tokens[at]
        if not near(text, tokens[at - 1], token) or not (token.number or token.word in _IN_YEARS):
            break
        tens = digits.endswith("0") and len(token.digits) == 1 and text[token.start - 1] in " -"
        if (len(digits) >= 4 and not tens) or (len(digits) >= 2 and "," in text[tokens[at - 1].end : token.start]):
            break
        digits += token.digits
        at += 1
        if token.digits:
            last = at
    return last
