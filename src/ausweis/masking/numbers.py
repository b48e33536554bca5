"""Numbers in a text as spans: dates, amounts, IBANs and all other runs of digits, written or spoken.

Left as they are: one or two digits alone, and what is counted in a unit of time, share or data ("24 Monate"), unless
`given` says that the turn holds a value; then every number in it is one. Dates: `3.3.1983`, `22. Juli 1949`, `dritter
zehnter neunzehnhundertachtundachtzig`, `April 68`.
"""

import re
from collections.abc import Container, Iterator, Sequence

from ausweis.masking.kinds import Span, words
from ausweis.masking.tokens import CURRENCY, Token, near
from ausweis.vocabulary import NAME, FactorRecord, MaskKind

_MONTHS = words("numbers", "months")
_IN_YEARS = words("numbers", "in_years")
_WRITTEN = re.compile(r"(?<![\d.])(\d{1,2})\s?[./-]\s?(\d{1,2})\s?[./-](?:\s?(\d{4}|\d{2}))?(?!\d)")
_BEFORE = re.compile(r"\b(?:am|vom|zum|bis|seit|ab|geboren|geburtsdatum|on|from|until|since|born|birth)\W{1,2}\Z", re.I)
_ORDINAL = re.compile(r"(?:.*te[rns]?|ersten?|erster|dritte[rn]?|first|second|third|.*th)")

FEWEST = 3
"""So many digits in a row are a number wherever they stand."""

_CURRENCIES = words("numbers", "currencies")
_SIGNS = re.compile(CURRENCY)
_UNITS = words("numbers", "units")
_GLUE = words("numbers", "glue")
_BEFORE_NUMBERS = words("numbers", "before")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?\b")
_IBAN_DIGITS, _COUNTRY = 16, 2
"""An IBAN has so many digits and more, behind so many letters; digits alone may be a card's."""


def number_spans(
    text: str, tokens: Sequence[Token], *, given: frozenset[FactorRecord] = frozenset(), known: Container[str] = ()
) -> list[Span]:
    """The numbers of a text with these words, none overlapping another.

    `given`: the factors whose value this turn holds. `known`: the pairs of digits of the values that are given anywhere
    in the call: they are masked alone too.
    """
    spans = [Span(match.start(), match.end(), "IBAN") for match in _IBAN.finditer(text)]
    written = list(_written_dates(text))
    spans += [span for span in written if span.kind == "date"]
    place = 0
    while place < len(tokens):
        if not (tokens[place].number or tokens[place].word in _BEFORE_NUMBERS or tokens[place].word in _MONTHS):
            place += 1
            continue
        end, kind = _date_end(text, tokens, place), "date"
        if end is None:
            end, kind = _run(text, tokens, place), ""
        if end is None:
            place += 1
            continue
        run = tokens[place:end]
        shown = "date" if kind else _kind_of_run(text, tokens, place, end, given, known)
        if shown is not None:
            start, stop = _with_letters(text, tokens, place), _with_tail(text, tokens, end, shown)
            if shown == "amount" and _SIGNS.match(text[start - 1 : start]):
                start -= 1
            spans.append(Span(start, stop if stop > run[-1].end else run[-1].end, shown))
        place = end
    return spans + written


def digits_of(text: str, tokens: Sequence[Token]) -> Iterator[str]:
    """The digits of each run of numbers that stands in the text."""
    place = 0
    while place < len(tokens):
        end = _run(text, tokens, place)
        if end is not None:
            yield _joined(tokens[place:end])
        place = end or place + 1


def _joined(run: Sequence[Token]) -> str:
    repeat, digits = 1, ""
    for token in run:
        digits += token.digits * repeat
        repeat = {"double": 2, "doppel": 2, "triple": 3}.get(token.word, 1)
    return digits


