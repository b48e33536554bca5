"""A call as speech, a channel for each speaker, and the truth of it: who said which words when.

Turns have pauses between them, overlap, back-channels lie over the other's words, and who asks for a moment takes one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from evals.lab.spoken.numbers import habits, said, words_of
from evals.lab.spoken.voices import CHANNELS, RATE, Mono, Voice
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ausweis.calls.call import Call, Seconds
from ausweis.errors import InputError
from ausweis.labelled import LabelledCall
from ausweis.vocabulary import Speaker

Sound = NDArray[np.float32]
"""(channels, samples), each sample from -1 to 1."""

HESITATION = (0.4, 1.2)
"""Seconds of silence where a text has "…"."""
DOTS = re.compile(r"\s*(?:…|\.\.\.)\s*")
PAUSE = (0.3, 0.8)
OVERLAP = (0.15, 0.4)
OVERLAPPING = 0.1
"""Of the turns at which the other takes over: how many begin before the one before has ended."""
OVER_WORDS = 0.7
"""Of the back-channels: how many lie over the other's words."""
BREATH = (0.05, 0.3)
"""Between two turns of one who went on over a back-channel."""
LOOKING_UP = (1.5, 6.0)
LOOKS_UP = 0.7
"""Of the turns that ask for a moment: how many are followed by one."""
EDGE = 0.5
"""Silence at the start and at the end of a call."""

BACK_CHANNEL = re.compile(
    r"(?:m+h*m*|hm+|aha|oh|ja+|jo|ach so|okay|ok|genau|gut|alles klar|uh huh|yeah|yes|right|sure|mm)"
    r"(?:,? (?:ja|okay|gut|genau|yeah|right))?[.!,… ]*",
    re.IGNORECASE,
)
MOMENT = re.compile(
    r"\b(?:moment(?:chen)?|augenblick|sekunde|warten sie|ich (?:schaue?|gucke?|seh|such)|"
    r"(?:schau|guck)\w* (?:ich|mal|wir)|"
    r"bear with|one sec\w*|hang on|hold on|let me (?:see|look|check|find|pull)|have a look)\b",
    re.IGNORECASE,
)


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
    speakers = {who: habits(call.language, seed, side) for side, who in enumerate(CHANNELS)}
    spoken: list[Utterance] = []
    sounds: list[Mono] = []
    for number, turn in enumerate(call.turns, start=1):
        text = said(words_of(turn.text), speakers[turn.speaker])
        sound = _voiced(text, voices[turn.speaker], chance)
        if sound.size:
            spoken.append(Utterance(number, turn.speaker, text, sound.size / RATE))
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
        for one, start in zip(spoken, starts(spoken, chance), strict=True)
    )
    seconds = max((turn.end for turn in turns), default=EDGE) + EDGE
    samples = np.zeros((len(CHANNELS), round(seconds * RATE)), np.float32)
    for one, sound in zip(turns, sounds, strict=True):
        first = round(one.start * RATE)
        samples[CHANNELS.index(one.speaker), first : first + sound.size] += sound
    return Spoken(call, samples, RATE, turns, {who: voice.name for who, voice in voices.items()})


def _voiced(text: str, voice: Voice, chance: np.random.Generator) -> Mono:
    """The text as speech, silent for a while where it hesitates."""
    pieces: list[Mono] = []
    for part in filter(re.compile(r"\w").search, DOTS.split(text)):
        if pieces:
            pieces.append(np.zeros(round(float(chance.uniform(*HESITATION)) * RATE), np.float32))
        pieces.append(voice.speak(part))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is said in the turn of this number, and how many seconds it takes."""

    turn: int
    speaker: Speaker
    text: str
    seconds: float


def starts(said: Sequence[Utterance], chance: np.random.Generator) -> list[float]:
    """The second at which each turn starts. Nobody speaks over himself, and no overlap covers a whole turn of words."""
    begun: list[float] = []
    for at, turn in enumerate(said):
        # So many numbers are drawn each time, so that a turn changes no later ones.
        share, pause, overlap, breath, look_up = (
            chance.random(),
            float(chance.uniform(*PAUSE)),
            float(chance.uniform(*OVERLAP)),
            float(chance.uniform(*BREATH)),
            float(chance.uniform(*LOOKING_UP)),
        )
        if not at:
            begun.append(EDGE)
            continue
        last = said[at - 1]
        ends = [start + before.seconds for start, before in zip(begun, said, strict=False)]
        silent = max(ends)
        free = max(
            (end for end, before in zip(ends, said, strict=False) if before.speaker == turn.speaker), default=0.0
        )
        takes_over = turn.speaker != last.speaker and silent == ends[-1]
        if takes_over and share < OVER_WORDS and _over_words(said, at):
            start = ends[-1] - turn.seconds - overlap
        elif takes_over and share < OVERLAPPING and last.seconds > 3 * overlap:
            start = ends[-1] - overlap
        elif share < LOOKS_UP and MOMENT.search(last.text):
            start = silent + look_up
        elif ends[-1] < silent:
            start = silent + breath
        else:
            start = silent + pause
        begun.append(max(start, free + BREATH[0] if free else start))
    return begun


def _over_words(said: Sequence[Utterance], at: int) -> bool:
    """Whether the turn is a back-channel between two turns of the other, of which the first is long enough."""
    turn, last = said[at], said[at - 1]
    goes_on = at + 1 < len(said) and said[at + 1].speaker == last.speaker
    return goes_on and bool(BACK_CHANNEL.fullmatch(turn.text)) and last.seconds > 2 * turn.seconds + 1
