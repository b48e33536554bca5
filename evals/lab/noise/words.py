"""Words as they sound: what of two words is alike, whatever their spelling, capitals and marks.

The table is short on purpose: it makes alike what German and English writers confuse, and a distance of letters does
the rest.
"""

import re
from functools import lru_cache
from unicodedata import normalize

from jellyfish import levenshtein_distance

from ausweis.spoken import digits_in

__all__ = ["atoms_of", "core_of", "digits_of", "distance", "has_letters", "is_ordinal", "mark_of", "plain", "sound_of"]

_ALIKE = (
    (r"ß|zz", "s"),
    (r"tz|ts|z", "s"),
    (r"ph|v(?=[aeiouäöürl])", "f"),
    (r"qu|kw", "kv"),
    (r"sch|sh|ch(?=[iey])", "x"),
    (r"ck|q|c(?=[aoukrlt])", "k"),
    (r"th|dt", "t"),
    (r"w", "v"),
    (r"[ae][iy]", "ei"),
    (r"ä|ae", "e"),
    (r"ö|oe", "o"),
    (r"ü|ue|y", "u"),
    (r"eu", "oi"),
    (r"ie|ih|ee|ea", "i"),
    (r"(?<=[aeiou])h", ""),
    (r"d$", "t"),
    (r"g$", "k"),
    (r"b$", "p"),
    (r"(.)\1+", r"\1"),
)
_SOUNDS = tuple((re.compile(pattern), sound) for pattern, sound in _ALIKE)
_ORDINAL = re.compile(r"(?:te|ten|ter|tes|ste|sten|ster|th|st|nd|rd)$")
_AS = str.maketrans("…;:", ".,,")
_LETTERS = re.compile(r"[^\W_]")


def plain(word: str) -> str:
    """A word without marks and capitals: `Tarif,` is `tarif`."""
    return "".join(re.findall(r"\w+", normalize("NFC", word).casefold()))


def core_of(word: str) -> str:
    """A word without the marks around it: `Tarif,` is `Tarif`."""
    return word.strip(".,!?;:…\"'„“”-–()")


def has_letters(word: str) -> bool:
    """Whether a word can be spoken: a dash between blanks cannot."""
    return _LETTERS.search(word) is not None


@lru_cache(maxsize=100_000)
def sound_of(word: str) -> str:
    """What a word sounds like: words that sound alike nearly always have one sound."""
    sound = plain(word)
    for pattern, alike in _SOUNDS:
        sound = pattern.sub(alike, sound)
    return sound or plain(word)


@lru_cache(maxsize=100_000)
def digits_of(word: str) -> str:
    """The digits of a word that is a number: of `4711,`, `vierzig`, `19.`, and of `017-A0068`; none of `Paket50`."""
    bare = plain(word)
    written = "".join(filter(str.isdigit, bare))
    if written:
        return written if 2 * len(written) > len(bare) else ""
    return digits_in(bare) if bare else ""


def atoms_of(word: str) -> tuple[str, ...]:
    """What is aligned: each digit of a number for itself, since it may be written in one word or in several."""
    return tuple(f"#{digit}" for digit in digits_of(word)) or (sound_of(word),)


def distance(one: str, other: str) -> float:
    """How far two sounds are apart, from 0 (alike) to 1: changed letters (Levenshtein) of those of the longer one.

    Two digits, or a digit and a word, are alike or not.
    """
    if "#" in (one[:1], other[:1]):
        return float(one != other)
    return levenshtein_distance(one, other) / max(len(one), len(other), 1)


def mark_of(word: str) -> str:
    """What stands behind a word: one of `.`, `,`, `?`, `!`, or nothing."""
    tail = word[len(word.rstrip(".,!?;:…\"'”“-–)")) :]
    return next((sign for sign in "?!.…,;:" if sign in tail), "").translate(_AS)


def is_ordinal(word: str) -> bool:
    """Whether a number word is one such as `dritten` or `neunzehnter`."""
    return bool(_ORDINAL.search(plain(word))) and bool(digits_of(word))
