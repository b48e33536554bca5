"""Long calls out of short ones: stretches of talk in which nothing happens, put between the turns of labelled calls.

What is true of the call stays true: events and violations move with their turns. Only stretches of the call's language
and look, and of its trade or any, are put in, and not between a question and its answer.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ausweis.calls.call import Turn
from ausweis.evals.labelled import LabelledCall

__all__ = ["TRADES", "Stretch", "splice"]

TRADES = {
    "telecom": "telecom-de",
    "energy": "energy-de",
    "insurance": "insurance-de",
    "bank": "bank-en",
    "retail": "retail-en",
}
"""The policy of the calls of each trade."""
ANY = "any"
TALKS = frozenset({"gives", "asks", "accepts", "rejects"})
"""Events of an exchange that is not torn apart."""


@dataclass(frozen=True)
class Stretch:
    """Turns without an event. `trade`: one of `TRADES`, or `any`; `surface` as the tag of a call."""

    language: str
    trade: str
    surface: str
    turns: tuple[Turn, ...]


def splice(
    labelled: LabelledCall, stretches: Sequence[Stretch], turns: int, chance: random.Random
) -> LabelledCall | None:
    """The call with stretches, each used once, until it has about so many turns; None where none fits."""
    call, gold = labelled.call, labelled.gold
    fitting = [
        one
        for one in stretches
        if one.language == call.language
        and one.surface == gold.tags.surface
        and (one.trade == ANY or TRADES[one.trade] in gold.policy)
    ]
    chance.shuffle(fitting)
    places = _places(labelled)
    inside: dict[int, list[Turn]] = {}
    length = len(call.turns)
    while fitting and places and length < turns:
        stretch = fitting.pop()
        inside.setdefault(chance.choice(places), []).extend(stretch.turns)
        length += len(stretch.turns)
    if not inside:
        return None
    spliced: list[Turn] = []
    moved: dict[int, int] = {}
    for number, turn in enumerate(call.turns, start=1):
        spliced.append(Turn(speaker=turn.speaker, text=turn.text))
        moved[number] = len(spliced)
        spliced += inside.get(number, [])
    first = gold.first_violation_turn
    return LabelledCall(
        call=call.model_copy(update={"id": f"{call.id}-spliced", "turns": tuple(spliced)}),
        gold=gold.model_copy(
            update={
                "events": tuple(one.model_copy(update={"turn": moved[one.turn]}) for one in gold.events),
                "violations": tuple(one.model_copy(update={"turn": moved[one.turn]}) for one in gold.violations),
                "first_violation_turn": None if first is None else moved[first],
                "twin": None,
            }
        ),
    )


def _places(labelled: LabelledCall) -> list[int]:
    """The turns behind which a stretch may stand: not the first nor the last, and not within an exchange."""
    talk = {one.turn for one in labelled.gold.events if one.kind in TALKS}
    return [number for number in range(2, len(labelled.call.turns)) if not {number, number + 1} & talk]
