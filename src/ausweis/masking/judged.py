"""Which parts of a call that was judged are personal data, turn by turn: the mask of pages, and of what they search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from ausweis.calls.call import Call
from ausweis.facts import Facts
from ausweis.judging.verdict import Verdict
from ausweis.masking.kinds import Span, masked, within
from ausweis.masking.masker import Masker
from ausweis.vocabulary import Language, MaskKind

RULES = 2
"""The version of what masks: another one where any call would be masked otherwise, since masks are kept with calls."""
_ABOUT_AMOUNTS = ("wrong_promise", "wrong_terms")


class JudgedCall(Protocol):
    """What masks need of a call: its text, facts and verdict."""

    @property
    def call(self) -> Call: ...  # noqa: D102
    @property
    def facts(self) -> Facts: ...  # noqa: D102
    @property
    def verdict(self) -> Verdict: ...  # noqa: D102


@dataclass(frozen=True)
class JudgedMask:
    """The mask of one call for a reader of `language`; `known`: what was `found` before, by turn.

    Amounts stay in quotes about a wrong price or promise, and where these were said: without them the finding would
    mean nothing.
    """

    judged: JudgedCall
    language: Language
    known: Mapping[int, Sequence[Span]] | None = None

    def spans(self, turn: int) -> Sequence[Span]:
        """What of a turn is hidden, in order and without overlap."""
        text = self._text_of(turn)
        return [span for span in self.found(turn) if not self._stays(span, text, turn)]

    def found(self, turn: int) -> Sequence[Span]:
        """What of a turn is personal data, whatever stays; the same for each verdict on the same facts."""
        return self._masker.spans(turn) if self.known is None else self.known.get(turn, ())

    def quote(self, quote: str, turn: int) -> str:
        """A quote of a turn; what it cuts through is masked too."""
        keep = self._kept.get((turn, quote), frozenset())
        at = self._text_of(turn).find(quote) if quote else -1
        if at < 0:
            return self._masker.text(quote, turn, keep=keep)
        return masked(quote, within(self.found(turn), at, at + len(quote)), self.language, keep)

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

    def _text_of(self, turn: int) -> str:
        call = self.judged.call
        return call.turn(turn).text if 1 <= turn <= len(call.turns) else ""

    def _stays(self, span: Span, text: str, turn: int) -> bool:
        """Whether what a turn says at a place stands in a quote that keeps it."""
        for (number, quote), kinds in self._kept.items():
            start = text.find(quote) if number == turn and span.kind in kinds else -1
            if 0 <= start <= span.start and span.end <= start + len(quote):
                return True
        return False
