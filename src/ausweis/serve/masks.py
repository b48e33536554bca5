"""Which parts of a call are personal data: the masking room's answer in the shape that the pages want."""

from ausweis.calls.call import Call
from ausweis.reading.facts import Facts
from ausweis.serve.desk import CallMask, Language

__all__ = ["UNMASKED", "mask_of"]

UNMASKED = CallMask(covers=lambda turn: (), text=lambda quote, turn: quote)
"""Hides nothing."""


def mask_of(call: Call | None, facts: Facts | None, language: Language) -> CallMask:
    """The mask of a call; without its text, of what stands in the quotes."""
    return UNMASKED
