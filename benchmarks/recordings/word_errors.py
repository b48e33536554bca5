"""Texts made alike before their words are counted: numbers digit by digit, umlauts and words written apart.

English goes through Whisper's own normaliser (Radford et al. 2022) before. That one knows no German: it drops umlauts
and reads no German number.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from evals.lab.heard import tokens_of

from ausweis.vocabulary import Language

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_PARTS = 3
"""Words that a compound may be written as: `fest netz telefon`."""
_SIGNS_DE = str.maketrans({"€": " euro ", "%": " prozent ", "&": " und ", "§": " paragraph "})
_HESITATIONS = frozenset("äh ähm ähem öh öhm hm hmm mhm mh uh um uhm erm er".split())


def made_alike(said: str, heard: str, language: Language) -> tuple[str, str]:
    """Both texts as words that can be counted against each other.

    Hesitations are left out, as Whisper leaves them out; and what one text writes as one word and the other as two
    is no error: it is written together in both.
    """
    one, other = _plain(said, language), _plain(heard, language)
    one = _together(one, frozenset(other))
    return " ".join(one), " ".join(_together(other, frozenset(one)))


def _plain(text: str, language: Language) -> list[str]:
    text = _english()(text) if language == "en" else text.translate(_SIGNS_DE)
    words: list[str] = []
    for token in tokens_of(text):
        if token.word not in _HESITATIONS or token.digits:
            words += list(token.digits) or [token.letters]
    return [word for word in words if word]


def _together(words: Sequence[str], known: frozenset[str]) -> list[str]:
    out: list[str] = []
    place = 0
    while place < len(words):
        count = next(
            (
                count
                for count in range(min(MOST_PARTS, len(words) - place), 1, -1)
                if "".join(words[place : place + count]) in known
                and not re.search(r"\d", "".join(words[place : place + count]))
            ),
            1,
        )
        out.append("".join(words[place : place + count]))
        place += count
    return out


@cache
def _english() -> "Callable[[str], str]":
    from whisper_normalizer.english import EnglishTextNormalizer

    normalizer: Callable[[str], str] = EnglishTextNormalizer()
    return normalizer
