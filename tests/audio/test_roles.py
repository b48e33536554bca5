"""Words decide where they can; else the way round in which more happens is the right one."""

from collections.abc import Sequence

import pytest

from ausweis.audio.role_words import RoleWords
from ausweis.audio.roles import Roles
from ausweis.calls.call import Call, Turn

TURNS = [Turn(speaker="agent", text="Your PIN?"), Turn(speaker="caller", text="Four one.")] * 20
NOTHING = RoleWords({}, "0" * 64)


def crossed(turns: Sequence[Turn]) -> list[Turn]:
    return [turn.model_copy(update={"speaker": "caller" if turn.speaker == "agent" else "agent"}) for turn in turns]


def happens(call: Call) -> float:
    """Three events where the agent asks for the PIN, half of one where the caller does."""
    assert len(call.turns) == 16
    return 3.0 if call.turns[0].speaker == "agent" else 0.5


def unasked(call: Call) -> float:
    raise AssertionError("the words are sure")


def test_the_way_that_makes_sense_is_taken() -> None:
    roles = Roles(NOTHING, happens)
    assert roles(TURNS, "en") == pytest.approx(0.88, abs=0.01)
    assert roles(crossed(TURNS), "en") == pytest.approx(0.12, abs=0.01)


def test_where_nothing_happens_nobody_knows() -> None:
    assert Roles(NOTHING, lambda call: 0.0)(TURNS, "de") == 0.5


def test_the_model_is_not_asked_where_words_are_sure() -> None:
    sure = Roles(RoleWords({"your": 2.0, "four": -2.0}, ""), unasked)
    assert sure(TURNS, "en") == pytest.approx(0.982, abs=0.001)
    assert sure(crossed(TURNS), "en") == pytest.approx(0.018, abs=0.001)


def test_words_and_reading_are_added_where_words_are_unsure() -> None:
    assert Roles(RoleWords({"your": 1.0}, ""), happens)(TURNS, "en") == pytest.approx(0.953, abs=0.001)
    assert Roles(RoleWords({"your": -2.0}, ""), happens)(TURNS, "en") == 0.5
