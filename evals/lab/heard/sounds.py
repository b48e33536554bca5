"""Whether two words sound alike: by Kölner Phonetik in German, by Metaphone in English."""

import re

from evals.lab.heard.canonical import folded

from ausweis.vocabulary import Language

__all__ = ["koelner", "sound_alike"]

CLOSE = 0.4
"""The share of letters that words which sound alike have in common at least. `Wrona` and `vorne` have the same code."""
_CODES = (("aeijouy", "0"), ("b", "1"), ("fvw", "3"), ("gkq", "4"), ("l", "5"), ("mn", "6"), ("r", "7"), ("sz", "8"))
_CODE = {letter: code for letters, code in _CODES for letter in letters}
_HARD_FIRST, _HARD = "ahkloqrux", "ahkoqux"


def sound_alike(one: str, other: str, language: Language) -> bool:
    """Whether two words, written in whatever way, are the same by their sound, and close by their letters."""
    one, other = folded(one), folded(other)
    if one == other:
        return True
    from jellyfish import levenshtein_distance, metaphone

    code = koelner if language == "de" else metaphone
    apart = levenshtein_distance(one, other) / max(len(one), len(other), 1)
    return bool(code(one)) and code(one) == code(other) and apart <= 1 - CLOSE


def koelner(word: str) -> str:
    """The code of a word by Kölner Phonetik (Postel 1969): a digit a sound, vowels at the beginning only."""
    letters = re.sub("[^a-z]", "", folded(word))
    codes = [_sound(letters, place) for place in range(len(letters))]
    one_each = re.sub(r"(\d)\1+", r"\1", "".join(codes))
    return one_each[:1] + one_each[1:].replace("0", "")


def _sound(word: str, place: int) -> str:
    letter, before, after = word[place], word[place - 1 : place], word[place + 1 : place + 2]
    match letter:
        case "h":
            return ""
        case "p":
            return "3" if after == "h" else "1"
        case "d" | "t":
            return "8" if after and after in "csz" else "2"
        case "x":
            return "8" if before and before in "ckq" else "48"
        case "c":
            hard = bool(after) and after in (_HARD if before else _HARD_FIRST)
            return "4" if hard and (not before or before not in "sz") else "8"
        case _:
            return _CODE[letter]
