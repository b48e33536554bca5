"""Which parts of a call are personal data: the masking room's answer in the shape that the pages want."""

from ausweis.calls.call import Call
from ausweis.masking import Language, Masker
from ausweis.masking.kinds import shown_as
from ausweis.reading.facts import Facts
from ausweis.serve.desk import CallMask

__all__ = ["UNMASKED", "mask_of"]

UNMASKED = CallMask(covers=lambda turn: (), text=lambda quote, turn: quote)
"""Hides nothing."""


def mask_of(call: Call | None, facts: Facts | None, language: Language) -> CallMask:
    """The mask of a call in the reader's language; without its text, of what stands in the quotes."""
    masker = Masker.of(call, facts, language=language)
    return CallMask(
        covers=lambda turn: [(one.start, one.end, shown_as(one.kind, language)) for one in masker.spans(turn)],
        text=masker.text,
    )
