"""What was heard: words with their times, and what was cut since nobody said it; the words of two sides as turns."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from ausweis.calls.call import SpokenWord, Turn
from ausweis.vocabulary import Side

__all__ = ["Cut", "CutReason", "Heard", "Word", "turns_of"]

CutReason = Literal["silence", "loop", "subtitles", "other channel", "no words"]
"""The last: somebody seems to speak, and nothing was written that could be cut."""


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


PAUSE = 0.8
"""Seconds without a word that end an utterance."""
SHORT_PAUSE = 0.15
"""The same where the other side says something in it."""


def turns_of(sides: Mapping[Side, Sequence[Word]]) -> tuple[Turn, ...]:
    """The turns in order of their beginning; what one side says until the other begins is one turn.

    Where both speak at once, the times overlap, and nobody's words are cut in two by a short word of the other.
    `confidence` of a turn is the mean probability of its words.
    """
    utterances: list[tuple[Side, list[Word]]] = []
    for side, words in sides.items():
        others = [word.start for other, heard in sides.items() if other != side for word in heard]
        utterances += [(side, said) for said in _utterances(words, sorted(others))]
    utterances.sort(key=lambda utterance: (utterance[1][0].start, utterance[0]))
    joined: list[tuple[Side, list[Word]]] = []
    for side, said in utterances:
        if joined and joined[-1][0] == side:
            joined[-1][1].extend(said)
        else:
            joined.append((side, said))
    return tuple(_turn(side, said) for side, said in joined)


def _utterances(words: Sequence[Word], others: Sequence[float]) -> list[list[Word]]:
    if not words:
        return []
    utterances = [[words[0]]]
    for before, word in pairwise(words):
        gap = word.start - before.end
        next_one = bisect_left(others, before.end - SHORT_PAUSE)
        answered = gap >= SHORT_PAUSE and next_one < len(others) and others[next_one] <= word.start
        if gap >= PAUSE or answered:
            utterances.append([])
        utterances[-1].append(word)
    return utterances


def _turn(side: Side, words: Sequence[Word]) -> Turn:
    return Turn(
        speaker=side,
        start=words[0].start,
        end=max(word.end for word in words),
        text=" ".join(word.text for word in words),
        confidence=round(sum(word.probability for word in words) / len(words), 3),
        words=tuple(
            SpokenWord(text=word.text, start=word.start, end=max(word.start, word.end), probability=word.probability)
            for word in words
        ),
    )
