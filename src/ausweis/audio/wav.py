"""WAV files: the header, and one of our own; and the samples where each stands for itself, without a library of sound.

Those are 16-bit PCM and G.711 (A-law, µ-law), as telephone systems record. The format: Microsoft and IBM, Multimedia
Programming Interface and Data Specifications 1.0 (1991), and RFC 2361.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

PCM, FLOAT, A_LAW, MU_LAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
HEADER_BYTES = 44
_MOST_CHUNKS = 100
_MOST = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Wav:
    """`coding`: the format tag; `bits` of one sample; `begin`: where the sound begins, `size`: its bytes."""

    path: Path
    coding: int
    channels: int
    rate: int
    bits: int
    begin: int
    size: int

    @classmethod
    def read(cls, path: Path) -> "Wav | None":
        """What the header says; None where the file is no WAV file, or cannot be read."""
        try:
            with path.open("rb") as file:
                return _read(path, file)
        except (OSError, struct.error):
            return None

    @property
    def plays(self) -> bool:
        """Whether every browser plays it: whole numbers, or 32 bits of a floating one."""
        return (self.coding == PCM and self.bits in (8, 16, 24, 32)) or (self.coding == FLOAT and self.bits == 32)


def header(channels: int, rate: int, length: int) -> bytes:
    """The header of a file of 16-bit samples, `length` of them in each channel."""
    size = min(2 * channels * length, _MOST - HEADER_BYTES)
    about = struct.pack("<HHIIHH", PCM, channels, rate, 2 * channels * rate, 2 * channels, 16)
    return b"RIFF" + struct.pack("<I", size + 36) + b"WAVEfmt \x10\0\0\0" + about + b"data" + struct.pack("<I", size)


def _read(path: Path, file: BinaryIO) -> Wav | None:
    start = file.read(12)
    if start[:4] != b"RIFF" or start[8:] != b"WAVE":
        return None
    coding = channels = rate = bits = 0
    for _ in range(_MOST_CHUNKS):
        name, size = struct.unpack("<4sI", file.read(8))
        if name == b"fmt ":
            about = file.read(size + size % 2)
            coding, channels, rate, _, _, bits = struct.unpack("<HHIIHH", about[:16])
            if coding == _EXTENSIBLE and len(about) >= 26:
                (coding,) = struct.unpack("<H", about[24:26])
        elif name == b"data":
            begin = file.tell()
            there = os.fstat(file.fileno()).st_size - begin
            known = coding and channels and rate
            # A recorder that was stopped hard never wrote the size, or one that is larger than the file.
            return Wav(path, coding, channels, rate, bits, begin, min(size or there, there)) if known else None
        else:
            file.seek(size + size % 2, os.SEEK_CUR)
    return None


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
