"""Lists of words, and sets of factors, within a German or English sentence."""

from collections.abc import Collection, Iterable, Sequence

from ausweis.vocabulary import FACTORS, Factor, Language

__all__ = ["AND", "OR", "listed", "sets_in_words"]

AND: dict[Language, str] = {"de": "und", "en": "and"}
OR: dict[Language, str] = {"de": "oder", "en": "or"}


def listed(words: Sequence[str], joint: str) -> str:
    """`a, b or c`."""
    return f" {joint} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def sets_in_words(sets: Iterable[Collection[Factor]], language: Language) -> str:
    """Sets of factors, any one of which is enough: `PIN or date of birth + customer number`."""
    names = [
        " + ".join(record.name[language] for factor, record in FACTORS.items() if factor in factors) for factors in sets
    ]
    return listed(names, OR[language])
