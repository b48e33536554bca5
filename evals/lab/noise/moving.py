"""The label of a written call for what was heard of it: each event at the turn in which its words stand now.

A turn that nothing is left of takes its events with it; and so does a number of which no digit is left, where it is
what the event is about. What the label says of the whole call is then what the rules make of the events that are left.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evals.lab.changing.editing import judged_anew
from evals.lab.noise.pairs import Pair
from evals.lab.noise.words import digits_of

from ausweis.calls.call import Turn
from ausweis.errors import InputError
from ausweis.evals.labelled import GoldEvent, GoldIncident, IncidentLabel, LabelledCall
from ausweis.facts import CALLER_EVENTS
from ausweis.vocabulary import Speaker

__all__ = ["Link", "Moved", "as_heard", "links_of", "moved"]

NUMBERS = frozenset(
    "customer_number contract_number meter_number card_number device_number phone_number iban_last4 pin "
    "one_time_code date_of_birth".split()
)
"""Factors that are numbers, where the turn says one."""
VALUES = frozenset({"gives", "reads_out"})
"""Events that are about a value."""


class Link(NamedTuple):
    """A word of a written turn that stands in a turn of the heard call. Turns count from 1.

    `number`: whether it is a number; `digits`: whether what was heard of it is one too.
    """

    written: int
    heard: int
    number: bool = False
    digits: bool = False


@dataclass(frozen=True)
class Moved:
    """A labelled call as heard; and the events that it has lost with their words, by the turns of the written call."""

    labelled: LabelledCall
    lost: tuple[GoldEvent, ...] = ()


def links_of(pair: Pair) -> list[Link]:
    """All words of a spoken call of which something was heard."""
    links = []
    for side in pair.sides.values():
        for block in side.blocks:
            digits = any(digits_of(side.heard[place].text) for place in block.heard)
            for place in block.said if block.heard else ():
                word = side.said[place]
                turn = Counter(side.heard[other].turn for other in block.heard).most_common(1)[0][0]
                links.append(Link(word.turn, turn, bool(digits_of(word.text)), digits))
    return links


def as_heard(labelled: LabelledCall, pair: Pair, name: str = "heard") -> Moved:
    """A labelled call that was spoken and heard.

    Raises:
        InputError: another call was spoken.
    """
    if pair.truth.call_id != labelled.call.id:
        raise InputError("the label is of another call", place=labelled.call.id)
    numbers = {place for place, turn in enumerate(labelled.call.turns, start=1) if _has_number(turn.text)}
    turns = [Turn(speaker=turn.speaker, text=turn.text) for turn in pair.heard.turns]
    return moved(labelled, turns, links_of(pair), numbers, name)


def moved(
    labelled: LabelledCall, turns: Sequence[Turn], links: Iterable[Link], numbers: Iterable[int], name: str
) -> Moved:
    """The call with these turns instead of its own. `numbers`: the written turns that say one."""
    links, numbers = list(links), set(numbers)
    speakers = [turn.speaker for turn in turns]
    places = {event: _place(event, links, numbers, speakers) for event in labelled.gold.events}
    lost = tuple(event for event in labelled.gold.events if places[event] is None)
    there = [event.model_copy(update={"turn": places[event], "quote": None}) for event in places if places[event]]
    events = {(event.turn, event.kind, event.subject): event for event in sorted(there, key=lambda one: one.turn)}
    call, gold = labelled.call, labelled.gold
    why = gold.why if not lost else f"{gold.why} Not heard: {', '.join(map(_shown, lost))}."
    update = {
        "events": tuple(events.values()),
        "incidents": None if gold.incidents is None else _incidents(gold.incidents, links, speakers),
        "why": why,
        "twin": None,
        "must_pass": False,
        # Left out together with the call as it was written.
        "writing_pass": gold.writing_pass or call.id,
        "tags": gold.tags.model_copy(update={"surface": "asr"}),
    }
    heard = labelled.model_copy(
        update={
            "call": call.model_copy(update={"id": f"{call.id}-{name}", "turns": tuple(turns)}),
            "gold": gold.model_copy(update=update),
        }
    )
    return Moved(heard if gold.outcome is None else _judged(heard), lost)


def _judged(heard: LabelledCall) -> LabelledCall:
    """By the rules; that a recording starts late, they do not find out."""
    judged = judged_anew(heard)
    if heard.gold.outcome == "inconclusive":
        return judged.model_copy(update={"gold": judged.gold.model_copy(update={"outcome": "inconclusive"})})
    return judged


def _place(event: GoldEvent, links: Sequence[Link], numbers: set[int], speakers: Sequence[Speaker]) -> int | None:
    """The heard turn that holds most of what the event is about; None where none does."""
    side = "caller" if event.kind in CALLER_EVENTS else "agent"
    own = [link for link in links if link.written == event.turn and speakers[link.heard - 1] == side]
    if event.kind in VALUES and event.subject in NUMBERS and event.turn in numbers:
        own = [link for link in own if link.number and link.digits]
    return _most(own)


def _most(links: Iterable[Link]) -> int | None:
    counts = Counter(link.heard for link in links)
    return min(counts, key=lambda turn: (-counts[turn], turn)) if counts else None


def _incidents(label: IncidentLabel, links: Sequence[Link], speakers: Sequence[Speaker]) -> IncidentLabel:
    events: list[GoldIncident] = []
    for event in label.events:
        place = _most(link for link in links if link.written == event.turn)
        shown = _most(link for link in links if link.written == event.shown)
        if place is not None and (shown is None or shown > place):
            events.append(event.model_copy(update={"turn": place, "shown": shown, "quote": None}))
    return label.model_copy(update={"events": tuple(dict.fromkeys(events))})


def _has_number(text: str) -> bool:
    return any(map(digits_of, text.split()))


def _shown(event: GoldEvent) -> str:
    return f"{event.kind} {event.subject or ''}".strip()
