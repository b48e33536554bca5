"""Who speaks a call: two different voices, drawn from those that Whisper base understands at full band.

Those of test calls are not those that an ASR model is adapted to, so that what is measured holds for other voices.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from evals.lab.spoken.system_voices import MBROLA_FILES, MbrolaVoice, PicoVoice
from evals.lab.spoken.voices import JoeVoice, Manner, Voice

from ausweis.errors import ModelError
from ausweis.vocabulary import Language, Speaker

__all__ = ["CAST", "TRAINING", "Part", "cast", "check_voices"]

Sex = Literal["female", "male"]

SIDES: tuple[Speaker, Speaker] = ("agent", "caller")
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
    return Part(
        f"mbrola-{name}", sex, ("espeak-ng", "mbrola", f"mbrola-{name}"), lambda manner, _: MbrolaVoice(name, manner)
    )


def _pico(language: str) -> Part:
    return Part(f"pico-{language}", "female", ("libttspico-utils",), lambda manner, _: PicoVoice(language, manner))


# Word error rate of Whisper base at full band without noise, eight German sentences without numbers: 0.08 to 0.17, but
# 0.22 for de3, which lacks sounds that eSpeak NG asks for. The Bavarian de8 (0.83) is left out.
CAST: dict[Language, tuple[Part, ...]] = {
    "de": (_mbrola("de1", "female"), _mbrola("de5", "female"), _mbrola("de6", "male")),
    "en": (
        _pico("en-US"),
        Part("joe", "male", (), lambda manner, seed: JoeVoice.load(seed, manner)),
        _mbrola("us2", "male"),
    ),
}
"""The voices of test calls. No ASR model that ships was adapted to one of them."""

TRAINING: dict[Language, tuple[Part, ...]] = {
    "de": (
        _pico("de-DE"),
        _mbrola("de3", "female"),
        _mbrola("de7", "female"),
        _mbrola("de2", "male"),
        _mbrola("de4", "male"),
    ),
    "en": (_pico("en-GB"), _mbrola("us1", "female"), _mbrola("us3", "male"), _mbrola("en1", "male")),
}
"""The voices that ASR models are adapted to (`evals.lab.adapt_asr`)."""


def cast(language: Language, seed: int, parts: Mapping[Language, Sequence[Part]] = CAST) -> dict[Speaker, Voice]:
    """Two different voices in the manner of this call. Their sex may be the same.

    Raises:
        ModelError: Joe is wanted, and is not installed.
    """
    chance = np.random.default_rng(seed)
    drawn = chance.permutation(len(parts[language]))
    voices: dict[Speaker, Voice] = {}
    for speaker, place in zip(SIDES, drawn, strict=False):
        manner = Manner(float(chance.uniform(*SPEED)), float(chance.uniform(*PITCH)))
        voices[speaker] = parts[language][int(place)].load(manner, seed % 2**31)
    return voices


def check_voices(languages: Iterable[Language], parts: Mapping[Language, Sequence[Part]] = CAST) -> None:
    """See that every voice of the languages is there: another voice in its place would make other recordings.

    Raises:
        ModelError: some are not; says what to install.
    """
    wanted = {package for language in languages for part in parts[language] for package in part.packages}
    missing = sorted(package for package in wanted if not _there(package))
    if missing:
        raise ModelError(f"voices are missing; on Debian with contrib and non-free: apt install {' '.join(missing)}")


def _there(package: str) -> bool:
    programs = {"espeak-ng": "espeak-ng", "mbrola": "mbrola", "libttspico-utils": "pico2wave"}
    if package in programs:
        return shutil.which(programs[package]) is not None
    name = package.removeprefix("mbrola-")
    return (MBROLA_FILES / name / name).is_file()
