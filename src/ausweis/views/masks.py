"""Which parts of a call are personal data, and what pages show in their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from ausweis.calls.call import Call
from ausweis.facts import Facts
from ausweis.judging.verdict import Verdict
from ausweis.masking import Masker, mask
from ausweis.masking.kinds import Span, shown_as
from ausweis.vocabulary import Language, MaskKind

__all__ = ["CallMask", "Cover", "JudgedCall"]

_ABOUT_AMOUNTS = ("wrong_promise", "wrong_terms")


class JudgedCall(Protocol):
    """What pages need of a call: its text and facts where they are known, and its verdict."""

    @property
    def call(self) -> Call | None: ...  # noqa: D102
    @property
    def facts(self) -> Facts | None: ...  # noqa: D102
    @property
    def verdict(self) -> Verdict: ...  # noqa: D102


class Cover(NamedTuple):
    """Personal data from `start` to `end` of a turn, and what stands there instead."""

    start: int
    end: int
    shown: str


@dataclass(frozen=True)
class CallMask:
    """Masks one call for a reader of `language`; hides nothing unless `masked`.

    Amounts stay in quotes about a wrong price or promise, and where these were said: without them the finding would
    mean nothing.
    """

    judged: JudgedCall
    language: Language
    masked: bool = True

    def covers(self, turn: int) -> Sequence[Cover]:
        """What of a turn is hidden, in order and without overlap."""
        if not self.masked:
            return ()
        text = self.judged.call.turn(turn).text if self.judged.call else ""
        hidden = (span for span in self._masker.spans(turn) if not self._stays(span, text, turn))
        return [Cover(span.start, span.end, shown_as(span.kind, self.language)) for span in hidden]

    def quote(self, quote: str, turn: int) -> str:
        """A quote of a turn."""
        if not self.masked:
            return quote
        return self._masker.text(quote, turn, keep=self._kept.get((turn, quote), frozenset()))

    def text(self, text: str) -> str:
        """A text about the call."""
        return mask(text, language=self.language) if self.masked else text

    @cached_property
    def _masker(self) -> Masker:
        own = self.judged.verdict.own_words
        return Masker.of(self.judged.call, self.judged.facts, language=self.language, own=own)

    @cached_property
    def _kept(self) -> dict[tuple[int, str], frozenset[MaskKind]]:
        """Quotes of a turn, and the kinds of data that stay in them."""
        about = (incident for incident in self.judged.verdict.incidents if incident.id in _ABOUT_AMOUNTS)
        return {
            (said.turn, said.quote): frozenset({"amount"})
            for incident in about
            for said in incident.evidence
            if said.quote
        }

    def _stays(self, span: Span, text: str, turn: int) -> bool:
        """Whether what a turn says at a place stands in a quote that keeps it."""
        for (number, quote), kinds in self._kept.items():
            start = text.find(quote) if number == turn and span.kind in kinds else -1
            if 0 <= start <= span.start and span.end <= start + len(quote):
                return True
        return False
