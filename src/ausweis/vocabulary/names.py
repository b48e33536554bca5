"""What an id is called, whatever it is the id of."""

from functools import cache

from ausweis.vocabulary.actions import CATEGORIES
from ausweis.vocabulary.factors import FACTORS
from ausweis.vocabulary.incidents import INCIDENTS
from ausweis.vocabulary.lists import Language
from ausweis.vocabulary.violations import VIOLATIONS

__all__ = ["name_of"]


def name_of(word: str, language: Language) -> str:
    """The name of a factor, category, violation or incident; what a policy named itself, with spaces."""
    return _names(language).get(word) or word.replace("_", " ")


@cache
def _names(language: Language) -> dict[str, str]:
    records = (*FACTORS.values(), *CATEGORIES.values(), *VIOLATIONS.values(), *INCIDENTS.values())
    return {record.id: record.name[language] for record in records}
