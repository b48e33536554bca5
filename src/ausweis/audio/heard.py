"""What was heard on one channel: words with their times, and what was cut since nobody said it."""

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Cut", "CutReason", "Heard", "Word"]

CutReason = Literal["silence", "loop", "subtitles", "other channel"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it was written. Times in seconds from the beginning of the recording; `probability` from 0 to 1."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Cut:
    """A place whose text was not kept. Times in seconds."""

    start: float
    end: float
    reason: CutReason


@dataclass(slots=True)
class Heard:
    """Words and cuts in order of time."""

    words: list[Word] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)

    def __iadd__(self, other: "Heard") -> "Heard":
        self.words += other.words
        self.cuts += other.cuts
        return self
