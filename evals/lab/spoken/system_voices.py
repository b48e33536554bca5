"""Voices of the operating system: SVOX Pico, and MBROLA's diphone voices by way of eSpeak NG.

They are free of charge but not free software (Debian: non-free), so that they serve tools alone; of what they say, only
Pico's is passed on (`examples/README.md`).
"""

import re
import subprocess
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from evals.lab.spoken.respelling import respelled
from evals.lab.spoken.voices import Manner, Mono, shaped
from scipy.io import wavfile

from ausweis.errors import ModelError

__all__ = ["MBROLA_FILES", "MbrolaVoice", "PicoVoice"]

MBROLA_FILES = Path("/usr/share/mbrola")
PHONEMES = ("-b", "1", "-q", "--pho", "--stdin")
"""UTF-8 in, a line a phoneme out."""
WORD = re.compile(r"\w")
WORDS_A_MINUTE = 150
"""eSpeak NG's usual 175 is hasty for a telephone."""


class MbrolaVoice:
    """A voice such as `de2`."""

    def __init__(self, name: str, manner: Manner) -> None:
        self.name = f"mbrola-{name}"
        self._voice = name
        self._german = name.startswith("de")
        self._manner = manner

    def speak(self, text: str) -> Mono:
        """The text as speech at `RATE`.

        Raises:
            ModelError: eSpeak NG or MBROLA fails.
        """
        if not WORD.search(text):
            return np.zeros(0, np.float32)
        speed = round(WORDS_A_MINUTE * self._manner.speed / self._manner.pitch)
        given = respelled(text) if self._german else text
        # Of itself, eSpeak NG hands MBROLA's sound on while both run, and on a busy machine drops some without a word.
        phonemes = _run(["espeak-ng", "-v", f"mb-{self._voice}", "-s", str(speed), *PHONEMES], given.encode())
        wav = _run(["mbrola", "-e", str(MBROLA_FILES / self._voice / self._voice), "-", "-.wav"], phonemes)
        # A pipe cannot be sought in, so that the header gives no length: 44 bytes of it, then samples of 16 bits.
        rate = int.from_bytes(wav[24:28], "little")
        samples = np.frombuffer(wav[44 : len(wav) // 2 * 2], "<i2")
        return shaped((samples / 32_768).astype(np.float32), rate, self._manner.pitch)


class PicoVoice:
    """A voice of Pico, such as `de-DE`."""

    def __init__(self, language: str, manner: Manner) -> None:
        self.name = f"pico-{language}"
        self._language = language
        self._manner = manner

    def speak(self, text: str) -> Mono:
        """The text as speech at `RATE`.

        Raises:
            ModelError: Pico fails.
        """
        if not WORD.search(text):
            return np.zeros(0, np.float32)
        speed = round(100 * self._manner.speed / self._manner.pitch)
        given = respelled(text) if self._language == "de-DE" else text
        marked = f"<speed level='{speed}'>{given.replace('<', ' ')}</speed>"
        with TemporaryDirectory() as folder:
            file = Path(folder) / "spoken.wav"
            _run(["pico2wave", "-l", self._language, "-w", str(file), marked])
            rate, samples = wavfile.read(BytesIO(file.read_bytes()))
        return shaped((samples / 32_768).astype(np.float32), rate, self._manner.pitch)


def _run(command: list[str], given: bytes = b"") -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise ModelError(f"{command[0]} failed with code {done.returncode}")
    return done.stdout
