"""A recording's channels, each heard from beginning to end: words, cuts, and how loud each channel is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from ausweis.audio.asr_model import AsrModel
from ausweis.audio.crosstalk import Levels, without_echo
from ausweis.audio.decode import RATE, Recording, Samples
from ausweis.audio.heard import Heard
from ausweis.audio.speech import Speech, SpeechStream
from ausweis.errors import InputError
from ausweis.vocabulary import Language

__all__ = ["CHUNK", "Listened", "Progress", "listen", "speech_of"]

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
            listened.german = _german(language, asr_model, spoken)
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


def _german(language: Language | None, asr_model: AsrModel, spoken: Sequence[Sequence[Speech]]) -> float:
    """Both sides are asked: an announcement may be in another language than the talk."""
    if language is not None:
        return float(language == "de")
    return asr_model.german([(part.samples, part.spans) for parts in spoken for part in parts])


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
