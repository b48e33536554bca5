"""Runs that were judged from one another: each folder holds a note of the other, so that deleting a call finds both."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ausweis.batch.manifest import read_manifest
from ausweis.errors import DiskFullError, RunError
from ausweis.journal import Journal, lines

__all__ = ["RELATED_FILE", "Related", "note", "places_of", "related", "relatives"]

RELATED_FILE = "related.jsonl"


class Related(NamedTuple):
    """A run, when it began, and its folder: where it is, or was."""

    folder: Path
    started: str


def note(folder: Path, other: Related) -> None:
    """Write down in a run's folder where another run is that was judged from it, or from which it was.

    Raises:
        RunError: it cannot be written.
    """
    # Both may be moved together.
    beside = os.path.relpath(other.folder.absolute(), folder.absolute())
    line = {"folder": str(other.folder.absolute()), "beside": beside, "started": other.started}
    try:
        journal = Journal(folder / RELATED_FILE)
        try:
            journal.append(json.dumps(line, ensure_ascii=False))
        finally:
            journal.close()
    except DiskFullError:
        raise
    except RunError as error:
        message = "deletion would not find what is judged from this run, so its folder must take a note of it"
        raise RunError(f"{message}; allow it to be written, or judge a copy", place=error.place) from None


def related(folder: Path) -> Iterator[Related]:
    """The runs that a run's folder has a note of.

    Raises:
        RunError: the notes cannot be read.
    """
    path = folder / RELATED_FILE
    for line in lines(path):
        try:
            started = str(json.loads(line.data)["started"])
            places = places_of(line.data, folder)
            yield Related(next((place for place in places if _began(place, started)), places[0]), started)
        except (ValueError, LookupError, TypeError, RecursionError):
            message = "the line tells of no run; delete it, and name the run with --also when a call is deleted"
            raise RunError(message, place=f"{path}:{line.number}") from None


def places_of(note: bytes, folder: Path) -> tuple[Path, Path]:
    """Where the run of a note in this folder was when the note was taken, and where it is if both were moved."""
    noted = json.loads(note)
    return Path(noted["folder"]), Path(os.path.normpath(folder.absolute() / noted["beside"]))


def _began(folder: Path, started: str) -> bool:
    """Whether it is this run that is in a folder: another one may be where it was."""
    try:
        manifest = read_manifest(folder)
    except RunError:
        return False
    return manifest is not None and manifest.started == started


def relatives(folders: Iterable[Path]) -> set[Related]:
    """The runs that these have notes of, and the ones that those have, as far as they are there.

    Raises:
        RunError: notes cannot be read.
    """
    known: set[Related] = set()
    waiting = list(folders)
    seen = set(waiting)
    while waiting:
        for run in related(waiting.pop()):
            known.add(run)
            if run.folder not in seen:
                seen.add(run.folder)
                waiting.append(run.folder)
    return known
