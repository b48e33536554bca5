"""The way round in which more happens is the right one."""

import pytest

from ausweis.audio.roles import first_is_agent
from ausweis.calls.call import Call, Turn

TURNS = [Turn(speaker="agent", text="Your PIN?"), Turn(speaker="caller", text="Four one.")] * 20


def happens(call: Call) -> float:
    """Three events where the agent asks for the PIN, half of one where the caller does."""
    assert len(call.turns) == 16
    return 3.0 if call.turns[0].speaker == "agent" else 0.5


def test_the_way_that_makes_sense_is_taken() -> None:
    crossed = [turn.model_copy(update={"speaker": "caller" if turn.speaker == "agent" else "agent"}) for turn in TURNS]
    assert first_is_agent(TURNS, "en", happens) == pytest.approx(0.88, abs=0.01)
    assert first_is_agent(crossed, "en", happens) == pytest.approx(0.12, abs=0.01)


def test_where_nothing_happens_nobody_knows() -> None:
    assert first_is_agent(TURNS, "de", lambda call: 0.0) == 0.5
