"""Which of two speakers is the agent, where neither the channels nor a file say so: the call is read both ways.

Whoever asks for a birth date, looks something up and tells an amount is the agent. Read with the sides exchanged, a
call makes little sense, and less is found to happen in it: the way in which more happens is taken.
"""

import math
from collections.abc import Callable, Sequence

from ausweis.calls.call import Call, Turn
from ausweis.vocabulary import Language, Side

__all__ = ["Happens", "difference", "first_is_agent"]

FIRST_TURNS = 16
SLOPE = 0.8
"""Of the probability over the difference in events."""

Happens = Callable[[Call], float]
"""How much happens in a call: the sum of the probabilities of all events that are read in it."""
_OTHER: dict[str, Side] = {"agent": "caller", "caller": "agent"}


def first_is_agent(turns: Sequence[Turn], language: Language, happens: Happens) -> float:
    """How likely the speakers are not exchanged, from 0 to 1: whether the turns of `agent` are those of the agent.

    Raises:
        EngineError, ModelError: as the reading.
    """
    return 1 / (1 + math.exp(-SLOPE * difference(turns, language, happens)))


def difference(turns: Sequence[Turn], language: Language, happens: Happens) -> float:
    """How many more events are read in the beginning of the call than with the speakers exchanged.

    Raises:
        EngineError, ModelError: as the reading.
    """
    first = tuple(turns[:FIRST_TURNS])
    crossed = tuple(turn.model_copy(update={"speaker": _OTHER[turn.speaker]}) for turn in first)
    more, less = (happens(Call(id="roles", language=language, turns=way)) for way in (first, crossed))
    return more - less
