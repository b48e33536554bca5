"""What pages show in the place of personal data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ausweis.masking import mask
from ausweis.masking.judged import JudgedCall, JudgedMask
from ausweis.masking.kinds import Span, shown_as
from ausweis.vocabulary import Language

__all__ = ["CallMask", "Cover", "JudgedCall"]


class Cover(NamedTuple):
    """Personal data from `start` to `end` of a turn, and what stands there instead."""

    start: int
    end: int
    shown: str


@dataclass(frozen=True)
class CallMask:
    """Masks one call for a reader of `language`; hides nothing unless `masked`. `known`: as of `JudgedMask`."""

    judged: JudgedCall
    language: Language
    masked: bool = True
    known: Mapping[int, Sequence[Span]] | None = None

    def covers(self, turn: int) -> Sequence[Cover]:
        """What of a turn is hidden, in order and without overlap."""
        if not self.masked:
            return ()
        return [Cover(span.start, span.end, shown_as(span.kind, self.language)) for span in self._mask.spans(turn)]

    def quote(self, quote: str, turn: int) -> str:
        """A quote of a turn."""
        return self._mask.quote(quote, turn) if self.masked else quote

    def text(self, text: str) -> str:
        """A text about the call."""
        return mask(text, language=self.language) if self.masked else text

    @cached_property
    def _mask(self) -> JudgedMask:
        return JudgedMask(self.judged, self.language, self.known)
