"""Which of two speakers the words make the agent: each word that one of them alone says counts by a learned weight.

*Ihr Geburtsdatum* is an agent's, *meine Karte* a caller's. The weights (`evals.lab train roles`) are of single words
and of two in a row that many calls have, so that no company's greeting is among them. It takes no model, and
milliseconds.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

from ausweis.calls.call import Turn
from ausweis.engines.learned_index import LEARNED_VARIABLE
from ausweis.errors import ModelError
from ausweis.vocabulary import Side

__all__ = ["FILE_NAME", "FORMAT", "SHIPPED_WORDS", "RoleWords", "said_by"]

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
        """The words of one file.

        Raises:
            ModelError: as `load`.
        """
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
    return {said for turn in turns if turn.speaker == side for said in _words_and_pairs(turn.text)}


def _words_and_pairs(text: str) -> Iterator[str]:
    words = _WORD.findall(text.casefold())
    yield from words
    ends = [_BEGIN, *words, _END]
    yield from (f"{first} {second}" for first, second in pairwise(ends))
