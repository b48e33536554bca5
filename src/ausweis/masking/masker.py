"""Masking with what is known of a call: who gave what in which turn, and which names fell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

from ausweis.masking.kinds import Span, masked, within
from ausweis.masking.numbers import digits_of
from ausweis.masking.text import TextSpans
from ausweis.masking.tokens import is_common, plain, tokens_of
from ausweis.spoken import has_number
from ausweis.vocabulary import NAME, FactorRecord, Language, MaskKind, OwnWord, with_own

if TYPE_CHECKING:  # masking loads no reader of calls
    from ausweis.calls.call import Call
    from ausweis.facts import Facts

LEAST_SURE = 0.05
"""Events of less probability do not count: masking rather believes too much."""
_ANSWERED_WITHIN = 3
"""A value that was asked for may come so many turns later."""
_SHORTEST_WORD = 3
_MOST_WORDS = 4
"""In a turn that gives a word, at most so many uncommon words are looked for in the other turns."""
_GREETING = 3
"""In the first turns of a call the agent says who they are."""
_SAID_AGAIN: tuple[MaskKind, ...] = ("password", "answer", "value")


class Masker:
    """Masks the turns of one call, and quotes from them. Get one with `of`."""

    def __init__(self, call: Call, given: Mapping[int, frozenset[FactorRecord]], language: Language) -> None:
        self._call = call
        self._given = given
        self._language = language
        self._spans: dict[int, list[Span]] = {}
        self._read: dict[int, TextSpans] = {}
        self._digits = self._known_digits()
        self._words = self._known_words()

    @classmethod
    def of(
        cls, call: Call, facts: Facts | None, *, language: Language | None = None, own: Sequence[OwnWord] = ()
    ) -> Masker:
        """One for this call.

        `language` is that of what is shown in the place of the data; the call's, unless given. `own`: what a policy
        says today of own words that the facts know from when the call was read.
        """
        return cls(call, _given(call, facts, own), language or call.language)

    def turn(self, number: int, *, keep: Container[MaskKind] = frozenset()) -> str:
        """The masked text of a turn, by its number from 1; empty where there is none."""
        return masked(self._text_of(number), self.spans(number), self._language, keep)

    def text(self, quote: str, turn: int, *, keep: Container[MaskKind] = frozenset()) -> str:
        """A masked quote from a turn; what the quote cuts through is masked too."""
        whole = self._text_of(turn)
        at = whole.find(quote) if quote else -1
        if at < 0:
            spans = self._reading_of(turn, quote).known(self._words, self._digits)
            return masked(quote, spans, self._language, keep)
        return masked(quote, within(self.spans(turn), at, at + len(quote)), self._language, keep)

    def spans(self, number: int) -> list[Span]:
        """What is masked in a turn, in order."""
        if number not in self._spans:
            read = self._read.get(number) or self._reading_of(number, self._text_of(number))
            self._spans[number] = read.known(self._words, self._digits)
        return self._spans[number]

    def _reading_of(self, number: int, text: str) -> TextSpans:
        opening = self._call.turns[:_GREETING]
        greets = 1 <= number <= len(opening) and opening[number - 1].speaker != "caller"
        return TextSpans(text, self._given.get(number, frozenset()), greets=greets)

    def _text_of(self, number: int) -> str:
        return self._call.turn(number).text if 1 <= number <= len(self._call.turns) else ""

    def _known_digits(self) -> frozenset[str]:
        digits: set[str] = set()
        for number, given in self._given.items():
            if any(factor.has_digits or factor.mask == "address" for factor in given):
                text = plain(self._text_of(number)).text
                for run in digits_of(text, tokens_of(text)):
                    digits |= {run[at : at + 2] for at in range(len(run) - 1)}
        return frozenset(digits)

    def _known_words(self) -> Mapping[str, MaskKind]:
        """Names wherever they were introduced, the agent's too, and short answers that prove who calls."""
        known: dict[str, MaskKind] = dict.fromkeys(_words_in(self._call.agent or ""), "name")
        for number, turn in enumerate(self._call.turns, start=1):
            values: dict[MaskKind, set[str]] = defaultdict(set)
            given = self._given.get(number, frozenset())
            self._read[number] = self._reading_of(number, turn.text)
            for span in self._read[number].known():
                values[span.kind] |= _words_in(turn.text[span.start : span.end])
            known |= dict.fromkeys(values["name"], "name")
            said_again = any(factor.is_secret_word or factor.id == NAME for factor in given)
            for kind in _SAID_AGAIN if said_again else ():
                if len(values[kind]) <= _MOST_WORDS:
                    known |= dict.fromkeys(values[kind], kind)
        return known


def _words_in(text: str) -> set[str]:
    return {
        token.word
        for token in tokens_of(plain(text).text)
        if len(token.word) >= _SHORTEST_WORD and not token.digits and not is_common(token.word)
    }


def _given(call: Call, facts: Facts | None, own: Sequence[OwnWord]) -> dict[int, frozenset[FactorRecord]]:
    """The factors whose value is said in each turn: by the facts, or because it was asked for just before."""
    given: dict[int, set[FactorRecord]] = defaultdict(set)
    words = {word.id: word for word in (*(facts.asked_words if facts else ()), *own)}
    factors = with_own(tuple(words.values())).factors
    for event in facts.events if facts else ():
        factor = factors.get(event.subject or "")
        if factor is None or event.probability < LEAST_SURE:
            continue
        if event.kind in ("gives", "reads_out"):
            given[event.turn].add(factor)
        elif event.kind == "asks" and (factor.has_digits or factor.is_secret_word):
            answer = _answer_to(call, event.turn, numbers=factor.has_digits)
            if answer is not None:
                given[answer].add(factor)
    return {turn: frozenset(factors) for turn, factors in given.items()}


def _answer_to(call: Call, asked: int, *, numbers: bool) -> int | None:
    for number in range(asked + 1, min(asked + _ANSWERED_WITHIN, len(call.turns)) + 1):
        turn = call.turn(number)
        if turn.speaker != "agent" and (not numbers or has_number(plain(turn.text).text)):
            return number
    return None
