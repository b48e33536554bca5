"""Which parts of a call are personal data: the masking room's answer in the shape that the pages want."""

from collections.abc import Mapping, Sequence

from ausweis.masking import Kind, Masker
from ausweis.masking.kinds import Span, shown_as
from ausweis.reports.review_calls import kept_in
from ausweis.serve.desk import CallMask
from ausweis.serve.marks import Cover
from ausweis.store import CallRecord
from ausweis.vocabulary import Language

__all__ = ["UNMASKED", "mask_of"]

UNMASKED = CallMask(covers=lambda turn: (), text=lambda quote, turn: quote)
"""Hides nothing."""

_Kept = Mapping[tuple[int, str], frozenset[Kind]]
"""Quotes of a turn, and the kinds of data that stay in them."""


def mask_of(record: CallRecord, language: Language) -> CallMask:
    """The mask of a call in the reader's language; without its text, of what stands in the quotes.

    As in the daily review, amounts stay in quotes about a wrong price or promise: there, and where they were said.
    """
    masker = Masker.of(record.call, record.facts, language=language)
    kept: _Kept = {
        (said.turn, said.quote): kept_in(one)
        for one in record.verdict.incidents
        for said in one.evidence
        if kept_in(one)
    }

    def covers(turn: int) -> Sequence[Cover]:
        text = record.call.turn(turn).text if record.call else ""
        hidden = [one for one in masker.spans(turn) if not _stays(one, text, turn, kept)]
        return [(one.start, one.end, shown_as(one.kind, language)) for one in hidden]

    return CallMask(
        covers=covers,
        text=lambda quote, turn: masker.text(quote, turn, keep=kept.get((turn, quote), frozenset())),
    )


def _stays(span: Span, text: str, turn: int, kept: _Kept) -> bool:
    """Whether what a turn says at a place stands in a quote that keeps it."""
    for (number, quote), kinds in kept.items():
        start = text.find(quote) if number == turn and span.kind in kinds else -1
        if start >= 0 and start <= span.start and span.end <= start + len(quote):
            return True
    return False
