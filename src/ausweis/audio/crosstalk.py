"""What one side's channel carries of the other side: an echo, faint, with the same words at the same time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.decode import RATE, Samples
from ausweis.audio.heard import Cut, Heard, Word

__all__ = ["Levels", "without_echo"]

FRAME = RATE // 20
ALIKE = 0.98
"""Two channels that correlate more than this carry the same sound."""
FAINTER = 12.0
"""Decibels by which an echo is fainter than what it is the echo of."""
APART = 0.5
"""Seconds that the two may lie apart."""


class Levels:
    """How loud each of two channels is, a number for each 50 ms (some 12 kB a minute), and how alike they are."""

    def __init__(self) -> None:
        self._power = np.zeros(2)
        self._shared = 0.0
        self._frames: list[NDArray[np.float32]] = []
        self._rest = np.zeros((2, 0), dtype=np.float32)

    def feed(self, samples: Samples) -> None:
        """Take in what comes next on both channels."""
        self._power += np.square(samples).sum(axis=1, dtype=np.float64)
        self._shared += float(np.vdot(samples[0], samples[1]))
        joined = np.concatenate([self._rest, samples], axis=1)
        whole = joined.shape[1] // FRAME * FRAME
        self._frames.append(np.square(joined[:, :whole]).reshape(2, -1, FRAME).mean(axis=2))
        self._rest = joined[:, whole:]

    @property
    def alike(self) -> bool:
        """Whether both carry the same sound, be it louder on one of them."""
        bound = ALIKE * float(np.sqrt(self._power.prod()))
        return self._shared > bound > 0

    def fainter(self, channel: int, word: Word) -> float:
        """By how many decibels a channel is fainter than the other while a word is said on it."""
        power = np.concatenate(self._frames, axis=1) if len(self._frames) > 1 else self._frames[0]
        self._frames = [power]
        first = int(word.start * RATE / FRAME)
        here = power[:, first : max(first + 1, int(np.ceil(word.end * RATE / FRAME)))]
        if not here.size:
            return 0.0
        own, other = here[channel].mean() + 1e-12, here[1 - channel].mean() + 1e-12
        return float(10 * np.log10(other / own))


def without_echo(channels: Sequence[Heard], levels: Levels) -> None:
    """Cut the words of each channel that are faint there, and said on the other one at that time."""
    echoes_of = [_echoes(channels[channel].words, channels[1 - channel].words, channel, levels) for channel in (0, 1)]
    for heard, echoes in zip(channels, echoes_of, strict=True):
        heard.cuts += [Cut(word.start, word.end, "other channel") for word in echoes]
        heard.words = [word for word in heard.words if word not in echoes]


def _echoes(words: Sequence[Word], others: Sequence[Word], channel: int, levels: Levels) -> set[Word]:
    said: dict[str, list[float]] = {}
    for other in others:
        said.setdefault(_plain(other), []).append(other.start)
    return {
        word
        for word in words
        if any(abs(word.start - start) <= APART for start in said.get(_plain(word), ()))
        and levels.fainter(channel, word) >= FAINTER
    }


def _plain(word: Word) -> str:
    return word.text.casefold().strip(" .,!?")
