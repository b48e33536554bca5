"""Sounds for tests."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ausweis.calls.call import Turn


def tone(seconds: float, rate: int, hertz: float = 440.0) -> NDArray[np.float32]:
    """A sine of half the loudest."""
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def three_channels(path: Path) -> Path:
    """A WAV file that nobody can tell the sides of."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(3)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(3 * 2 * 8000))
    return path


def talk(turns: Sequence[Turn], rate: int, *, agent: float = 0.3, caller: float = 0.3) -> NDArray[np.float32]:
    """Two channels on which noise stands for what the agent and the caller say, each so loud."""
    chance = np.random.default_rng(1)
    samples = np.zeros((2, round(max(turn.end or 0 for turn in turns) * rate)), np.float32)
    for turn in turns:
        begin, end = (round((at or 0) * rate) for at in (turn.start, turn.end))
        channel, loud = (0, agent) if turn.speaker == "agent" else (1, caller)
        samples[channel, begin:end] = chance.uniform(-loud, loud, end - begin)
    return samples
