"""The header of a WAV file: what is in it, where its sound begins; and one of our own.

The format: Microsoft and IBM, Multimedia Programming Interface and Data Specifications 1.0 (1991), and RFC 2361.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["A_LAW", "HEADER_BYTES", "MU_LAW", "PCM", "Wav", "header"]

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
