"""What an id is called, whatever it is the id of."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

from ausweis.vocabulary.actions import CATEGORIES
from ausweis.vocabulary.factors import FACTORS
from ausweis.vocabulary.incidents import INCIDENTS
from ausweis.vocabulary.lists import Language, Texts
from ausweis.vocabulary.violations import VIOLATIONS

__all__ = ["name_of"]


def name_of(word: str, language: Language) -> str:
    """The name of a factor, category, violation or incident; what a policy named itself, with spaces."""
    return _names(language).get(word) or word.replace("_", " ")


class _Named(Protocol):
    @property
    def name(self) -> Texts: ...


@cache
def _names(language: Language) -> dict[str, str]:
    tables: tuple[Mapping[Any, _Named], ...] = (FACTORS, CATEGORIES, VIOLATIONS, INCIDENTS)
    return {str(word): record.name[language] for table in tables for word, record in table.items()}
