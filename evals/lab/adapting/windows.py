"""Stretches of speech to learn from: some turns of one side of a call in one voice, and how they are to be written.

Or turns of many calls that hold values, with other values in them (`variation`).

Numbers are to be written in digits, as Whisper is wont to, and single digits that follow each other as one number.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self
from zlib import crc32

import numpy as np
from evals.lab.adapting.variation import varied
from evals.lab.spoken import words_of
from evals.lab.spoken.casting import SIDES, TRAINING, cast
from evals.lab.spoken.saying import Habits, habits
from evals.lab.spoken.speaking import SAID
from evals.lab.spoken.voices import RATE as VOICE_RATE
from evals.lab.spoken.voices import Mono, Voice
from numpy.typing import NDArray
from scipy.signal import resample_poly
from text_to_num import alpha2digit

from ausweis.audio.decode import RATE
from ausweis.evals import LabelledCall
from ausweis.vocabulary import LANGUAGES, Language

__all__ = ["RATE", "Script", "Stretch", "Stretches", "scripts_of", "speak_stretches", "value_scripts"]

LENGTHS = (3, 6, 12, 20, 27, 28, 28, 28, 28)
"""Seconds that a stretch has at most: the model is made for thirty, and most that it hears are nearly as long."""
PAUSE = (0.3, 0.8)
LONGEST_TURN = 28.0

TURNS = 24
"""Of a voice in a script of values."""
PAIRS = 0.4
"""Of the numbers in them: how many are read as pairs. In calls fewer are, and what is rare is not learned."""

_DIGITS = re.compile(r"\b(?:\d|0\d+)(?: (?:\d|0\d+)\b)+")


class Stretch(NamedTuple):
    """Samples at `RATE`, and what is said in them."""

    samples: Mono
    language: Language
    text: str


@dataclass(frozen=True, slots=True)
class Stretches:
    """Many of them: all samples, (samples,) as 16-bit numbers, where each ends, and language and text of each."""

    samples: NDArray[np.int16]
    ends: NDArray[np.int64]
    said: Sequence[tuple[Language, str]]

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, place: int) -> Stretch:
        begin = int(self.ends[place - 1]) if place else 0
        language, text = self.said[place]
        samples = (self.samples[begin : self.ends[place]] / 32_768).astype(np.float32)
        return Stretch(samples, language, text)

    @classmethod
    def load(cls, path: Path) -> Self:
        """As `save` wrote it."""
        with np.load(path) as kept:
            said = [(language, text) for language, text in json.loads(str(kept["said"]))]
            return cls(kept["samples"], kept["ends"], said)

    def save(self, path: Path) -> None:
        """Write them to one file (npz)."""
        np.savez(path, samples=self.samples, ends=self.ends, said=np.array(json.dumps(self.said, ensure_ascii=False)))


class Script(NamedTuple):
    """What two voices say. The seed of the name decides which, and how they read numbers, so many of them as pairs."""

    name: str
    language: Language
    sides: tuple[tuple[str, ...], ...]
    pairs: float | None = None


def scripts_of(calls: Sequence[LabelledCall]) -> list[Script]:
    """What is said in the calls."""
    return [
        Script(
            labelled.call.id,
            labelled.call.language,
            tuple(tuple(turn.text for turn in labelled.call.turns if turn.speaker == side) for side in SIDES),
        )
        for labelled in calls
    ]


def value_scripts(calls: Sequence[LabelledCall], turns: Mapping[Language, int], seed: int) -> list[Script]:
    """So many turns with numbers or names in them, with others in their place; a turn may come again with others."""
    chance = np.random.default_rng(seed)
    found: list[Script] = []
    for language in LANGUAGES:
        said = [
            _written(words_of(turn.text), language)
            for labelled in calls
            if labelled.call.language == language
            for turn in labelled.call.turns
        ]
        drawn: list[str] = []
        while said and len(drawn) < turns[language]:
            pairs = [(said[place], varied(said[place], language, chance)) for place in chance.permutation(len(said))]
            fresh = [after for before, after in pairs if _holds_value(before, after)]
            if not fresh:
                break
            drawn += fresh
        whole = drawn[: turns[language]]
        found += [
            Script(
                f"values-{language}-{at}",
                language,
                (tuple(whole[at : at + TURNS]), tuple(whole[at + TURNS : at + 2 * TURNS])),
                PAIRS,
            )
            for at in range(0, len(whole), 2 * TURNS)
        ]
    return found


def _holds_value(before: str, after: str) -> bool:
    """Whether a name changed, or a number that is no mere count."""
    name = re.sub(r"[\d .]", "", before) != re.sub(r"[\d .]", "", after)
    return name or (before != after and len(re.findall(r"\d", after)) > 2)


def speak_stretches(scripts: Sequence[Script], seed: int, jobs: int = 1) -> Stretches:
    """All that is said in the scripts, spoken by voices that no test call has.

    Raises:
        ModelError: a voice fails.
    """
    with ProcessPoolExecutor(jobs) as processes:
        spoken = [
            one for some in processes.map(_stretches, scripts, [seed] * len(scripts), chunksize=4) for one in some
        ]
    whole = [(stretch.samples * 32_767).clip(-32_768, 32_767).astype(np.int16) for stretch in spoken]
    ends = np.cumsum([len(samples) for samples in whole], dtype=np.int64)
    samples = np.concatenate(whole) if whole else np.zeros(0, np.int16)
    return Stretches(samples, ends, [(stretch.language, stretch.text) for stretch in spoken])


def _stretches(script: Script, seed: int) -> list[Stretch]:
    own = crc32(f"{seed} {script.name}".encode())
    voices = cast(script.language, own, TRAINING)
    chance = np.random.default_rng(own)
    found: list[Stretch] = []
    for side, texts in enumerate(script.sides):
        speaker = habits(script.language, own, side)
        if script.pairs is not None:
            speaker = replace(speaker, pairs=script.pairs)
        spoken = list(_spoken(texts, voices[SIDES[side]], speaker))
        found += [Stretch(samples, script.language, text) for samples, text in _joined(spoken, chance)]
    return found


def _spoken(texts: Sequence[str], voice: Voice, speaker: Habits) -> Iterator[tuple[Mono, str]]:
    for text in texts:
        written = words_of(text)
        sound = voice.speak(SAID[speaker.language](written, speaker).replace("…", ","))
        sound = resample_poly(sound, RATE, VOICE_RATE).astype(np.float32) if sound.size else sound
        if 0.1 < sound.size / RATE < LONGEST_TURN:
            yield sound, _written(written, speaker.language)


def _joined(spoken: Sequence[tuple[Mono, str]], chance: np.random.Generator) -> Iterator[tuple[Mono, str]]:
    """Turns with pauses between them, as many as a stretch may hold."""
    sounds: list[Mono] = []
    texts: list[str] = []
    longest = float(chance.choice(LENGTHS))
    for sound, text in spoken:
        gap = np.zeros(round(chance.uniform(*PAUSE) * RATE), np.float32)
        if sounds and sum(map(len, sounds)) + gap.size + sound.size > longest * RATE:
            yield np.concatenate(sounds), " ".join(texts)
            sounds, texts, longest = [], [], float(chance.choice(LENGTHS))
        sounds += [gap, sound] if sounds else [sound]
        texts.append(text)
    if sounds:
        yield np.concatenate(sounds), " ".join(texts)


def _written(text: str, language: Language) -> str:
    plain = re.sub(r"[„“”\"]", "", re.sub(r"\s*…\s*", "... ", text).replace("—", " - "))
    plain = re.sub(r"\s+", " ", plain).strip()
    if language == "de":
        plain = re.sub(r"\b[Zz]wo\b", "zwei", plain)
    return _DIGITS.sub(lambda found: found[0].replace(" ", ""), alpha2digit(plain, language))
