"""A recording as 16-bit samples, any part of it, so that every browser can play it. Nothing is written to a disk."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.decode import MOST_CHANNELS, Recording, opened
from ausweis.audio.wav import PlainPcm, Wav
from ausweis.errors import InputError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer

_BLOCK, _SENT = 1 << 16, 1 << 13
_HIGHEST_RATE = 48_000
_RUN_UP = 5
"""Seconds that are decoded before the place asked for: coders need a run-up, and few can be entered anywhere."""


@dataclass(frozen=True)
class DecodedPcm:
    """The samples of a file. Where it is longer than it says, it is cut; where it is shorter, silence is at its end."""

    path: Path
    channels: int
    rate: int
    length: int

    @classmethod
    def open(cls, path: Path) -> "DecodedPcm":
        """Look how long a file is.

        Raises:
            InputError: it cannot be read, or is no audio.
        """
        try:
            return cls(path, *_measured(path, path.stat().st_mtime_ns))
        except OSError:
            raise InputError("the file cannot be read", place=str(path)) from None

    def read(self, first: int = 0) -> Iterator[NDArray[np.int16]]:
        """From this sample to the end, in blocks (samples, channels)."""
        left = self.length - first
        with suppress(InputError):
            for samples in self._samples(first):
                if left <= 0:
                    return
                yield samples[:left]
                left -= len(samples)
        while left > 0:
            yield np.zeros((min(left, _BLOCK), self.channels), np.int16)
            left -= _BLOCK

    def _samples(self, first: int) -> Iterator[NDArray[np.int16]]:
        run_up = _RUN_UP * self.rate
        try:
            yield from self._from(first, first - run_up if first > 2 * run_up else 0)
        except _CannotJumpError:
            yield from self._from(first, 0)

    def _from(self, first: int, jump: int) -> Iterator[NDArray[np.int16]]:
        """Samples from `first` on, decoded from `jump` on.

        Raises:
            _CannotJumpError: before anything was given.
        """
        with opened(self.path) as container:
            at, frames = 0, Recording(self.path, self.channels, "").frames(container)
            if jump:
                at, frames = self._jumped(container, frames, jump)
                if at > first:
                    raise _CannotJumpError
            for samples in _gathered(self._resampled(frames)):
                if at + len(samples) > first:
                    yield samples[max(0, first - at) :]
                at += len(samples)

    def _jumped(
        self, container: "InputContainer", frames: Iterator["AudioFrame"], to: int
    ) -> tuple[int, Iterator["AudioFrame"]]:
        """The sample at which decoding goes on after a jump, and what is decoded from there."""
        from av.error import FFmpegError

        stream = container.streams.audio[0]
        begin, base = stream.start_time or 0, stream.time_base
        if base is None:
            raise _CannotJumpError
        try:
            container.seek(begin + round(to / self.rate / base), stream=stream)
        except FFmpegError:
            raise _CannotJumpError from None
        frame = next(frames, None)
        if frame is None or frame.pts is None or frame.pts <= begin or frame.time_base is None:
            raise _CannotJumpError
        return round(float((frame.pts - begin) * frame.time_base) * self.rate), chain((frame,), frames)

    def _resampled(self, frames: Iterator["AudioFrame"]) -> Iterator[NDArray[np.int16]]:
        import av

        layout = "mono" if self.channels == 1 else "stereo"
        resampler = av.AudioResampler(format="s16", layout=layout, rate=self.rate)
        for frame in frames:
            frame.pts = None
            try:
                resampled = resampler.resample(frame)
            except ValueError:
                # The rate or the channels change in the middle of the file.
                return
            for one in resampled:
                yield np.asarray(one.to_ndarray(), np.int16).reshape(-1, self.channels)


def _gathered(parts: Iterator[NDArray[np.int16]]) -> Iterator[NDArray[np.int16]]:
    """The same in larger blocks: coders make parts of 20 ms, and each that is sent costs a change of thread."""
    held: list[NDArray[np.int16]] = []
    for part in parts:
        held.append(part)
        if sum(map(len, held)) >= _SENT:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)


class _CannotJumpError(Exception):
    """The format tells no times, or has no places that it can be entered at."""


@lru_cache(maxsize=256)
def _measured(path: Path, _: int) -> tuple[int, int, int]:
    """Channels, rate and length of a file as it was at this time. Packets tell how long they are, not decoded."""
    with opened(path) as container:
        stream = container.streams.audio[0]
        rate = min(stream.codec_context.sample_rate or _HIGHEST_RATE, _HIGHEST_RATE)
        channels = min(stream.codec_context.channels, MOST_CHANNELS)
        told = sum(packet.duration or 0 for packet in container.demux(stream) if packet.size)
        seconds = float(told * stream.time_base) if stream.time_base else 0.0
    if seconds <= 0:
        raise InputError("nothing in the file can be decoded; is it cut short?", place=str(path))
    return channels, rate, round(seconds * rate)


Pcm = PlainPcm | DecodedPcm
"""Any recording."""


def can_decode() -> bool:
    """Whether PyAV is installed: the extra `audio`."""
    return find_spec("av") is not None


def open_pcm(path: Path) -> Pcm:
    """The recording as samples.

    Raises:
        InputError: it cannot be read, is no audio, or would need PyAV, which is not installed.
    """
    wav = Wav.read(path)
    if wav is not None and PlainPcm.fits(wav):
        return PlainPcm(wav)
    if not can_decode():
        raise InputError("decoding this recording needs ausweis[audio]", place=str(path))
    return DecodedPcm.open(path)
