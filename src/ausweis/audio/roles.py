"""Which of two speakers is the agent, where neither the channels nor a file say so.

The words tell it (`role_words`). Where they leave it open, the call is read both ways: whoever asks for a birth date,
looks something up and tells an amount is the agent. Read with the sides exchanged, a call makes little sense, and less
is found to happen in it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ausweis.audio.role_words import RoleWords
from ausweis.calls.call import Call, Turn
from ausweis.vocabulary import Language, Side

__all__ = ["Happens", "Roles", "difference"]

FIRST_TURNS = 16
SLOPE = 0.8
"""Of the log-odds over the difference in events."""
SURE = 0.95
"""With less, the words alone do not decide."""

Happens = Callable[[Call], float]
"""How much happens in a call: the sum of the probabilities of all events that are read in it."""
_OTHER: dict[str, Side] = {"agent": "caller", "caller": "agent"}


@dataclass(frozen=True, slots=True)
class Roles:
    """Called with turns, tells from 0 to 1 how likely their speakers are not exchanged.

    Raises:
        EngineError, ModelError: as the reading by `happens`, which is asked only where the words do not decide.
    """

    words: RoleWords
    happens: Happens

    def __call__(self, turns: Sequence[Turn], language: Language) -> float:
        """Whether the turns of `agent` are those of the agent."""
        said = self.words.log_odds(turns)
        if _probability(abs(said)) >= SURE:
            return _probability(said)
        return _probability(said + SLOPE * difference(turns, language, self.happens))


def difference(turns: Sequence[Turn], language: Language, happens: Happens) -> float:
    """How many more events are read in the beginning of the call than with the speakers exchanged.

    Raises:
        EngineError, ModelError: as the reading.
    """
    first = tuple(turns[:FIRST_TURNS])
    crossed = tuple(turn.model_copy(update={"speaker": _OTHER[turn.speaker]}) for turn in first)
    more, less = (happens(Call(id="roles", language=language, turns=way)) for way in (first, crossed))
    return more - less


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
