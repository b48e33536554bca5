"""A recording as 16-bit samples, any part of it, so that every browser can play it. Nothing is written to a disk."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.decoded_pcm import DecodedPcm
from ausweis.audio.plain_pcm import PlainPcm
from ausweis.audio.wav import Wav
from ausweis.errors import InputError

__all__ = ["Pcm", "can_decode", "open_pcm"]


class Pcm(Protocol):
    """Any recording. `rate`: samples a second; `length`: samples of each channel."""

    @property
    def channels(self) -> int:
        """How many channels."""

    @property
    def rate(self) -> int:
        """Samples a second."""

    @property
    def length(self) -> int:
        """Samples of each channel."""

    def read(self, first: int = 0) -> Iterator[NDArray[np.int16]]:
        """From this sample to the end, in blocks (samples, channels): `length - first` in all."""


def can_decode() -> bool:
    """Whether PyAV is installed: the extra `audio`."""
    return find_spec("av") is not None


def open_pcm(path: Path) -> Pcm:
    """The recording as samples.

    Raises:
        InputError: it cannot be read, is no audio, or would need PyAV, which is not installed.
    """
    wav = Wav.read(path)
    if wav is not None and PlainPcm.fits(wav):
        return PlainPcm(wav)
    if not can_decode():
        raise InputError("decoding this recording needs ausweis[audio]", place=str(path))
    return DecodedPcm.open(path)
