"""The folder of model files: what was hashed is noted, and a file is written whole or not at all."""

import errno
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ausweis.errors import ModelError, RunError
from ausweis.journal import make_folder, replace_file
from ausweis.opening import open_file

CACHE_VARIABLE = "AUSWEIS_CACHE"
CHUNK = 1 << 20
"""Bytes that are read at once."""
Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all."""

_STALE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class CachedFile:
    """A file of the cache, there or not: where it lies, what it must be; `model` is the id that it belongs to.

    `name` is what messages call it: the id, or for a file beside another the id and the file.
    """

    path: Path
    bytes: int
    sha256: str
    model: str
    name: str


def cache_folder() -> Path:
    """Where model files are kept; it need not exist yet."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named).expanduser() / "models"
    import platformdirs

    return platformdirs.user_cache_path("ausweis") / "models"


def read_all(paths: Iterable[Path]) -> Iterator[bytes]:
    """The bytes of files, one after the other."""
    for path in paths:
        try:
            with open_file(path) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as error:
            raise _unreadable(path, error) from error


def note(path: Path) -> str | None:
    """The hash that a file was found to have, if it is there and has not changed since."""
    try:
        content = json.loads(_note_of(path).read_text(encoding="utf-8"))
        now = path.stat()
        if (content["size"], content["mtime_ns"]) == (now.st_size, now.st_mtime_ns):
            return str(content["sha256"])
    except (OSError, ValueError, LookupError, TypeError):
        pass
    return None


def hash_noted(path: Path) -> str:
    """The SHA-256 of any file, noted in the cache, so that it is read once.

    Raises:
        ModelError: it cannot be read.
    """
    return note(path) or _hash(path)


def check(file: CachedFile) -> None:
    """Hash a file that is there, and note it.

    Raises:
        ModelError: it is cut short, too long, or its hash is another.
    """
    size = file.path.stat().st_size
    if size != file.bytes:
        wrong = f"{'is cut short' if size < file.bytes else 'is too long'}: {size} bytes, expected {file.bytes}"
    elif (sha256 := _hash(file.path)) != file.sha256:
        wrong = f"has the SHA-256 {sha256}, expected {file.sha256}"
    else:
        return
    with suppress(OSError):
        _note_of(file.path).unlink()
    raise ModelError(f"the file {wrong}; replace it: `ausweis models pull {file.model}`", place=str(file.path))


def write(file: CachedFile, chunks: Iterable[bytes], progress: Progress | None = None) -> None:
    """Put a file into the cache, and note it; no part of it is left behind when that fails.

    Raises:
        ModelError: the chunks have another hash or break off, or the folder cannot be written to.
    """
    temporary: Path | None = None
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        # What a killed process left; a running one writes to its file all the time.
        for old in file.path.parent.glob(f".{file.path.name}.*.part"):
            with suppress(OSError):
                if time.time() - old.stat().st_mtime > _STALE_SECONDS:
                    old.unlink()
        # A name of its own for each process: two that pull at once do not write into each other's file.
        handle, name = tempfile.mkstemp(dir=file.path.parent, prefix=f".{file.path.name}.", suffix=".part")
        temporary = Path(name)
        _fill(handle, file, chunks, progress)
        temporary.chmod(0o644)
        written = temporary.stat()
        temporary.replace(file.path)
        _write_note(file.path, file.sha256, written)
    except OSError as error:
        wrong = f"cannot be written to ({error.strerror}): set {CACHE_VARIABLE} to a folder that can"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            wrong = f"the disk is full: {file.name} needs {file.bytes} bytes; make room, or set {CACHE_VARIABLE} to a "
            wrong += "folder on another disk"
        raise ModelError(wrong, place=str(file.path.parent)) from error
    finally:
        if temporary:
            temporary.unlink(missing_ok=True)


def _fill(handle: int, file: CachedFile, chunks: Iterable[bytes], progress: Progress | None) -> None:
    digest, done = hashlib.sha256(), 0
    with os.fdopen(handle, "wb") as target:
        for chunk in chunks:
            target.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if done > file.bytes:
                message = f"what was found for {file.name} is longer than the {file.bytes} bytes that it should have"
                raise ModelError(f"{message}: not kept")
            if progress:
                progress(done, file.bytes)
        target.flush()
        os.fsync(target.fileno())
    if (sha256 := digest.hexdigest()) != file.sha256:
        found = f"what was found for {file.name} has {done} bytes and the SHA-256 {sha256}"
        message = f"{found}, expected {file.bytes} bytes and {file.sha256}"
        raise ModelError(f"{message}: not kept; get the file again from its source")


def _unreadable(path: Path, error: OSError) -> ModelError:
    return ModelError(f"cannot be read: {error.strerror or 'it cannot be opened'}", place=str(path))


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        before = path.stat()
        for chunk in read_all([path]):
            digest.update(chunk)
    except OSError as error:
        raise _unreadable(path, error) from error
    _write_note(path, digest.hexdigest(), before)
    return digest.hexdigest()


def _note_of(path: Path) -> Path:
    name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32]
    return cache_folder().parent / "hashes" / f"{name}.json"


def _write_note(path: Path, sha256: str, hashed: os.stat_result) -> None:
    # Only a saving of time: where it cannot be written, the next start hashes again. `hashed` is the file's state
    # before it was read, so a change in the meantime is noticed.
    content = {"path": path.name, "sha256": sha256, "size": hashed.st_size, "mtime_ns": hashed.st_mtime_ns}
    with suppress(RunError):
        make_folder(_note_of(path).parent)
        replace_file(_note_of(path), json.dumps(content))
