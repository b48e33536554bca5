"""Which of two speakers is the agent, where neither the channels nor a file say so.

Each word that one of them alone says counts by a learned weight: *Ihr Geburtsdatum* is an agent's, *meine Karte* a
caller's. The weights (`evals.lab train roles`) are of single words and of two in a row that many calls have, so that no
company's greeting is among them. It takes no model, and milliseconds. Where the words leave it open, the call is read
both ways: whoever asks for a birth date, looks something up and tells an amount is the agent. Read with the sides
exchanged, a call makes little sense, and less is found to happen in it.
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

from ausweis.calls.call import Call, Turn
from ausweis.engines.learned_index import LEARNED_VARIABLE
from ausweis.errors import ModelError
from ausweis.vocabulary import Language, Side

FILE_NAME = "role-words.json"
FORMAT = "ausweis/role-words@1"
SHIPPED_WORDS = Path(__file__).with_name(FILE_NAME)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_BEGIN, _END = "^", "$"


@dataclass(frozen=True, slots=True)
class RoleWords:
    """Log-odds by word or by two words in a row: above 0 what an agent says, below 0 what a caller says.

    `sha256`: of the file that they stand in.
    """

    weights: Mapping[str, float]
    sha256: str

    @classmethod
    def load(cls) -> Self:
        """Those in the folder that AUSWEIS_LEARNED names, where it has some; else those that ship.

        Raises:
            ModelError: the file cannot be read, or is no file of such words.
        """
        named = os.environ.get(LEARNED_VARIABLE)
        own = Path(named).expanduser() / FILE_NAME if named else None
        return cls.read(own if own is not None and own.is_file() else SHIPPED_WORDS)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The words of one file; raises as `load`."""
        try:
            data = path.read_bytes()
            content = json.loads(data)
            if content["schema"] != FORMAT:
                raise ValueError(content["schema"])
            weights = {str(word): float(weight) for word, weight in content["weights"].items()}
        except OSError as error:
            raise ModelError(f"the file cannot be read ({error.strerror or 'I/O error'})", place=str(path)) from None
        except (ValueError, LookupError, TypeError, AttributeError):
            raise ModelError(f"is no file of the form {FORMAT}: learn it again", place=str(path)) from None
        return cls(weights, hashlib.sha256(data).hexdigest())

    def log_odds(self, turns: Sequence[Turn]) -> float:
        """How likely the turns of `agent` are those of the agent: above 0 for yes, below 0 for exchanged speakers."""
        agent, caller = said_by(turns, "agent"), said_by(turns, "caller")
        # Sorted: a sum in the order of a set would differ from run to run in its last digits.
        apart = [*((word, 1) for word in sorted(agent - caller)), *((word, -1) for word in sorted(caller - agent))]
        return sum(sign * self.weights.get(word, 0.0) for word, sign in apart)


def said_by(turns: Sequence[Turn], side: Side) -> set[str]:
    """The words of one side, and each two in a row; `^` and `$` are the beginning and the end of a turn."""
    told = [_WORD.findall(turn.text.casefold()) for turn in turns if turn.speaker == side]
    pairs = {f"{first} {second}" for words in told for first, second in pairwise((_BEGIN, *words, _END))}
    return pairs.union(*told)


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

    `happens` is asked only where the words do not decide.
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
    """How many more events are read in the beginning of the call than with the speakers exchanged."""
    first = tuple(turns[:FIRST_TURNS])
    crossed = tuple(turn.model_copy(update={"speaker": _OTHER[turn.speaker]}) for turn in first)
    more, less = (happens(Call(id="roles", language=language, turns=way)) for way in (first, crossed))
    return more - less


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
