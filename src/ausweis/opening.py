"""All files that a user names, or that lie in a folder of the user, are opened here: regular ones alone.

A pipe without a writer, a device or a socket would be waited for without end, so they are refused. What the user names
as an open stream (`-`, `/dev/stdin`, `/dev/fd/63` of a shell's `<(…)`) is read.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ausweis.errors import CallFormatError

LARGEST = 64 << 20
"""Bytes that are read at once: a file of one call, a line of JSON Lines, the rows of one call in a table. Days of talk
fit in. Recordings are not read at once, and have no limit here."""

_STREAMS = "/dev/fd"
TOO_LARGE = (
    f"there is more than the {LARGEST >> 20} MiB that are read at once, and from here on nothing is read; "
    "write each call into a file of its own, or as one line of JSON Lines"
)


def is_stream(path: Path) -> bool:
    """Whether the path names an open stream of this process."""
    place = path.absolute()
    return str(place) == "/dev/stdin" or os.path.realpath(place.parent) == os.path.realpath(_STREAMS)


def require_file(path: Path, *, new: bool = False) -> None:
    """Refuse what cannot be read as a file. With `new`, it need not be there yet.

    Raises (OSError): it is a folder, a pipe, a socket or a device, or is not there; `strerror` says which.
    """
    if new and not path.exists():
        return
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode) and not is_stream(path):
        raise OSError(errno.EINVAL, "it is a pipe, a socket or a device, not a file")


def open_file(path: Path) -> BinaryIO:
    """The bytes of a regular file, or of an open stream.

    Raises (OSError): as `require_file` and `open` do.
    """
    require_file(path)
    return path.open("rb")


def read_bytes(path: Path) -> bytes:
    """All bytes of a regular file, however many.

    Raises (OSError): as `open_file`.
    """
    with open_file(path) as stream:
        return stream.read()


def bounded_lines(stream: BinaryIO, place: str) -> Iterator[bytes]:
    """The lines of a stream, their ends included.

    Raises:
        CallFormatError: a line is longer than LARGEST; it names the line.
    """
    number = 0
    while line := stream.readline(LARGEST + 1):
        number += 1
        if len(line) > LARGEST:
            raise CallFormatError(TOO_LARGE, place=f"{place}:{number}")
        yield line


def read_rest(head: bytes, stream: BinaryIO, place: str) -> bytes:
    """What was read already, and all that follows in the stream.

    Raises:
        CallFormatError: together they are larger than LARGEST.
    """
    data = head + stream.read(max(0, LARGEST - len(head)) + 1)
    if len(data) > LARGEST:
        raise CallFormatError(TOO_LARGE, place=place)
    return data


def read_file(path: Path, place: str) -> bytes:
    """All bytes of a file.

    Raises:
        CallFormatError: it is larger than LARGEST.
    Raises (OSError): as `open_file`.
    """
    with open_file(path) as stream:
        return read_rest(b"", stream, place)
