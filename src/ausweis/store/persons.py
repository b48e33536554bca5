"""One person is one name: which spellings are one, and which are refused as they could be taken for another's.

Names are compared by NFKC and case folding (Unicode Standard Annex 15), blanks as one. What only looks like a name is
told by the idea of Unicode Technical Standard 39: letters of alphabets that share their shapes are not mixed in one
name, and of two names that look the same only the first may be used.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from ausweis.errors import NameRefusedError

_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "COPTIC", "CHEROKEE", "LISU"})
"""Those that share shapes of letters; who writes a name in Chinese and Latin letters deceives nobody."""
_LOOKS = {
    other: latin
    for latin, others in (
        *(("A", "АΑ"), ("a", "аαɑ"), ("B", "ВΒв"), ("C", "СϹ"), ("c", "сϲ"), ("d", "ԁ"), ("E", "ЕΕ"), ("e", "е")),
        *(("g", "ɡ"), ("H", "НΗн"), ("h", "һհ"), ("I", "ІΙ"), ("i", "іιı"), ("J", "Ј"), ("j", "ј"), ("K", "КΚ")),
        *(("k", "кκ"), ("l", "Iǀ|1"), ("M", "МΜ"), ("m", "м"), ("N", "Ν"), ("n", "ո"), ("O", "ОΟ0Օ"), ("o", "оοօ")),
        *(("P", "РΡ"), ("p", "рρ"), ("q", "ԛ"), ("r", "г"), ("S", "ЅՏ"), ("s", "ѕ"), ("T", "ТΤ"), ("t", "т")),
        *(("u", "ս"), ("v", "νѵ"), ("w", "ԝ"), ("X", "ХΧ"), ("x", "х"), ("Y", "ΥҮ"), ("y", "уγ"), ("Z", "Ζ")),
    )
    for other in others
}
"""By letters of other alphabets, and some of Latin, the Latin one that they look like."""
_PAIRS = (("rn", "m"), ("vv", "w"))


@lru_cache(maxsize=4096)
def person_of(name: str) -> str:
    """The person of a name: the same text for all spellings that are one."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


def same_person(name: str, other: str) -> bool:
    """Whether two names are one person's."""
    return person_of(name) == person_of(other)


def known_name(name: str, known: Iterable[str]) -> str:
    """The name as it is known already, however it is written here; a new one as it is written.

    Raises:
        NameRefusedError: it mixes alphabets, or looks like another's.
    """
    known = list(known)
    same = next((other for other in known if same_person(name, other)), None)
    if same is not None:
        return same
    if len(_alphabets(name)) > 1:
        raise NameRefusedError("the name mixes letters of two alphabets; write it in one", code="mixed")
    looks = _looks(name)
    like = next((other for other in known if _looks(other) == looks), None)
    if like is not None:
        raise NameRefusedError(f"the name looks like {like}; choose another, or add a surname", code="alike", like=like)
    return name


def _alphabets(name: str) -> set[str]:
    letters = (letter for letter in unicodedata.normalize("NFKC", name) if letter.isalpha())
    return {unicodedata.name(letter, "?").split()[0] for letter in letters} & _ALPHABETS


def _looks(name: str) -> str:
    """What a name looks like, as one text for all names that look so."""
    latin = "".join(_LOOKS.get(letter, letter) for letter in unicodedata.normalize("NFKC", name))
    # What became a capital I looks like a small L.
    plain = person_of(latin.replace("I", "l"))
    for pair, letter in _PAIRS:
        plain = plain.replace(pair, letter)
    return re.sub(r"[\s.'’_-]+", "", plain)
