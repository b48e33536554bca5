"""A call as speech, a channel for each speaker, and the truth of it: who said which words when."""

import re
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from evals.tools.spoken.voices import RATE, Mono, Voice
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ausweis.calls.call import Call, Seconds
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.vocabulary import Speaker

__all__ = ["CHANNELS", "Sound", "Spoken", "SpokenTurn", "Truth", "speak_call", "truth_of", "words_of"]

Sound = NDArray[np.float32]
"""(channels, samples), each sample from -1 to 1."""

CHANNELS: tuple[Speaker, Speaker] = ("agent", "caller")
"""What is on the left and on the right."""

PITCHES: dict[Speaker, float] = {"agent": 1.0, "caller": 1.25}
PAUSE = (0.3, 0.8)
OVERLAP = (0.15, 0.4)
OVERLAPPING = 0.1
"""Of the turns at which the other takes over: how many begin before the one before has ended."""
EDGE = 0.5
"""Silence at the start and at the end of a call."""

STAGE_DIRECTION = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


class SpokenTurn(BaseModel):
    """A turn as it is heard. `turn` is its number in the written call; `start` and `end` in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    turn: Annotated[int, Field(ge=1)]
    speaker: Speaker
    start: Seconds
    end: Seconds
    text: str


class Truth(BaseModel):
    """What is heard in a recording."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call_id: str
    language: str
    seconds: Seconds
    turns: tuple[SpokenTurn, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A call as sound: `samples` is (2, samples), agent first, `rate` a second."""

    call: Call
    samples: Sound
    rate: int
    turns: tuple[SpokenTurn, ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float(self.samples.shape[1] / self.rate)


def words_of(text: str) -> str:
    """What of a written turn is spoken: all but notes in parentheses or brackets, such as "(laughs)"."""
    return " ".join(STAGE_DIRECTION.sub(" ", text).split())


def speak_call(labelled: LabelledCall, voice: Voice, seed: int = 0) -> Spoken:
    """Speak an English call, its turns 0.3 to 0.8 s apart; now and then one speaker cuts into the other's words.

    Turns without a word that can be spoken are left out. The seed decides on pauses and overlaps, not on the voice.

    Raises:
        InputError: the call is not in English, or has a turn of an unknown speaker.
    """
    call = labelled.call
    if call.language != "en":
        raise InputError("the voice speaks English only", place=call.id)
    if any(turn.speaker not in CHANNELS for turn in call.turns):
        raise InputError("a turn of an unknown speaker has no channel", place=call.id)
    chance = np.random.default_rng(seed)
    turns: list[SpokenTurn] = []
    sounds: list[Mono] = []
    for number, turn in enumerate(call.turns, start=1):
        text = words_of(turn.text)
        sound = voice.speak(text, PITCHES[turn.speaker])
        if not sound.size:
            continue
        start = _start(turns, turn.speaker, chance)
        end = start + sound.size / RATE
        turns.append(SpokenTurn(turn=number, speaker=turn.speaker, start=round(start, 3), end=round(end, 3), text=text))
        sounds.append(sound)
    return Spoken(call, _placed(turns, sounds), RATE, tuple(turns))


def truth_of(spoken: Spoken) -> Truth:
    """The truth of a spoken call."""
    call = spoken.call
    return Truth(call_id=call.id, language=call.language, seconds=round(spoken.seconds, 3), turns=spoken.turns)


def _start(before: list[SpokenTurn], speaker: Speaker, chance: np.random.Generator) -> float:
    """When the next turn starts, in seconds. Three numbers are drawn each time, so that turns change no later ones."""
    overlaps, pause, overlap = chance.random() < OVERLAPPING, chance.uniform(*PAUSE), chance.uniform(*OVERLAP)
    if not before:
        return EDGE
    last = before[-1]
    # After an overlap, the turn before the last may be the one that ends last.
    silent = max(turn.end for turn in before)
    # Nobody cuts into a word or two: those would be covered whole.
    if overlaps and speaker != last.speaker and silent == last.end and last.end - last.start > 3 * overlap:
        return last.end - float(overlap)
    return silent + float(pause)


def _placed(turns: list[SpokenTurn], sounds: list[Mono]) -> Sound:
    seconds = max((turn.end for turn in turns), default=EDGE) + EDGE
    samples = np.zeros((len(CHANNELS), round(seconds * RATE)), np.float32)
    for turn, sound in zip(turns, sounds, strict=True):
        first = round(turn.start * RATE)
        samples[CHANNELS.index(turn.speaker), first : first + sound.size] += sound
    return samples
