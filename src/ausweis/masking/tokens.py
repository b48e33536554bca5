"""A text as it reads, and its words with their places: which are numbers, and which everybody uses.

A text as it reads has every kind of digit as 0 to 9, letters without what is laid over them, nothing unseen: `１`, `①`,
`1️⃣`, `1̶` and `𝟙` are all 1, and `W̶e̶b̶e̶r̶` is Weber. What is found in it is masked in the text.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple
from unicodedata import category, normalize, numeric

from ausweis.masking.kinds import SHOWN, Span, table, words
from ausweis.spoken import digits_in, has_number

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
        read = _sign(sign)
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
def _sign(sign: str) -> str:
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


_TOKEN = re.compile(rf"{'|'.join(sorted(SHOWN))}|\d+|[^\W\d_]+(?:['’][^\W\d_]+)*")
CURRENCY = "[$¢£¤¥₠-⃏]"
_CURRENCY = re.compile(CURRENCY)
_SHARES = ("%", "‰", "°")
_SIGN_WITHIN = 2
_ALONE, _BESIDE, _DIALECT = table("digits_alone"), table("digits_beside"), table("digits")
_HUNDREDS = words("numbers", "hundreds")


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
