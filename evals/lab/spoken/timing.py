"""When each turn of a spoken call starts: pauses, overlaps, back-channels over the other's words, time to look up."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ausweis.vocabulary import Speaker

__all__ = ["EDGE", "Utterance", "starts"]

PAUSE = (0.3, 0.8)
OVERLAP = (0.15, 0.4)
OVERLAPPING = 0.1
"""Of the turns at which the other takes over: how many begin before the one before has ended."""
OVER_WORDS = 0.7
"""Of the back-channels: how many lie over the other's words."""
BREATH = (0.05, 0.3)
"""Between two turns of one who went on over a back-channel."""
LOOKING_UP = (1.5, 6.0)
LOOKS_UP = 0.7
"""Of the turns that ask for a moment: how many are followed by one."""
EDGE = 0.5
"""Silence at the start and at the end of a call."""

BACK_CHANNEL = re.compile(
    r"(?:m+h*m*|hm+|aha|oh|ja+|jo|ach so|okay|ok|genau|gut|alles klar|uh huh|yeah|yes|right|sure|mm)"
    r"(?:,? (?:ja|okay|gut|genau|yeah|right))?[.!,… ]*",
    re.IGNORECASE,
)
MOMENT = re.compile(
    r"\b(?:moment(?:chen)?|augenblick|sekunde|warten sie|ich (?:schaue?|gucke?|seh|such)|"
    r"(?:schau|guck)\w* (?:ich|mal|wir)|"
    r"bear with|one sec\w*|hang on|hold on|let me (?:see|look|check|find|pull)|have a look)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is said in the turn of this number, and how many seconds it takes."""

    turn: int
    speaker: Speaker
    text: str
    seconds: float


def starts(said: Sequence[Utterance], chance: np.random.Generator) -> list[float]:
    """The second at which each turn starts. Nobody speaks over himself, and no overlap covers a whole turn of words."""
    begun: list[float] = []
    for at, turn in enumerate(said):
        # So many numbers are drawn each time, so that a turn changes no later ones.
        share, pause, overlap, breath, look_up = (
            chance.random(),
            float(chance.uniform(*PAUSE)),
            float(chance.uniform(*OVERLAP)),
            float(chance.uniform(*BREATH)),
            float(chance.uniform(*LOOKING_UP)),
        )
        if not at:
            begun.append(EDGE)
            continue
        last = said[at - 1]
        ends = [start + before.seconds for start, before in zip(begun, said, strict=False)]
        silent = max(ends)
        free = max(
            (end for end, before in zip(ends, said, strict=False) if before.speaker == turn.speaker), default=0.0
        )
        takes_over = turn.speaker != last.speaker and silent == ends[-1]
        if takes_over and share < OVER_WORDS and _over_words(said, at):
            start = ends[-1] - turn.seconds - overlap
        elif takes_over and share < OVERLAPPING and last.seconds > 3 * overlap:
            start = ends[-1] - overlap
        elif share < LOOKS_UP and MOMENT.search(last.text):
            start = silent + look_up
        elif ends[-1] < silent:
            start = silent + breath
        else:
            start = silent + pause
        begun.append(max(start, free + BREATH[0] if free else start))
    return begun


def _over_words(said: Sequence[Utterance], at: int) -> bool:
    """Whether the turn is a back-channel between two turns of the other, of which the first is long enough."""
    turn, last = said[at], said[at - 1]
    goes_on = at + 1 < len(said) and said[at + 1].speaker == last.speaker
    return goes_on and bool(BACK_CHANNEL.fullmatch(turn.text)) and last.seconds > 2 * turn.seconds + 1
