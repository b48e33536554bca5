"""Addresses and e-mail addresses in a text as spans, written or spoken."""

import re
from collections.abc import Iterator, Sequence

from ausweis.masking.kinds import Span, words
from ausweis.masking.tokens import Token, is_common

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,80}@[\w-]{1,80}(?:\.[\w-]{1,40}){0,4}")
_UK_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")
_ENDINGS = tuple(words("places", "endings"))
_TYPES, _PARTS = words("places", "types"), words("places", "parts")
_AT, _DOT, _ENDS = words("places", "at"), words("places", "dot"), words("places", "ends")
_REACH = 6
"""So many words may stand on each side of a spoken at sign."""


def email_spans(text: str, tokens: Sequence[Token]) -> Iterator[Span]:
    """E-mail addresses, also as `s punkt thürmer at example punkt de`."""
    for match in _EMAIL.finditer(text) if "@" in text else ():
        yield Span(match.start(), match.end(), "e-mail")
    for place, token in enumerate(tokens):
        if token.word in _AT and place:
            end = _domain_end(tokens, place)
            if end is not None:
                yield Span(_local_start(tokens, place), end, "e-mail")


def _domain_end(tokens: Sequence[Token], at: int) -> int | None:
    for place in range(at + 1, min(at + _REACH, len(tokens) - 1)):
        if tokens[place].word in _DOT and tokens[place + 1].word in _ENDS:
            return tokens[place + 1].end
    return None


def _local_start(tokens: Sequence[Token], at: int) -> int:
    start = tokens[at].start
    for token in reversed(tokens[max(0, at - _REACH) : at]):
        if not (token.word in _PARTS or token.digits or len(token.word) == 1 or not is_common(token.word)):
            break
        start = token.start
    return start


def address_spans(text: str, tokens: Sequence[Token]) -> Iterator[Span]:
    """Street and number, postcode and town, British postcodes."""
    for match in _UK_POSTCODE.finditer(text):
        yield Span(match.start(), match.end(), "address")
    for place, token in enumerate(tokens):
        if token.word.endswith(_ENDINGS) and not (is_common(token.word) and token.word not in _ENDINGS):
            last = _house_number(tokens, place)
            if last is not None:
                yield Span(_street_start(text, tokens, place), _with_town(text, tokens, last), "address")
        elif token.number and _is_british(text, tokens, place):
            last = next(at for at in range(place + 1, place + 5) if tokens[at].word in _TYPES)
            yield Span(token.start, _with_town(text, tokens, last), "address")
        elif token.word.isdigit() and len(token.word) == 5 and place + 1 < len(tokens):
            town = tokens[place + 1]
            if text[token.end : town.start] == " " and text[town.start].isupper():
                yield Span(token.start, town.end, "address")


def _house_number(tokens: Sequence[Token], place: int) -> int | None:
    """The token with which the house number behind a street ends."""
    at = place + 1
    if at < len(tokens) and tokens[at].word in ("nummer", "nr"):
        at += 1
    last = None
    while at < len(tokens) and at <= place + 5 and tokens[at].start - tokens[at - 1].end <= 2:
        if tokens[at].number or (last and len(tokens[at].word) == 1):
            last = at
        elif tokens[at].word != "und":
            break
        at += 1
    return last


def _with_town(text: str, tokens: Sequence[Token], last: int) -> int:
    """Where the address ends: with the town, and its postcode, that follow."""
    end = tokens[last].end
    for token in tokens[last + 1 : last + 4]:
        between = text[end : min(token.start, end + 9)].strip(" ,")
        town = text[token.start].isupper() and not is_common(token.word)
        if between not in ("", "in") or not (town or token.word == "in" or (token.number and len(token.digits) == 5)):
            break
        end = token.end if token.word != "in" else end
    return end


def _street_start(text: str, tokens: Sequence[Token], place: int) -> int:
    """`prinzen allee` and `Am Alten Weg` begin before their last word."""
    start, at = tokens[place].start, place - 1
    apart = tokens[place].word in _ENDINGS
    while at >= 0 and place - at <= 3 and tokens[at + 1].start - tokens[at].end == 1:
        capital = text[tokens[at].start].isupper() and text[tokens[at + 1].start - 1] in " -"
        if is_common(tokens[at].word) and not (apart and capital):
            break
        if not (apart or capital):
            break
        start, at, apart = tokens[at].start, at - 1, False
    return start


def _is_british(text: str, tokens: Sequence[Token], place: int) -> bool:
    for at in range(place + 1, min(place + 5, len(tokens))):
        if tokens[at].start - tokens[at - 1].end > 1:
            return False
        if tokens[at].word in _TYPES:
            return at > place + 1
        if is_common(tokens[at].word) and not text[tokens[at].start].isupper():
            return False
    return False
