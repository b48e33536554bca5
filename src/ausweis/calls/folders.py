"""A folder of a user, walked through: the files to read, and what is passed over there.

What Ausweis wrote is told by its content. A name alone says nothing: a `run.json` that is no manifest is a file like
others.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ausweis.calls.formats import EXTENSIONS, RECORDINGS
from ausweis.calls.passed_over import Reason, grouped, sentence
from ausweis.calls.text import shown_path
from ausweis.errors import InputError

__all__ = ["kept_recordings", "walk"]

_RUN, _TRANSCRIPTS, _FAILURES, _RECORDINGS = "run.json", "transcripts.jsonl", "failures.jsonl", "recordings"


def walk(folder: Path, *, any_extension: bool) -> tuple[list[Path], list[tuple[Reason, Path]]]:
    """The files of a folder and all below, by name, and what is passed over there.

    Raises:
        InputError: a folder cannot be read, or there is no file to read.
    """

    def refuse(error: OSError) -> None:
        raise InputError(f"the folder cannot be read ({error.strerror})", place=shown_path(error.filename or folder))

    files: list[Path] = []
    passed: list[tuple[Reason, Path]] = []
    for name, folders, names in os.walk(folder, onerror=refuse):
        here = Path(name)
        if _RUN in names and _schema(_first(here / _RUN, whole=True)).startswith("ausweis/run@"):
            folders.clear()
            passed.append(("run", here))
            continue
        why = {one: _unwanted_folder(here / one) for one in sorted(folders)}
        folders[:] = [one for one, reason in why.items() if reason is None]
        why |= {one: _unwanted(here / one, any_extension) for one in sorted(names)}
        passed += [(reason, here / one) for one, reason in why.items() if reason]
        files += [here / one for one in sorted(names) if why[one] is None]
    if not files:
        others = f" ({sentence(grouped(passed))})" if passed else ""
        known = ", ".join(sorted(EXTENSIONS | dict.fromkeys(RECORDINGS)))
        raise InputError(f"the folder has no calls{others}; known are {known}", place=shown_path(folder))
    return files, passed


def kept_recordings(transcripts: Path) -> Iterator[Path]:
    """Where `ausweis transcribe` puts the recordings of these transcripts, if it keeps them; without extension."""
    folder = transcripts.parent / _RECORDINGS
    if transcripts.name != _TRANSCRIPTS or not folder.is_dir():
        return
    try:
        with transcripts.open("rb") as file:
            documents = [_parsed(line) for line in file]
    except OSError:
        return
    for document in documents:
        try:
            document["metadata"]["recording"]["key"]
            yield folder / quote(document["id"], safe=" ")
        except (LookupError, TypeError):
            continue


def _unwanted_folder(path: Path) -> Reason | None:
    if path.name.startswith("."):
        return "hidden"
    return "link" if path.is_symlink() else None


def _unwanted(path: Path, any_extension: bool) -> Reason | None:
    if path.name.startswith("."):
        return "hidden"
    extension = path.suffix.lower()
    if not any_extension and extension not in EXTENSIONS and extension not in RECORDINGS:
        return "extension"
    if path.name == _FAILURES and _schema(_first(path)).startswith("ausweis/failure@"):
        return "written"
    return None


def _first(path: Path, *, whole: bool = False) -> Any:
    """The JSON of a file, or of its first line."""
    try:
        with path.open("rb") as file:
            return _parsed(file.read() if whole else file.readline())
    except OSError:
        return None


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _schema(value: Any) -> str:
    return str(value.get("schema")) if isinstance(value, dict) else ""
