"""Stretches in which nothing happens, put into labelled calls: what is true of a call stays true."""

import random

from evals.lab.splice_calls import STRETCHES, TRADES, Stretch, read_stretches, splice
from hypothesis import given
from hypothesis import strategies as st
from tests.evals.cases import labelled

from ausweis.calls.call import Turn
from ausweis.evals.validate import validate

CALL = labelled(
    "a",
    "A: Guten Tag.",
    "C: Hier ist Ilse Krummbiegel. << gives name",
    "A: Es regnet ja wieder.",
    "C: Und wie.",
    "A: Ihr Vertrag läuft bis Mai. << discloses contract_data",
    "C: Danke.",
    outcome="violation",
    violations=[("no_authentication", 5)],
)


def stretch(number: int, turns: int = 3, **more: str) -> Stretch:
    about = {"language": "de", "trade": "telecom", "surface": "clean"} | more
    said = tuple(Turn(speaker="agent", text=f"Stück {number}, Zeile {place}.") for place in range(turns))
    return Stretch(turns=said, **about)


@given(st.integers(0, 10_000), st.integers(7, 40))
def test_events_move_with_their_turns(seed: int, turns: int) -> None:
    stock = [stretch(number) for number in range(8)]
    spliced = splice(CALL, stock, turns, random.Random(seed))
    assert spliced is not None
    assert not list(validate([spliced]))
    assert len(spliced.call.turns) >= min(turns, 6 + 8 * 3)
    for before, after in zip(CALL.gold.events, spliced.gold.events, strict=True):
        assert spliced.call.turn(after.turn).text == CALL.call.turn(before.turn).text
    (violation,) = spliced.gold.violations
    assert spliced.gold.first_violation_turn == violation.turn
    said = [turn.text for turn in spliced.call.turns]
    assert len(set(said)) == len(said)
    assert said[:2] == ["Guten Tag.", "Hier ist Ilse Krummbiegel."]
    assert said[-1] == "Danke."
    assert [one for one in said if not one.startswith("Stück")] == [turn.text for turn in CALL.call.turns]


def test_only_stretches_that_fit_are_put_in() -> None:
    strange = [stretch(1, language="en"), stretch(2, surface="asr"), stretch(3, trade="bank")]
    assert splice(CALL, strange, 40, random.Random(1)) is None
    assert splice(CALL, [*strange, stretch(4, trade="any")], 40, random.Random(1)) is not None


def test_an_exchange_is_not_torn_apart() -> None:
    tight = labelled(
        "a", "A: Guten Tag.", "A: Ihre PIN? << asks pin", "C: 1234 << gives pin", "A: Danke. << accepts", "C: Ja."
    )
    assert splice(tight, [stretch(1)], 40, random.Random(1)) is None


def test_stretches_can_be_put_into_calls_of_each_trade() -> None:
    stretches = read_stretches(STRETCHES)
    assert len(stretches) >= 80
    assert {stretch.trade for stretch in stretches} == {*TRADES, "any"}
    assert all(16 <= len(stretch.turns) <= 40 for stretch in stretches)
