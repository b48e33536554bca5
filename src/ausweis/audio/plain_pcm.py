"""WAV files in which each sample stands for itself: 16-bit PCM, and G.711 (A-law, µ-law), as telephone systems record.

No library of sound is needed: a byte of G.711 is a place in a table of 256 numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.wav import A_LAW, MU_LAW, PCM, Wav

__all__ = ["PlainPcm"]

_BLOCK = 1 << 16
"""Samples of each channel that are read at once."""


@dataclass(frozen=True)
class PlainPcm:
    """The samples of such a file."""

    wav: Wav

    @staticmethod
    def fits(wav: Wav) -> bool:
        """Whether the file is one of these."""
        return (wav.coding, wav.bits) in ((PCM, 16), (A_LAW, 8), (MU_LAW, 8))

    @property
    def channels(self) -> int:
        """How many channels."""
        return self.wav.channels

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self.wav.rate

    @property
    def length(self) -> int:
        """Samples of each channel."""
        return self.wav.size // self._width

    @property
    def _width(self) -> int:
        return self.wav.channels * self.wav.bits // 8

    def read(self, first: int = 0) -> Iterator[NDArray[np.int16]]:
        """From this sample to the end, in blocks (samples, channels)."""
        left = self.length - first
        with self.wav.path.open("rb") as file:
            file.seek(self.wav.begin + first * self._width)
            while left > 0 and (data := file.read(min(left, _BLOCK) * self._width)):
                samples = self._samples(data[: len(data) // self._width * self._width])
                left -= len(samples)
                yield samples

    def _samples(self, data: bytes) -> NDArray[np.int16]:
        if self.wav.coding == PCM:
            return np.frombuffer(data, np.dtype("<i2")).reshape(-1, self.channels)
        return _table(self.wav.coding)[np.frombuffer(data, np.uint8)].reshape(-1, self.channels)


@cache
def _table(coding: int) -> NDArray[np.int16]:
    """What each byte stands for in 16 bits, as ITU-T G.711 lays down."""
    byte = np.arange(256)
    if coding == MU_LAW:
        byte ^= 0xFF
        size = ((((byte & 0x0F) << 3) + 0x84) << (byte >> 4 & 7)) - 0x84
        return np.asarray(np.where(byte & 0x80, -size, size), np.int16)
    byte ^= 0x55
    step = byte >> 4 & 7
    size = (((byte & 0x0F) << 4) + 8 + np.where(step > 0, 0x100, 0)) << np.maximum(step - 1, 0)
    return np.asarray(np.where(byte & 0x80, size, -size), np.int16)
