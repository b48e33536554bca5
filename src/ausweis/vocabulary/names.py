"""What an id is called, whatever it is the id of."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

from ausweis.vocabulary.incidents import INCIDENTS
from ausweis.vocabulary.lists import SEVERITY_NAMES, Language, Texts
from ausweis.vocabulary.own_words import KNOWN_WORDS, Vocabulary
from ausweis.vocabulary.violations import VIOLATIONS

__all__ = ["name_of"]


def name_of(word: str, language: Language, words: Vocabulary = KNOWN_WORDS) -> str:
    """The name of a factor, category, violation, incident or severity; an id that nothing is known of, with spaces."""
    record = words.factors.get(word) or words.categories.get(word)
    if record is not None:
        return record.name[language]
    return _names(language).get(word) or word.replace("_", " ")


class _Named(Protocol):
    @property
    def name(self) -> Texts: ...


@cache
def _names(language: Language) -> dict[str, str]:
    tables: tuple[Mapping[Any, _Named], ...] = (VIOLATIONS, INCIDENTS)
    names = {str(word): record.name[language] for table in tables for word, record in table.items()}
    return names | {word: texts[language] for word, texts in SEVERITY_NAMES.items()}
