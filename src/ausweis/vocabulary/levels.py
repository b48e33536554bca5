"""Levels of authentication that the policies that ship share, and what they are called."""

from collections.abc import Mapping

from ausweis.vocabulary.lists import Language, Texts

__all__ = ["LEVELS", "level_name"]

LEVELS: Mapping[str, Texts] = {
    "standard": {"de": "Standard", "en": "standard"},
    "elevated": {"de": "erhöht", "en": "elevated"},
}
"""By the names that those policies give them."""


def level_name(level: str, language: Language) -> str:
    """What a level is called; one that a policy named itself stays as it is."""
    return LEVELS[level][language] if level in LEVELS else level
