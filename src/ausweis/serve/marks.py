"""The turns of a call as a page shows them: in pieces, with what was found marked where it was said."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ausweis.calls.call import Call
from ausweis.facts import Event, Facts
from ausweis.judging.verdict import Verdict
from ausweis.vocabulary import Speaker

__all__ = ["Cover", "Mark", "MarkKind", "Piece", "TurnView", "clock", "marks_of", "turn_views"]

MarkKind = Literal["violation", "incident", "action", "factor", "event"]
_STRENGTH: tuple[MarkKind, ...] = ("violation", "incident", "action", "factor", "event")
"""Where words are marked more than once, the first of these gives the colour."""
_FACTOR_EVENTS = frozenset({"gives", "reads_out", "pre_authenticated", "callback"})
_ACTION_EVENTS = frozenset({"discloses", "changes"})

Cover = tuple[int, int, str]
"""Start and end of personal data in a turn, and what stands there instead."""


@dataclass(frozen=True)
class Mark:
    """Something found at a turn. `word`: a word of the domain; `state`: what became of it (or its severity).

    `quote`: where in the turn; `probability`: how sure the reader is, where it is not sure.
    """

    kind: MarkKind
    word: str
    state: str = ""
    subject: str = ""
    quote: str = ""
    probability: float | None = None


@dataclass(frozen=True)
class Piece:
    """A part of a turn's text. `kind` is empty where nothing is marked; `masked`: it stands for personal data."""

    text: str
    kind: MarkKind | Literal[""] = ""
    masked: bool = False


@dataclass(frozen=True)
class TurnView:
    """A turn. `start` in seconds; `known`: False where only what was found in it is known, not its text."""

    number: int
    speaker: Speaker
    start: float | None
    pieces: Sequence[Piece]
    marks: Sequence[Mark]
    known: bool = True

    @property
    def at(self) -> str:
        """When it begins, as minutes and seconds; empty where unknown."""
        return clock(self.start)

    @property
    def broken(self) -> bool:
        """Whether a rule is broken here, or an incident happens."""
        return any(mark.kind in ("violation", "incident") for mark in self.marks)

    @property
    def long(self) -> bool:
        """Whether it would fill the screen."""
        return sum(len(piece.text) for piece in self.pieces) > 3_000


def clock(seconds: float | None) -> str:
    """`1:05`; empty where unknown."""
    return "" if seconds is None else f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def turn_views(
    call: Call | None, marks: Mapping[int, Sequence[Mark]], covers: Callable[[int], Sequence[Cover]]
) -> list[TurnView]:
    """All turns, or where the text is not known, those in which something was found.

    `covers(n)`: what of turn *n* is masked, in order and without overlap.
    """
    if call is None:
        return [
            TurnView(number, "unknown", None, [Piece(mark.quote, mark.kind) for mark in _quoted(found)], found, False)
            for number, found in sorted(marks.items())
        ]
    views = []
    for number, turn in enumerate(call.turns, start=1):
        found = marks.get(number, ())
        pieces = list(_pieces(turn.text, list(covers(number)), list(_places(turn.text, found))))
        views.append(TurnView(number, turn.speaker, turn.start, pieces, found))
    return views


def marks_of(verdict: Verdict, facts: Facts | None) -> dict[int, list[Mark]]:
    """What was found, by turn: violations, incidents, actions, factors, then what was said around them."""
    found: dict[int, list[Mark]] = defaultdict(list)
    for turn, mark in (*_judged(verdict), *(_read(facts, verdict) if facts else ())):
        if mark not in found[turn]:
            found[turn].append(mark)
    return {turn: sorted(some, key=lambda mark: _STRENGTH.index(mark.kind)) for turn, some in found.items()}


def _judged(verdict: Verdict) -> Iterator[tuple[int, Mark]]:
    for one in verdict.violations:
        quote = next((e.quote for e in one.evidence if e.turn == one.turn), "")
        yield one.turn, Mark("violation", one.type, one.severity, one.action or "", quote)
    for incident in verdict.incidents:
        quote = next((e.quote for e in incident.evidence if e.turn == incident.turn), "")
        yield incident.turn, Mark("incident", incident.id, incident.severity, quote=quote)
    for act in verdict.actions:
        yield act.turn, Mark("action", act.category, "met" if act.met else "unmet", act.level, act.quote)
    for factor in verdict.factors:
        yield factor.turn, Mark("factor", factor.factor, factor.status, quote=factor.quote)


def _read(facts: Facts, verdict: Verdict) -> Iterator[tuple[int, Mark]]:
    """Events that the verdict does not show already."""
    factors = {(one.turn, one.factor) for one in verdict.factors}
    actions = {(one.turn, one.category) for one in verdict.actions}
    for event in facts.events:
        subject = event.subject or event.kind
        shown = (event.kind in _FACTOR_EVENTS and (event.turn, subject) in factors) or (
            event.kind in _ACTION_EVENTS and (event.turn, subject) in actions
        )
        if not shown:
            yield event.turn, _event_mark(event)


def _event_mark(event: Event) -> Mark:
    unsure = event.probability if event.probability < 0.95 else None
    return Mark("event", event.kind, subject=event.subject or "", quote=event.quote, probability=unsure)


def _quoted(marks: Sequence[Mark]) -> list[Mark]:
    """The first mark of each quote."""
    return list({mark.quote: mark for mark in reversed(marks) if mark.quote}.values())[::-1]


def _places(text: str, marks: Sequence[Mark]) -> Iterator[tuple[int, int, MarkKind]]:
    """Where the quotes stand. What fills the turn is left out: the mark beside the turn says as much."""
    for mark in marks:
        start = text.find(mark.quote) if mark.quote else -1
        if start >= 0 and len(mark.quote) < len(text.strip()):
            yield start, start + len(mark.quote), mark.kind


def _pieces(text: str, covers: Sequence[Cover], places: Sequence[tuple[int, int, MarkKind]]) -> Iterator[Piece]:
    """The text cut where a mark or a cover begins or ends; a mark that ends within a cover takes all of it."""
    whole = [(_out(start, covers, 0), _out(end, covers, 1), kind) for start, end, kind in places]
    cuts = sorted({0, len(text), *_ends(whole), *_ends(covers)})
    instead = {(start, end): shown for start, end, shown in covers}
    for start, end in pairwise(cuts):
        over = {kind for first, last, kind in whole if first <= start and end <= last}
        kind: MarkKind | Literal[""] = next((one for one in _STRENGTH if one in over), "")
        shown = instead.get((start, end))
        yield Piece(text[start:end] if shown is None else shown, kind, shown is not None)


def _out(place: int, covers: Sequence[Cover], side: Literal[0, 1]) -> int:
    return next((cover[side] for cover in covers if cover[0] < place < cover[1]), place)


def _ends(spans: Iterable[tuple[int, int, str]]) -> Iterator[int]:
    for start, end, _ in spans:
        yield from (start, end)
