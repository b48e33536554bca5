"""Any audio file to samples, a chunk at a time: 16 kHz, one row a channel. PyAV decodes, as for faster-whisper.

Memory is bounded by the chunk, not by the length of the recording, and nothing is written to a disk.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ausweis.errors import InputError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer

Samples = NDArray[np.float32]
"""(channels, samples), each sample from -1 to 1, 16,000 a second."""

RATE = 16_000
MOST_CHANNELS = 2


@dataclass(slots=True)
class Recording:
    """An audio file that can be decoded. `channels` is 1 or 2; `damaged` counts the packets that could not be.

    `seconds` is its length by what it says of itself; 0 where it says nothing.
    """

    path: Path
    channels: int
    codec: str
    damaged: int = 0
    seconds: float = 0.0

    @classmethod
    def open(cls, path: Path) -> "Recording":
        """Look at the beginning of a file.

        Raises:
            InputError: the file cannot be read, is empty, is no audio, or has more than two channels.
        """
        with opened(path) as container:
            stream = container.streams.audio[0]
            channels = stream.codec_context.channels
            if channels > MOST_CHANNELS:
                message = f"the recording has {channels} channels; one or two can be read: split or mix the others"
                raise InputError(message, place=str(path))
            return cls(path, channels, stream.codec_context.name, seconds=(container.duration or 0) / 1e6)

    def chunks(self, seconds: float) -> Iterator[Samples]:
        """The samples in chunks of so many seconds; the last may be shorter, and none is empty.

        Damaged places inside a file are passed over, and counted.

        Raises:
            InputError: nothing in the file can be decoded, or it can no longer be read.
        """
        wanted = max(1, round(seconds * RATE))
        held: list[Samples] = []
        count = 0
        decoded = False
        for block in self._blocks():
            decoded = True
            held.append(block)
            count += block.shape[1]
            while count >= wanted:
                whole = np.concatenate(held, axis=1)
                yield whole[:, :wanted]
                held = [whole[:, wanted:]]
                count -= wanted
        if not decoded:
            raise InputError("nothing in the file can be decoded; is it cut short?", place=str(self.path))
        if count:
            yield np.concatenate(held, axis=1)

    def _blocks(self) -> Iterator[Samples]:
        import av

        layout = "mono" if self.channels == 1 else "stereo"
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
        self.damaged = 0
        with opened(self.path) as container:
            try:
                for frame in self.frames(container):
                    frame.pts = None
                    yield from map(_samples, resampler.resample(frame))
                yield from map(_samples, resampler.resample(None))
            except ValueError as error:
                # The rate or the channels change in the middle of the file.
                raise InputError("the recording changes its form on the way", place=str(self.path)) from error

    def frames(self, container: "InputContainer") -> Iterator["AudioFrame"]:
        """The decoded parts of the file, opened, from where it stands on.

        Raises:
            InputError: it can no longer be read.
        """
        from av.error import FFmpegError, InvalidDataError

        try:
            for packet in container.demux(container.streams.audio[0]):
                try:
                    yield from packet.decode()
                except InvalidDataError:
                    self.damaged += 1
        except FFmpegError as error:
            raise InputError("the file cannot be read to its end", place=str(self.path)) from error


def _samples(frame: "AudioFrame") -> Samples:
    return np.asarray(frame.to_ndarray(), dtype=np.float32)


@contextmanager
def opened(path: Path) -> Iterator["InputContainer"]:
    """The file, open, with sound in it.

    Raises:
        InputError: it cannot be read, is empty, or is no audio.
    """
    import av
    from av.error import FFmpegError

    place = str(path)
    try:
        if path.stat().st_size == 0:
            raise InputError("the file is empty", place=place)
        # PyAV before 19 refuses tags that are not UTF-8 unless it is told otherwise; later ones know no such word.
        tags: dict[str, Any] = {"metadata_errors": "ignore"} if int(av.__version__.partition(".")[0]) < 19 else {}
        # A name with a colon would be taken for an address.
        container = av.open(str(path.absolute()), mode="r", **tags)
    except FFmpegError as error:
        raise InputError("the file is no audio that can be decoded", place=place) from error
    except OSError as error:
        raise InputError(f"the file cannot be read ({error.strerror or 'I/O error'})", place=place) from None
    with container:
        if not container.streams.audio:
            raise InputError("the file has no sound in it", place=place)
        yield container
