"""What personal data is masked as: closed words, and how they are shown."""

from typing import Literal, NamedTuple, get_args

__all__ = ["KINDS", "Kind", "Language", "Span", "shown_as"]

Language = Literal["de", "en"]
Kind = Literal["PIN", "code", "password", "IBAN", "date", "number", "amount", "name", "address", "e-mail", "rest"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_GERMAN: dict[Kind, str] = {
    "code": "Code",
    "password": "Kennwort",
    "date": "Datum",
    "number": "Nummer",
    "amount": "Betrag",
    "name": "Name",
    "address": "Adresse",
    "e-mail": "E-Mail",
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
