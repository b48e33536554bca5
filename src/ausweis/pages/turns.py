"""The turns of a call as pages show them: masked, in pieces, with what was found marked where it was said."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

from ausweis.calls.call import Call
from ausweis.facts import Facts
from ausweis.judging.verdict import Incident, Verdict, Violation
from ausweis.masking import mask
from ausweis.masking.judged import JudgedCall, JudgedMask
from ausweis.masking.kinds import Span, shown_as
from ausweis.pages.words import clock
from ausweis.vocabulary import Language, Speaker


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


MarkKind = Literal["violation", "incident", "evidence", "action", "disclosure", "change", "factor", "event"]
"""evidence: words in another turn that speak for a violation or incident; disclosure, change: an action, in evals."""
_STRENGTH: tuple[MarkKind, ...] = ("violation", "incident", "evidence", "action", "factor", "event")
"""Where words are marked more than once, the first of these gives the colour."""
_BROKEN: tuple[MarkKind, ...] = ("violation", "incident")
_FOUND: tuple[MarkKind, ...] = (*_BROKEN, "evidence")
_FACTOR_EVENTS = frozenset({"gives", "reads_out", "pre_authenticated", "callback"})
_ACTION_EVENTS = frozenset({"discloses", "changes"})
_SURE = 0.95
"""Of events that are at least so probable, the probability is not shown."""
_LIKELY = 0.5
"""Events that are less probable are not shown."""


@dataclass(frozen=True)
class Mark:
    """Something found at a turn. `word`: a word of the domain; `state`: what became of it (or its severity).

    `quotes`: where in the turn; `probability`: how sure the reader is, where it is not sure; `labelled`: the state of
    a label beside it.
    """

    kind: MarkKind
    word: str
    state: str = ""
    subject: str = ""
    quotes: tuple[str, ...] = ()
    probability: float | None = None
    labelled: str = ""


@dataclass(frozen=True)
class TurnPiece:
    """A part of a turn's text. `kind` is empty where nothing is marked; `masked`: it stands for personal data."""

    text: str
    kind: MarkKind | Literal[""] = ""
    masked: bool = False