def _run(text: str, tokens: Sequence[Token], place: int) -> int | None:
    """Where the run of numbers ends that begins here; None where none begins."""
    if not _begins(text, tokens, place):
        return None
    end = place + 1
    while end < len(tokens):
        reach = _next_number(text, tokens, end)
        if reach is None:
            break
        end = reach
    return end


def _begins(text: str, tokens: Sequence[Token], place: int) -> bool:
    token = tokens[place]
    if token.number:
        return True
    if token.word not in _BEFORE_NUMBERS or place + 1 == len(tokens):
        return False
    after = tokens[place + 1]
    return (after.number or (token.weak and after.weak)) and near(text, token, after)


def _next_number(text: str, tokens: Sequence[Token], place: int) -> int | None:
    """Behind the next number, where it goes on with the run: glue, letters and misheard digits may stand between."""
    for at in range(place, min(place + 4, len(tokens))):
        token = tokens[at]
        if not near(text, tokens[at - 1], token):
            return None
        if token.number or (at == place and token.word in ("one", "oh", "o")):
            return at + 1
        if not (token.weak or token.word in _GLUE or len(token.word) == 1):
            return None
    return None


def _kind_of_run(
    text: str, tokens: Sequence[Token], place: int, end: int, given: frozenset[FactorRecord], known: Container[str]
) -> MaskKind | None:
    """As what a run is masked; None where it is left."""
    digits = _joined(tokens[place:end])
    after = tokens[end].word if end < len(tokens) and near(text, tokens[end - 1], tokens[end]) else ""
    behind = text[tokens[end - 1].end : tokens[end - 1].end + 2]
    before = text[max(0, tokens[place].start - 2) : tokens[place].start]
    if after in _CURRENCIES or _SIGNS.search(behind) or _SIGNS.search(before):
        return "amount"
    letters = text[_with_letters(text, tokens, place) : tokens[place].start]
    if len(digits) >= _IBAN_DIGITS and sum(map(str.isalpha, letters)) == _COUNTRY:
        return "IBAN"
    if (after in _UNITS or behind.strip()[:1] == "%") and len(digits) <= FEWEST:
        return None
    if any(factor.has_numbers for factor in given):
        kinds: set[MaskKind] = {factor.mask for factor in given if factor.id != NAME}
        return kinds.pop() if len(kinds) == 1 else "number"
    return "number" if len(digits) >= FEWEST or digits in known else None


def _with_letters(text: str, tokens: Sequence[Token], place: int) -> int:
    """Where the span begins: up to three letters right before a number belong to it (`MW 6 612`, `E-M-H, null`)."""
    start = tokens[place].start
    for at in range(place - 1, max(-1, place - 4), -1):
        token = tokens[at]
        short = len(token.word) == 1 and text[token.end : token.end + 1] in (" ", "-", ",")
        capitals = len(token.word) <= 3 and text[token.start : token.end].isupper()
        if not (short or capitals) or not near(text, token, tokens[at + 1]) or token.word in ("a", "i"):
            break
        start = token.start
    return start


def _with_tail(text: str, tokens: Sequence[Token], end: int, kind: MaskKind) -> int:
    """Where the span ends: with its currency, and the cents behind it."""
    if kind != "amount":
        return 0
    stop = tokens[end - 1].end
    sign = _SIGNS.match(text, stop + (text[stop : stop + 1] == " "))
    if sign:
        return sign.end()
    if end < len(tokens) and tokens[end].word in _CURRENCIES:
        stop = tokens[end].end
        if end + 1 < len(tokens) and tokens[end + 1].number and near(text, tokens[end], tokens[end + 1]):
            stop = tokens[end + 1].end
    return stop


def _written_dates(text: str) -> Iterator[Span]:
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


def _date_end(text: str, tokens: Sequence[Token], place: int) -> int | None:
    """Where the date ends that begins here: day and month with or without a year, or month and year."""
    token = tokens[place]
    if token.word in _MONTHS:
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
    if tokens[at].word in _MONTHS or (_ordinal(token) and _ordinal(tokens[at])):
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
