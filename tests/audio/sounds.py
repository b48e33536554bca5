"""Sounds for tests."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["three_channels", "tone"]


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