@dataclass(frozen=True)
class TurnView:
    """A turn. `start` in seconds."""

    number: int
    speaker: Speaker
    start: float | None
    pieces: Sequence[TurnPiece]
    marks: Sequence[Mark]

    @property
    def at(self) -> str:
        """When it begins, as minutes and seconds; empty where unknown."""
        return clock(self.start)

    @property
    def chips(self) -> Sequence[Mark]:
        """The marks as they stand beside the turn: a kind of finding once, however many of it are here."""
        once: dict[object, Mark] = {}
        for mark in self.marks:
            once.setdefault((mark.kind, mark.word) if mark.kind in _FOUND else mark, mark)
        return tuple(once.values())

    @property
    def broken(self) -> bool:
        """Whether a rule is broken here, or an incident happens."""
        return any(mark.kind in _BROKEN for mark in self.marks)

    @property
    def text(self) -> str:
        """What is shown of it."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def said(self) -> list[tuple[str, bool]]:
        """Its text cut where a quote begins or ends, and whether each part is quoted."""
        parts = groupby(self.pieces, key=lambda piece: piece.kind != "")
        return [(replace(self, pieces=tuple(pieces)).text, quoted) for quoted, pieces in parts]

    def shortened(self, longest: int) -> "TurnView":
        """The first quote with so many letters around it, where the turn is longer."""
        length = sum(len(piece.text) for piece in self.pieces)
        if length <= longest:
            return self
        quoted = next((place for place, piece in enumerate(self.pieces) if piece.kind), 0)
        begin = max(0, sum(len(piece.text) for piece in self.pieces[:quoted]) - longest // 2)
        pieces, at = [TurnPiece("… ")] if begin else [], 0
        for piece in self.pieces:
            first, last = max(0, begin - at), min(len(piece.text), begin + longest - at)
            if first < last:
                pieces.append(piece if piece.masked else replace(piece, text=piece.text[first:last]))
            at += len(piece.text)
        return replace(self, pieces=(*pieces, TurnPiece(" …")) if begin + longest < length else tuple(pieces))


def turn_views(call: Call, marks: Mapping[int, Sequence[Mark]], mask: CallMask) -> list[TurnView]:
    """All turns."""
    return [turn_view(call, number, marks.get(number, ()), mask) for number in range(1, len(call.turns) + 1)]


def turn_view(call: Call, number: int, marks: Sequence[Mark], mask: CallMask, *, whole: bool = False) -> TurnView:
    """One turn. A quote that fills it marks no words, since the mark beside the turn says as much; unless `whole`."""
    turn = call.turn(number)
    pieces = tuple(_pieces(turn.text, mask.covers(number), list(_places(turn.text, marks, whole=whole))))
    return TurnView(number, turn.speaker, turn.start, pieces, marks)


def finding_marks(verdict: Verdict) -> dict[int, list[Mark]]:
    """Violations and incidents by turn, and in other turns the words that speak for them."""
    marks: dict[int, list[Mark]] = defaultdict(list)
    findings: list[tuple[Violation | Incident, Mark]] = [
        (broken, Mark("violation", broken.type, broken.severity, broken.action or "")) for broken in verdict.violations
    ]
    findings += [(incident, Mark("incident", incident.id, incident.severity)) for incident in verdict.incidents]
    for finding, mark in findings:
        for turn in dict.fromkeys((finding.turn, *(said.turn for said in finding.evidence))):
            quotes = tuple(said.quote for said in finding.evidence if said.turn == turn)
            kind: MarkKind = mark.kind if turn == finding.turn else "evidence"
            marks[turn].append(replace(mark, kind=kind, quotes=quotes))
    return marks


def marks_of(verdict: Verdict, facts: Facts) -> dict[int, list[Mark]]:
    """What was found, by turn: violations, incidents, actions, factors, then what was said around them."""
    by_turn: dict[int, list[Mark]] = defaultdict(list)
    for turn, mark in (*_judged(verdict), *_read(facts, verdict)):
        if mark not in by_turn[turn]:
            by_turn[turn].append(mark)
    return {turn: sorted(marks, key=lambda mark: _STRENGTH.index(mark.kind)) for turn, marks in by_turn.items()}


def _judged(verdict: Verdict) -> Iterator[tuple[int, Mark]]:
    for turn, marks in finding_marks(verdict).items():
        yield from ((turn, mark) for mark in marks if mark.kind in _BROKEN)
    for act in verdict.actions:
        yield act.turn, Mark("action", act.category, "met" if act.met else "unmet", act.level, (act.quote,))
    for used in verdict.factors:
        yield used.turn, Mark("factor", used.factor, used.status, quotes=(used.quote,))


def _read(facts: Facts, verdict: Verdict) -> Iterator[tuple[int, Mark]]:
    """Events that the verdict does not show already."""
    factors = {(used.turn, used.factor) for used in verdict.factors}
    actions = {(act.turn, act.category) for act in verdict.actions}
    for event in facts.events:
        subject = event.subject or event.kind
        shown = (event.kind in _FACTOR_EVENTS and (event.turn, subject) in factors) or (
            event.kind in _ACTION_EVENTS and (event.turn, subject) in actions
        )
        if not shown and event.probability >= _LIKELY:
            unsure = event.probability if event.probability < _SURE else None
            yield event.turn, Mark("event", event.kind, "", event.subject or "", (event.quote,), unsure)


def _places(text: str, marks: Iterable[Mark], *, whole: bool) -> Iterator[tuple[int, int, MarkKind]]:
    """Where the quotes stand."""
    for mark in marks:
        for quote in map(str.strip, mark.quotes):
            start = text.find(quote) if quote else -1
            if start >= 0 and (whole or len(quote) < len(text.strip())):
                yield start, start + len(quote), mark.kind


def _pieces(text: str, covers: Sequence[Cover], places: Sequence[tuple[int, int, MarkKind]]) -> Iterator[TurnPiece]:
    """The text cut where a mark or a cover begins or ends; a mark that ends within a cover takes all of it."""
    whole = [(_out(start, covers, 0), _out(end, covers, 1), kind) for start, end, kind in places]
    cuts = sorted({0, len(text), *(edge for span in (*whole, *covers) for edge in span[:2])})
    instead = {(cover.start, cover.end): cover.shown for cover in covers}
    for start, end in pairwise(cuts):
        over = {kind for first, last, kind in whole if first <= start and end <= last}
        kind: MarkKind | Literal[""] = next((kind for kind in _STRENGTH if kind in over), "")
        shown = instead.get((start, end))
        yield TurnPiece(text[start:end] if shown is None else shown, kind, shown is not None)


def _out(place: int, covers: Sequence[Cover], side: Literal[0, 1]) -> int:
    return next((cover[side] for cover in covers if cover.start < place < cover.end), place)


AROUND = 1
"""Turns shown before and after one that matters."""
MOST_TURNS = 14
LONGEST = 700
"""Letters of a turn; of a longer one the quote is shown, with so many around it."""


@dataclass(frozen=True)
class Excerpt:
    """Turns in their order, each with the number of turns left out before it; `skipped`: those after the last one."""

    turns: Sequence[tuple[int, TurnView]]
    skipped: int = 0


def excerpt(judged: JudgedCall, mask: CallMask) -> Excerpt:
    """The turns that matter and those around them."""
    marks, call = finding_marks(judged.verdict), judged.call
    turns, before = [], 0
    for number in _chosen(marks, judged.verdict, len(call.turns)):
        view = turn_view(call, number, marks.get(number, ()), mask, whole=True).shortened(LONGEST)
        turns.append((number - before - 1, view))
        before = number
    return Excerpt(turns, len(call.turns) - before)


def _chosen(marks: dict[int, list[Mark]], verdict: Verdict, last: int) -> list[int]:
    """Turns of findings first, then those that speak for them; in a call that is only unsure, what was done."""
    wanted = sorted(marks, key=lambda turn: (all(mark.kind == "evidence" for mark in marks[turn]), turn))
    chosen: list[int] = []
    for turn in wanted or [act.turn for act in verdict.actions][:2] or [1, 2]:
        near = [n for n in range(turn - AROUND, turn + AROUND + 1) if 1 <= n <= last and n not in chosen]
        if len(chosen) + len(near) > MOST_TURNS:
            break
        chosen += near
    return sorted(chosen)
