"""Where somebody speaks on a channel, put together to what an ASR model hears at once.

Speech is found by Silero's voice activity detection (MIT), which comes with faster-whisper.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.decode import RATE

Channel = NDArray[np.float32]
"""The samples of one channel, 16,000 a second."""

WINDOW = 29.0
"""Seconds of speech that the model hears at once; it is made for thirty."""
GAP = 0.5
"""Seconds of silence between stretches of speech in a window: without it, words slip over the seam."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of speech, in samples."""

    start: int
    end: int


class Window:
    """Speech that the model hears at once: spans of it, with a short silence between them instead of a long one.

    `begin` is where it begins in the times of its segments, in seconds.
    """

    def __init__(self, samples: Channel, spans: Sequence[Stretch], offset: float) -> None:
        self.speech = speech_in(samples, spans)
        self.begin = 0.0
        self._starts = np.array([span.start / RATE + offset for span in spans])
        lengths = np.array([(span.end - span.start) / RATE for span in spans])
        self._begins = np.cumsum(lengths + GAP) - lengths - GAP
        self._ends = self._begins + lengths

    def times(self, start: float, end: float) -> tuple[float, float]:
        """Times of a segment's own clock in the recording: within the one span that it ends in."""
        start, end = start - self.begin, end - self.begin
        # The end of a word is where it is heard; its beginning may reach back over a silence.
        place = min(int(np.searchsorted(self._ends + GAP / 2, end)), len(self._ends) - 1)
        begin, until = self._begins[place], self._ends[place]
        shift = self._starts[place] - begin
        first = min(max(start, begin), until)
        last = min(max(end, first), until)
        return round(float(first + shift), 2), round(float(last + shift), 2)


def windows_of(spans: Sequence[Stretch]) -> list[list[Stretch]]:
    """The spans, in order of time, as few windows as hold them; none of them is longer than a window."""
    windows: list[list[Stretch]] = []
    held = 0
    for span in spans:
        length = span.end - span.start + round(GAP * RATE)
        if not windows or held + length > WINDOW * RATE:
            windows.append([])
            held = 0
        windows[-1].append(span)
        held += length
    return windows


def speech_in(samples: Channel, spans: Sequence[Stretch]) -> Channel:
    """The samples of the spans, with a short silence between each two."""
    gap = np.zeros(round(GAP * RATE), dtype=np.float32)
    parts = [part for span in spans for part in (samples[span.start : span.end], gap)]
    return np.concatenate(parts[:-1])


THRESHOLD = 0.25
"""Lower than Silero's own 0.5, which misses a third of what is said in the band of a telephone."""
FLOOR = 1e-3
"""Noise that is added for the detection alone: the perfect silence between turns of a digital line makes it deaf."""
SHORTEST_SILENCE_MS = 300
"""A shorter one does not part two stretches of speech."""
PAD_MS = 150
EDGE = 1.0
"""Speech that reaches into the last second of a chunk may go on in the next one."""


class Speech(NamedTuple):
    """Samples, the stretches of speech in them, and the second of the recording at which the samples begin."""

    samples: Channel
    spans: list[Stretch]
    offset: float


def spans_of(samples: Channel) -> list[Stretch]:
    """The stretches of speech, in order of time, each no longer than a window of the ASR model."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=THRESHOLD,
        max_speech_duration_s=WINDOW,
        min_silence_duration_ms=SHORTEST_SILENCE_MS,
        speech_pad_ms=PAD_MS,
    )
    noise = np.random.default_rng(0).standard_normal(len(samples), dtype=np.float32)
    return [
        Stretch(stretch["start"], stretch["end"]) for stretch in get_speech_timestamps(samples + FLOOR * noise, options)
    ]


class SpeechStream:
    """A channel that comes in chunks: what is unfinished at the end of one is heard with the next."""

    def __init__(self) -> None:
        self._held: Channel = np.zeros(0, dtype=np.float32)
        self._begin = 0
        """The sample of the recording that the held ones begin with."""

    def feed(self, chunk: Channel, *, last: bool) -> Iterator[Speech]:
        """The finished stretches of speech, with the samples around them; nothing where nobody speaks."""
        samples = np.concatenate([self._held, chunk])
        spans = spans_of(samples)
        keep = len(samples)
        if not last:
            keep -= round(EDGE * RATE)
            if spans and spans[-1].end > keep and spans[-1].start > 0:
                keep = spans.pop().start
            keep = max(keep, spans[-1].end if spans else 0)
        if spans:
            yield Speech(samples, spans, self._begin / RATE)
        self._held = samples[keep:]
        self._begin += keep
