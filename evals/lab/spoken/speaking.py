"""A call as speech, a channel for each speaker, and the truth of it: who said which words when."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from evals.lab.spoken.casting import SIDES as CHANNELS
from evals.lab.spoken.english import said_in_english
from evals.lab.spoken.german import said_in_german
from evals.lab.spoken.saying import Habits, habits, words_of
from evals.lab.spoken.timing import EDGE, Utterance, starts
from evals.lab.spoken.voices import RATE, Mono, Voice
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ausweis.calls.call import Call, Seconds
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.vocabulary import Language, Speaker

__all__ = ["CHANNELS", "Sound", "Spoken", "SpokenTurn", "Truth", "speak_call", "truth_of"]

Sound = NDArray[np.float32]
"""(channels, samples), each sample from -1 to 1."""

HESITATION = (0.4, 1.2)
"""Seconds of silence where a text has "…"."""
DOTS = re.compile(r"\s*(?:…|\.\.\.)\s*")
SAID: dict[Language, Callable[[str, Habits], str]] = {"de": said_in_german, "en": said_in_english}


class SpokenTurn(BaseModel):
    """A turn as it is heard. `turn` is its number in the written call; `start` and `end` in seconds.

    `text` is what is said, numbers in words; `written` is what stands in the call.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    turn: Annotated[int, Field(ge=1)]
    speaker: Speaker
    start: Seconds
    end: Seconds
    text: str
    written: str


class Truth(BaseModel):
    """What is heard in a recording, and in whose voices."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call_id: str
    language: Language
    seconds: Seconds
    voices: dict[Speaker, str]
    turns: tuple[SpokenTurn, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A call as sound: `samples` is (2, samples), agent first, `rate` a second."""

    call: Call
    samples: Sound
    rate: int
    turns: tuple[SpokenTurn, ...]
    voices: dict[Speaker, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float(self.samples.shape[1] / self.rate)


def speak_call(labelled: LabelledCall, voices: Mapping[Speaker, Voice], seed: int = 0) -> Spoken:
    """Speak a German or English call; the seed decides how numbers are read, and on pauses and overlaps.

    Turns without a word that can be spoken are left out.

    Raises:
        InputError: the call has a turn of an unknown speaker.
        ModelError: a voice fails.
    """
    call = labelled.call
    if any(turn.speaker not in CHANNELS for turn in call.turns):
        raise InputError("a turn of an unknown speaker has no channel", place=call.id)
    chance = np.random.default_rng([seed, len(CHANNELS)])
    said: list[Utterance] = []
    sounds: list[Mono] = []
    for number, (turn, text) in enumerate(zip(call.turns, _said(call, seed), strict=True), start=1):
        sound = _voiced(text, voices[turn.speaker], chance)
        if sound.size:
            said.append(Utterance(number, turn.speaker, text, sound.size / RATE))
            sounds.append(sound)
    turns = tuple(
        SpokenTurn(
            turn=one.turn,
            speaker=one.speaker,
            start=round(start, 3),
            end=round(start + one.seconds, 3),
            text=one.text,
            written=call.turns[one.turn - 1].text,
        )
        for one, start in zip(said, starts(said, chance), strict=True)
    )
    return Spoken(call, _placed(turns, sounds), RATE, turns, {who: voice.name for who, voice in voices.items()})


def _said(call: Call, seed: int) -> list[str]:
    """What is said for each turn."""
    speakers = {who: habits(call.language, seed, side) for side, who in enumerate(CHANNELS)}
    return [SAID[call.language](words_of(turn.text), speakers[turn.speaker]) for turn in call.turns]


def truth_of(spoken: Spoken) -> Truth:
    """The truth of a spoken call."""
    call = spoken.call
    return Truth(
        call_id=call.id,
        language=call.language,
        seconds=round(spoken.seconds, 3),
        voices=spoken.voices,
        turns=spoken.turns,
    )


def _voiced(text: str, voice: Voice, chance: np.random.Generator) -> Mono:
    """The text as speech, silent for a while where it hesitates."""
    pieces: list[Mono] = []
    for part in filter(re.compile(r"\w").search, DOTS.split(text)):
        if pieces:
            pieces.append(np.zeros(round(float(chance.uniform(*HESITATION)) * RATE), np.float32))
        pieces.append(voice.speak(part))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _placed(turns: Sequence[SpokenTurn], sounds: list[Mono]) -> Sound:
    seconds = max((turn.end for turn in turns), default=EDGE) + EDGE
    samples = np.zeros((len(CHANNELS), round(seconds * RATE)), np.float32)
    for turn, sound in zip(turns, sounds, strict=True):
        first = round(turn.start * RATE)
        samples[CHANNELS.index(turn.speaker), first : first + sound.size] += sound
    return samples
