"""What the ASR model hears at once: stretches of speech, put together up to its thirty seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.decode import RATE

__all__ = ["WINDOW", "Channel", "Span", "Window", "speech_in", "windows_of"]

Channel = NDArray[np.float32]
"""The samples of one channel, 16,000 a second."""

WINDOW = 29.0
"""Seconds of speech that the model hears at once; it is made for thirty."""
GAP = 0.5
"""Seconds of silence between stretches of speech in a window: without it, words slip over the seam."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of speech, in samples."""

    start: int
    end: int


class Window:
    """Speech that the model hears at once: spans of it, with a short silence between them instead of a long one.

    `begin` is where it begins in the times of its segments, in seconds.
    """

    def __init__(self, samples: Channel, spans: Sequence[Span], offset: float) -> None:
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


def windows_of(spans: Sequence[Span]) -> list[list[Span]]:
    """The spans, in order of time, as few windows as hold them; none of them is longer than a window."""
    found: list[list[Span]] = []
    held = 0
    for span in spans:
        length = span.end - span.start + round(GAP * RATE)
        if not found or held + length > WINDOW * RATE:
            found.append([])
            held = 0
        found[-1].append(span)
        held += length
    return found


def speech_in(samples: Channel, spans: Sequence[Span]) -> Channel:
    """The samples of the spans, with a short silence between each two."""
    gap = np.zeros(round(GAP * RATE), dtype=np.float32)
    parts = [part for span in spans for part in (samples[span.start : span.end], gap)]
    return np.concatenate(parts[:-1])
