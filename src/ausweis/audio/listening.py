"""A recording's channels, each heard from beginning to end: words, cuts, and how loud each channel is.

One side's channel may carry an echo of the other side, faint, with the same words at the same time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.asr_model import AsrModel
from ausweis.audio.decode import RATE, Recording, Samples
from ausweis.audio.heard import Cut, Heard, Word
from ausweis.audio.speech import Speech, SpeechStream
from ausweis.errors import InputError
from ausweis.vocabulary import Language

FRAME = RATE // 20
ALIKE = 0.98
"""Two channels that correlate more than this carry the same sound."""
FAINTER = 12.0
"""Decibels by which an echo is fainter than what it is the echo of."""
APART = 0.5
"""Seconds that the two may lie apart."""


class Levels:
    """How loud each of two channels is, a number for each 50 ms (some 12 kB a minute), and how alike they are."""

    def __init__(self) -> None:
        self._power = np.zeros(2)
        self._shared = 0.0
        self._frames: list[NDArray[np.float32]] = []
        self._rest = np.zeros((2, 0), dtype=np.float32)

    def feed(self, samples: Samples) -> None:
        """Take in what comes next on both channels."""
        self._power += np.square(samples).sum(axis=1, dtype=np.float64)
        self._shared += float(np.vdot(samples[0], samples[1]))
        joined = np.concatenate([self._rest, samples], axis=1)
        whole = joined.shape[1] // FRAME * FRAME
        self._frames.append(np.square(joined[:, :whole]).reshape(2, -1, FRAME).mean(axis=2))
        self._rest = joined[:, whole:]

    @property
    def alike(self) -> bool:
        """Whether both carry the same sound, be it louder on one of them."""
        bound = ALIKE * float(np.sqrt(self._power.prod()))
        return self._shared > bound > 0

    def fainter(self, channel: int, word: Word) -> float:
        """By how many decibels a channel is fainter than the other while a word is said on it."""
        power = np.concatenate(self._frames, axis=1) if len(self._frames) > 1 else self._frames[0]
        self._frames = [power]
        first = int(word.start * RATE / FRAME)
        here = power[:, first : max(first + 1, int(np.ceil(word.end * RATE / FRAME)))]
        if not here.size:
            return 0.0
        own, other = here[channel].mean() + 1e-12, here[1 - channel].mean() + 1e-12
        return float(10 * np.log10(other / own))


def without_echo(channels: Sequence[Heard], levels: Levels) -> None:
    """Cut the words of each channel that are faint there, and said on the other one at that time."""
    echoes_of = [_echoes(channels[channel].words, channels[1 - channel].words, channel, levels) for channel in (0, 1)]
    for heard, echoes in zip(channels, echoes_of, strict=True):
        heard.cuts += [Cut(word.start, word.end, "other channel") for word in echoes]
        heard.words = [word for word in heard.words if word not in echoes]


def _echoes(words: Sequence[Word], others: Sequence[Word], channel: int, levels: Levels) -> set[Word]:
    said: dict[str, list[float]] = {}
    for other in others:
        said.setdefault(_plain(other), []).append(other.start)
    return {
        word
        for word in words
        if any(abs(word.start - start) <= APART for start in said.get(_plain(word), ()))
        and levels.fainter(channel, word) >= FAINTER
    }


def _plain(word: Word) -> str:
    return word.text.casefold().strip(" .,!?")


CHUNK = 120.0
"""Seconds of the recording that are held at once."""

Progress = Callable[[float, float], None]
"""Told how many seconds of the recording were heard, and how many it has by what it says; 0 where it says nothing."""


@dataclass(slots=True)
class Listened:
    """What was heard on each channel. `german`: how likely the speech is German; None where nobody spoke.

    `seconds` is the length of what could be decoded.
    """

    channels: list[Heard]
    seconds: float = 0.0
    german: float | None = None

    @property
    def language(self) -> Language:
        """The likelier language."""
        return "de" if (self.german or 0.0) >= 0.5 else "en"


def listen(
    recordings: Sequence[Recording], asr_model: AsrModel, language: Language | None, progress: Progress
) -> Listened:
    """Hear all channels of one recording, or of two that run side by side.

    Two channels with the same sound are heard as one; an echo of one on the other is cut. Without a `language`, the
    first chunk in which somebody speaks decides on it.

    Raises:
        InputError: a file cannot be decoded, or two files hold the same sound.
        EngineError: the ASR model gave up.
    """
    count = 2 if len(recordings) == 2 or _two_sounds(recordings[0]) else 1
    listened = Listened([Heard() for _ in range(count)])
    streams = [SpeechStream() for _ in range(count)]
    levels = Levels()
    length = max(recording.seconds for recording in recordings)
    progress(0.0, length)
    for samples, last in _with_last(_side_by_side(recordings)):
        if count == 2:
            levels.feed(samples)
        spoken = [list(stream.feed(channel, last=last)) for stream, channel in zip(streams, samples, strict=False)]
        if listened.german is None and any(spoken):
            # Both sides are asked: an announcement may be in another language than the talk.
            heard_in = [(part.samples, part.spans) for parts in spoken for part in parts]
            listened.german = float(language == "de") if language else asr_model.german(heard_in)
        for heard, parts in zip(listened.channels, spoken, strict=True):
            for part in parts:
                heard += asr_model.hear(part.samples, part.spans, listened.language, part.offset)
        listened.seconds += samples.shape[1] / RATE
        progress(listened.seconds, length)
    if levels.alike:
        place = str(recordings[1].path)
        raise InputError("both files of the call hold the same sound: name one of them alone", place=place)
    if count == 2:
        without_echo(listened.channels, levels)
    return listened


def speech_of(recording: Recording, channel: int) -> Iterator[Speech]:
    """The speech on one channel, as `SpeechStream` gives it.

    Raises:
        InputError: the file cannot be decoded.
    """
    stream = SpeechStream()
    for samples, last in _with_last(recording.chunks(CHUNK)):
        yield from stream.feed(samples[channel], last=last)


def _side_by_side(recordings: Sequence[Recording]) -> Iterator[Samples]:
    """The first channel of each of two files, the shorter one with silence behind it; of one file all channels."""
    if len(recordings) == 1:
        yield from recordings[0].chunks(CHUNK)
        return
    for parts in zip_longest(*(recording.chunks(CHUNK) for recording in recordings)):
        mono = [np.zeros(0, dtype=np.float32) if part is None else part.mean(axis=0) for part in parts]
        length = max(map(len, mono))
        yield np.stack([np.pad(part, (0, length - len(part))) for part in mono])


def _with_last(chunks: Iterator[Samples]) -> Iterator[tuple[Samples, bool]]:
    held: Samples | None = None
    for chunk in chunks:
        if held is not None:
            yield held, False
        held = chunk
    if held is not None:
        yield held, True


def _two_sounds(recording: Recording) -> bool:
    """Whether two channels differ, heard over the whole recording: they may begin with the same announcement."""
    if recording.channels == 1:
        return False
    levels = Levels()
    for samples in recording.chunks(CHUNK):
        levels.feed(samples)
    return not levels.alike
