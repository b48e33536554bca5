"""Files of lines that are only appended to, so that a killed process loses the line it was writing and no other.

Each line ends with a line feed; what stands behind the last one was torn while it was written, and is cut off when
the file is opened again. Recorded answers and the transcripts of `ausweis transcribe` are kept this way.
"""

import errno
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ausweis.errors import DiskFullError, RunError
from ausweis.opening import open_file, require_file

_CHUNK = 1 << 16
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Line(NamedTuple):
    """A whole line without its line feed, its number from 1 and the byte where it begins."""

    number: int
    offset: int
    data: bytes


class Journal:
    """Appends lines to a file, which is made where it is missing; a torn last line is cut off first.

    A line is on the disk when `append` returns.

    Raises:
        RunError: the file cannot be opened or written. What a failed `append` wrote is taken back.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            require_file(path, new=True)
            path.touch()
            self._size = _cut_torn_line(path)
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise write_fault(path, error) from None

    def append(self, line: str) -> None:
        """Write one line; it must hold no line feed."""
        data = memoryview(line.encode("utf-8") + b"\n")
        try:
            done = 0
            while done < len(data):
                # A nearly full disk takes a part of the line, and refuses the rest.
                done += self._file.write(data[done:])
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file.fileno(), self._size)
            raise write_fault(self.path, error) from None
        self._size += len(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class FolderLock:
    """Keeps other processes from writing to a folder. The lock goes with the process, so none is left behind.

    Raises:
        RunError: another process has it, or the file system knows no locks.
    """

    NAME = ".lock"

    def __init__(self, folder: Path) -> None:
        try:
            require_file(folder / self.NAME, new=True)
            self._file = (folder / self.NAME).open("ab")
        except OSError as error:
            raise write_fault(folder, error) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            if isinstance(error, BlockingIOError):
                message = "another process is writing to this folder; wait for it, or name another folder"
            else:
                message = f"the folder cannot be locked ({error.strerror}); name one on a local disk"
            raise RunError(message, place=str(folder)) from None

    def release(self) -> None:
        """Let others write."""
        self._file.close()


def lock_file(file: BinaryIO) -> None:
    """Keep other commands from an open file until it is closed, where the file system knows locks.

    Raises (BlockingIOError): another command has it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return


def lines(path: Path) -> Iterator[Line]:
    """The whole lines of a file; none of a file that is not there.

    Raises:
        RunError: the file cannot be read.
    """
    offset = 0
    try:
        with open_file(path) as file:
            for number, data in enumerate(file, start=1):
                if not data.endswith(b"\n"):
                    return
                yield Line(number, offset, data[:-1])
                offset += len(data)
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(f"the file cannot be read ({error.strerror or 'I/O error'})", place=str(path)) from None


def parsed(data: bytes) -> Any:
    """The JSON of a line; None where it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises:
        RunError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_fault(path, error) from None


def replace_file(path: Path, content: str | bytes | Iterable[bytes], *, mode: int | None = None) -> None:
    """Put a text or bytes in the place of a file: at every moment the whole old or the whole new one is there.

    The bytes may come in parts, also from the old file. `mode`: who may read and write it, whatever stood there before,
    and until it is whole nobody but the user; by default, as any new file.

    Raises:
        RunError: it cannot be written.
    """
    part = part_of(path)
    private = partial(os.open, mode=0o600)
    try:
        if mode is not None:
            # What a killed write left behind keeps its mode when it is opened again.
            part.unlink(missing_ok=True)
        with open(part, "wb", opener=None if mode is None else private) as file:
            content = content.encode() if isinstance(content, str) else content
            file.writelines((content,) if isinstance(content, bytes) else content)
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OSError):
            raise write_fault(path, error) from None
        raise


def part_of(path: Path) -> Path:
    """Where `replace_file` writes first; a process that is killed meanwhile leaves it behind."""
    return path.with_name(f".{path.name}.part")


def write_fault(path: Path, error: OSError) -> RunError:
    """The sentence for a file that cannot be written."""
    if error.errno in _FULL:
        return DiskFullError(str(path))
    message = f"cannot be written ({error.strerror or 'I/O error'}); name another file, or a folder that can"
    return RunError(message, place=str(path))


def _cut_torn_line(path: Path) -> int:
    """Cut off what stands behind the last line feed; the size of what is left, in bytes."""
    with path.open("r+b") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - _CHUNK)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end < size:
            file.truncate(end)
            os.fsync(file.fileno())
    _sync_folder(path.parent)
    return end


def _sync_folder(folder: Path) -> None:
    # The name of a new file is kept by its folder.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
