"""Where the field knows what an answer must look like, code checks it: a number needs digits, a date needs a date.

The model says what is done; this only takes away what cannot be: a PIN in a turn without any number, or a stored
number "read out" that the caller had said just before.
"""

import re
from collections.abc import Mapping

from ausweis.reading.labels import Possible
from ausweis.spoken import digits_in, has_date, has_number
from ausweis.vocabulary import KNOWN_WORDS, FactorRecord

__all__ = ["plausible"]

_LETTER = re.compile(r"[^\W\d_]")
FEWEST_REPEATED = 3
"""So many digits in a row, said by the caller before, are the caller's own value and no chance."""


def plausible(
    event: Possible,
    text: str,
    caller_digits: str,
    factors: Mapping[str, FactorRecord] = KNOWN_WORDS.factors,
) -> bool:
    """Whether a turn with this text can hold the event; `caller_digits` are those that the caller said before it.

    `factors`: those that events may be about, own ones too.
    """
    record = factors.get(event.subject or "")
    if event.kind == "gives" and record is not None and record.has_digits:
        return has_number(text) or (record.looks_like == "date" and has_date(text))
    if event.kind == "gives":
        return _LETTER.search(text) is not None or has_number(text)
    if event.kind == "reads_out" and record is not None and record.has_digits:
        return has_number(text) and not _repeats(text, caller_digits)
    return True


def _repeats(text: str, caller_digits: str) -> bool:
    """Whether the agent's digits are the caller's: said in one go, or put together from pieces."""
    told = digits_in(text)
    return len(told) >= FEWEST_REPEATED and told in caller_digits
