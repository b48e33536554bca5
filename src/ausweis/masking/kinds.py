"""What personal data is masked as: closed words, and how they are shown."""

from typing import NamedTuple, get_args

from ausweis.vocabulary import Language, MaskKind

__all__ = ["KINDS", "SHOWN", "Kind", "Span", "shown_as"]

Kind = MaskKind
KINDS: tuple[Kind, ...] = get_args(Kind)

_GERMAN: dict[Kind, str] = {
    "code": "Code",
    "password": "Kennwort",
    "answer": "Antwort",
    "date": "Datum",
    "number": "Nummer",
    "amount": "Betrag",
    "name": "Name",
    "address": "Adresse",
    "e-mail": "E-Mail",
    "value": "Angabe",
}


class Span(NamedTuple):
    """A part of a text, from `start` up to and without `end`, that holds personal data of a kind."""

    start: int
    end: int
    kind: Kind


def shown_as(kind: Kind, language: Language) -> str:
    """What stands in the text instead: `‹PIN›`, `‹Datum›`; `‹…›` for the rest of an overlong text."""
    if kind == "rest":
        return "‹…›"
    return f"‹{_GERMAN.get(kind, kind) if language == 'de' else kind}›"


SHOWN = frozenset(shown_as(kind, language) for kind in KINDS for language in get_args(Language))
"""All that a masked text shows instead of personal data."""
