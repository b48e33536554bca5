"""A plain text as words with their places, and which of them are numbers or words that everybody uses."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from ausweis.masking.kinds import SHOWN
from ausweis.spoken import digits_in, has_number

__all__ = ["CURRENCY", "Token", "is_common", "near", "tokens_of"]

_TOKEN = re.compile(rf"{'|'.join(sorted(SHOWN))}|\d+|[^\W\d_]+(?:['’][^\W\d_]+)*")
CURRENCY = "[$¢£¤¥₠-⃏]"
_CURRENCY = re.compile(CURRENCY)
_SHARES = ("%", "‰", "°")
_SIGN_WITHIN = 2
_ALONE = {"one": "1", "oh": "0", "o": "0"}
"""Digits beside other numbers only."""
_DIALECT = {
    "oans": "1", "oins": "1", "zwoa": "2", "zwoi": "2", "zwee": "2", "drui": "3", "fenf": "5", "fümf": "5",
    "fuffzehn": "15", "sechse": "6", "viere": "4", "fünfe": "5", "siebn": "7", "neine": "9", "fuffzig": "50",
    "dreissig": "30", "second": "2", "zwoter": "2", "zwoten": "2", "zwote": "2",
}  # fmt: skip
_BESIDE = {"nein": "9", "ein": "1", "won": "1", "for": "4", "to": "2", "too": "2", "ate": "8"}
"""What an ASR model or a dialect writes for a digit: one only where numbers stand on both sides."""
_HUNDREDS = frozenset({"hundert", "tausend", "hundred", "thousand", "million"})


class Token(NamedTuple):
    """A word of a text: its place, its lower-case form, and its digits where it is a number.

    `number`: it is one by itself; `weak`: only where others stand beside it.
    """

    start: int
    end: int
    word: str
    digits: str
    weak: bool
    number: bool


@lru_cache(maxsize=500)
def tokens_of(text: str) -> Sequence[Token]:
    """The words of a text in their order."""
    return tuple(Token(match.start(), match.end(), *_read(match[0])) for match in _TOKEN.finditer(text))


@lru_cache(maxsize=20_000)
def _read(said: str) -> tuple[str, str, bool, bool]:
    word = said.lower().replace("’", "'")
    digits, weak = _digits(word) if len(word) <= 60 else ("0" * word.isdigit(), False)
    return word, digits, weak, not weak and (digits != "" or word in _HUNDREDS)


def _digits(word: str) -> tuple[str, bool]:
    weak = _ALONE.get(word) or _BESIDE.get(word)
    if weak is not None:
        return weak, True
    if word in _DIALECT:
        return _DIALECT[word], False
    return (digits_in(word), False) if has_number(word) else ("", False)


@cache
def _common() -> frozenset[str]:
    folder = files("ausweis.masking") / "common"
    return frozenset(
        word for name in ("de.txt", "en.txt") for word in (folder / name).read_text(encoding="utf-8").split()
    )


def is_common(word: str) -> bool:
    """Whether many people use this lower-case word in calls: it gives nobody away, and is no name."""
    return len(word) == 1 or word in _common() or word[:1] == "‹" or word.partition("'")[0] in _common()


def near(text: str, token: Token, other: Token) -> bool:
    """Whether nothing but separators, of any kind and number, stands between two words that follow each other.

    Letters and digits cannot stand there; but a currency beside a word, or a share behind it, says what it counts.
    """
    behind, before = min(token.end + _SIGN_WITHIN, other.start), max(other.start - _SIGN_WITHIN, token.end)
    if _CURRENCY.search(text, token.end, behind) or _CURRENCY.search(text, before, other.start):
        return False
    return other.start - token.end < _SIGN_WITHIN or not text[token.end : behind].strip().startswith(_SHARES)
