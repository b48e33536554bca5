"""Names in a text as spans: what stands behind or before words that introduce one, and common first names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

from ausweis.masking.kinds import Span
from ausweis.masking.tokens import Token, is_common
from ausweis.reading.spoken import has_number

__all__ = ["is_cased", "name_spans"]

_Cues = Mapping[str, Sequence[Sequence[str]]]


def _by_word(*cues: str, at: int) -> _Cues:
    found: dict[str, list[Sequence[str]]] = {}
    for cue in map(str.split, cues):
        found.setdefault(cue[at], []).append(cue)
    return found


_TITLES = frozenset("herr herrn frau fräulein mr mrs ms miss mister dr doktor missus".split())
_OWN = frozenset("meine meiner seine deine ihre mei my".split())
_STRONG = _by_word(
    "name ist", "heiße", "heiß", "hoaß", "name's", "name is", "nachname", "vorname", "surname", "through to",
    "sprechen mit", "spreche ich mit", "speaking with", "speaking to", "hier spricht", "geborene", "called",
    at=-1,
)  # fmt: skip
_WEAK = _by_word("hier ist", "hier", "ich bin", "it's", "this is", "i'm", "i am", "da ist", at=-1)
_ARTICLES = frozenset("der die da de dr the auch i a".split())
_BEHIND = _by_word("mein name", "am apparat", "hier", "is my name", "here", "speaking", at=0)
_SPELLED = re.compile(
    r"(?<![\w'’])(?:(?:doppel|double)[- ])?\w(?:[ ,.\-–]{1,2}(?:(?:doppel|double)[- ])?\w){3,}(?!\w)", re.I
)
_ALPHABET = re.compile(r"\b\w+ (?:wie|for|as in) [^\W\d_]{3,20}\b", re.I)
_MOST_WORDS = 3
_SHORTEST = 2


@cache
def _first_names() -> frozenset[str]:
    text = (files("ausweis.masking") / "common" / "first-names.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def is_cased(text: str) -> bool:
    """Whether the text has capitals as writing wants them; a recogniser may write none, and then they tell nothing."""
    return any(sign.isupper() for sign in text)


def name_spans(text: str, tokens: Sequence[Token], *, given: bool) -> list[Span]:
    """Names in the text. `given`: a name is in this turn for certain, and less is asked of it."""
    found = list(_introduced(text, tokens, given))
    found += _by_first_name(text, tokens)
    found += [Span(one.start(), one.end(), "name") for one in _SPELLED.finditer(text) if not has_number(one[0])]
    if given:
        found += _pairs(text, tokens)
        found += [Span(one.start(), one.end(), "name") for one in _ALPHABET.finditer(text)]
        if not any(span.kind == "name" for span in found):
            found += [
                Span(one.start, one.end, "name") for one in tokens if _may_be_name(text, one, cased=is_cased(text))
            ]
    return found


def _introduced(text: str, tokens: Sequence[Token], given: bool) -> Iterator[Span]:
    cased = is_cased(text)
    for place, one in enumerate(tokens):
        titled = one.word in _TITLES and not (place and tokens[place - 1].word in _OWN)
        weak = (given or cased) and _ends_with(tokens, place, _WEAK)
        if titled or weak or _ends_with(tokens, place, _STRONG):
            yield from _behind(text, tokens, place + 1, cased)
        if (cased or given) and _begins_with(tokens, place, _BEHIND):
            yield from _before(text, tokens, place, cased)


def _ends_with(tokens: Sequence[Token], place: int, cues: _Cues) -> bool:
    """Whether the words up to this one are a cue; cues are found by their last word."""
    return any(_words(tokens, place + 1 - len(cue), cue) for cue in cues.get(tokens[place].word, ()))


def _begins_with(tokens: Sequence[Token], place: int, cues: _Cues) -> bool:
    return any(_words(tokens, place, cue) for cue in cues.get(tokens[place].word, ()))


def _words(tokens: Sequence[Token], place: int, cue: Sequence[str]) -> bool:
    return place >= 0 and [token.word for token in tokens[place : place + len(cue)]] == list(cue)


def _behind(text: str, tokens: Sequence[Token], place: int, cased: bool) -> Iterator[Span]:
    last = min(place + _MOST_WORDS, len(tokens))
    while place < last and (tokens[place].word in _ARTICLES or tokens[place].word in _TITLES):
        place += 1
    end = place
    while end < len(tokens) and end - place < _MOST_WORDS and _may_be_name(text, tokens[end], cased):
        if end > place and not _close(text, tokens[end - 1], tokens[end]):
            break
        end += 1
    if end > place and tokens[place].start - (tokens[place - 1].end if place else 0) <= 2:
        yield Span(tokens[place].start, tokens[end - 1].end, "name")


def _before(text: str, tokens: Sequence[Token], place: int, cased: bool) -> Iterator[Span]:
    start = place
    while start > 0 and place - start < _MOST_WORDS and _may_be_name(text, tokens[start - 1], cased):
        if tokens[start].start - tokens[start - 1].end > _SHORTEST:
            break
        start -= 1
    if start < place:
        yield Span(tokens[start].start, tokens[place - 1].end, "name")


def _by_first_name(text: str, tokens: Sequence[Token]) -> Iterator[Span]:
    """A first name that everybody knows, with the surname behind it."""
    cased = is_cased(text)
    for place, one in enumerate(tokens):
        if one.word not in _first_names() or (cased and not text[one.start].isupper()):
            continue
        end = place + 1
        while end < len(tokens) and end - place < _MOST_WORDS and _close(text, tokens[end - 1], tokens[end]):
            if not cased or not _may_be_name(text, tokens[end], cased):
                break
            end += 1
        yield Span(one.start, tokens[end - 1].end, "name")


def _pairs(text: str, tokens: Sequence[Token]) -> Iterator[Span]:
    """Two or more words with capitals beside each other, as a name has and other words seldom do."""
    place = 0
    while place < len(tokens):
        end = place
        while end < len(tokens) and _may_be_name(text, tokens[end], cased=True):
            if end > place and not _close(text, tokens[end - 1], tokens[end]):
                break
            end += 1
        if end - place > 1:
            yield Span(tokens[place].start, tokens[end - 1].end, "name")
        place = max(end, place + 1)


def _close(text: str, one: Token, other: Token) -> bool:
    return text[one.end : other.start] in (" ", "-", ". ", " von ")


def _may_be_name(text: str, one: Token, cased: bool) -> bool:
    if one.digits and not one.weak:
        return False
    return len(one.word) >= _SHORTEST and not is_common(one.word) and (not cased or text[one.start].isupper())
