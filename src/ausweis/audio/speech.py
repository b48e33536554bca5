"""Where somebody speaks on a channel: Silero's voice activity detection (MIT), which comes with faster-whisper."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ausweis.audio.decode import RATE
from ausweis.audio.windows import WINDOW, Channel, Span

__all__ = ["Speech", "SpeechStream", "spans_of"]

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
    spans: list[Span]
    offset: float


def spans_of(samples: Channel) -> list[Span]:
    """The stretches of speech, in order of time, each no longer than a window of the ASR model."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=THRESHOLD,
        max_speech_duration_s=WINDOW,
        min_silence_duration_ms=SHORTEST_SILENCE_MS,
        speech_pad_ms=PAD_MS,
    )
    noise = np.random.default_rng(0).standard_normal(len(samples), dtype=np.float32)
    return [Span(one["start"], one["end"]) for one in get_speech_timestamps(samples + FLOOR * noise, options)]


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
