"""What is declined in plain words: `Das darf ich erst sagen, wenn …`, `I can't discuss that`.

The reader is timid about refusals: of 55 in dev and field-dev it finds 28, and invents 1. In plain words they need no
model: of 45 lines that these expressions find in the labelled calls, 41 refuse. They change no violation; a call in
which nothing is done is compliant with a refusal, and not applicable without.
"""

import re

__all__ = ["DECLINED", "declines"]

DECLINED = 0.8
"""How likely such a line of the agent refuses something."""

_DOING = (
    r"(?:sagen|nennen|geben|herausgeben|rausgeben|weitergeben|mitteilen|vorlesen|besprechen|machen|ändern|tun"
    r"|auskunft|auskünfte)"
)
_FILLER = r"(?:ihnen |dir |dazu |das |es |leider |da |hier |so |am telefon |jetzt |auch |einfach )*"
_EXPRESSIONS = (
    rf"\bdarf ich {_FILLER}(?:erst |nicht |nichts |keine? )(?:\w+ ){{0,4}}?{_DOING}",
    r"\bohne (?:die|das|den|eine|ein|diese|ihre|deine|vollmacht|pin|kennwort|passwort)\b[^.]{0,30}"
    r"(?:geht|darf|kann) (?:es |das |ich )?(?:hier |leider |da )?(?:nicht|nichts)",
    r"\bnot allowed to (?:\w+ ){0,3}?(?:tell|say|change|read)",
    r"\b(?:can't|cannot|can not|cant|not able to|unable to|not allowed to) (?:\w+ ){0,3}?"
    r"(?:discuss|give you|share|disclose|go into|talk about)",
)
_DECLINES = re.compile("|".join(_EXPRESSIONS), re.IGNORECASE)


def declines(text: str) -> bool:
    """Whether an agent's line says in plain words that something is not told or done."""
    return _DECLINES.search(text) is not None
