"""A folder of a user, walked through: the files to read, and what is passed over there, told with its reason.

None is lost without a word. What Ausweis wrote is told by its content, never by a name.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import quote

from ausweis.calls.formats import RECORDINGS, extensions
from ausweis.calls.text import shown_path
from ausweis.errors import InputError
from ausweis.journal import parsed
from ausweis.opening import LARGEST, bounded_lines, open_file

Reason = Literal["hidden", "extension", "link", "written", "transcript", "no_recording"]
_WORDS: dict[Reason, str] = {
    "hidden": "hidden",
    "extension": "with other extensions",
    "link": "behind a link",
    "written": "written by ausweis",
    "transcript": "with a transcript",
    "no_recording": "without sound",
}
_KEPT, _SHOWN = 100, 3


@dataclass(frozen=True, slots=True)
class PassedOver:
    """So many files and folders, for one reason; `paths` are the first hundred of them.

    hidden: the name begins with a dot; extension: no reader knows it; link: leads to a folder; written: verdicts of
    `ausweis score --out`, failures of `ausweis transcribe`; transcript: a recording (and what is beside it) whose
    transcript is read; no_recording: a transcript, where recordings are wanted.
    """

    reason: Reason
    count: int
    paths: tuple[str, ...]


def grouped(passed: Iterable[tuple[Reason, Path]]) -> tuple[PassedOver, ...]:
    """One for each reason, in the order of the reasons."""
    paths: dict[Reason, list[str]] = {reason: [] for reason in _WORDS}
    for reason, path in sorted(passed):
        paths[reason].append(shown_path(path))
    return tuple(PassedOver(reason, len(named), tuple(named[:_KEPT])) for reason, named in paths.items() if named)


def sentence(groups: Iterable[PassedOver]) -> str:
    """`passed over: 2 hidden (a/.b, a/.c), 1 with other extensions (a/d.docx)`; empty where nothing was."""
    parts = []
    for group in groups:
        more = ", …" if group.count > _SHOWN else ""
        parts.append(f"{group.count} {_WORDS[group.reason]} ({', '.join(group.paths[:_SHOWN])}{more})")
    return f"passed over: {', '.join(parts)}" if parts else ""


_TRANSCRIPTS, _RECORDINGS = "transcripts.jsonl", "recordings"
_WRITTEN = ("ausweis/verdict@", "ausweis/failure@")


class Below(NamedTuple):
    """What is in a folder: the files to read, what is passed over, and the folders below that cannot be entered."""

    files: list[Path]
    passed_over: list[tuple[Reason, Path]]
    closed: list[Path]


def walk(folder: Path, *, any_extension: bool) -> Below:
    """The files of a folder and all below, by name, and what is passed over there.

    Raises:
        InputError: the folder cannot be read, or there is no file to read.
    """

    def refuse(error: OSError) -> None:
        if error.filename in (None, os.fspath(folder)):
            raise InputError(f"the folder cannot be read ({error.strerror})", place=shown_path(folder))
        closed.append(Path(error.filename))

    files, passed, closed = below = Below([], [], [])
    for name, folders, names in os.walk(folder, onerror=refuse):
        here = Path(name)
        why = {entry: _unwanted_folder(here / entry) for entry in sorted(folders)}
        folders[:] = [entry for entry, reason in why.items() if reason is None]
        why |= {entry: _unwanted(here / entry, any_extension) for entry in sorted(names)}
        passed += [(reason, here / entry) for entry, reason in why.items() if reason]
        files += [here / entry for entry in sorted(names) if why[entry] is None]
    if not files and not closed:
        others = f" ({sentence(grouped(passed))})" if passed else ""
        known = ", ".join(sorted(extensions() | RECORDINGS))
        raise InputError(f"the folder has no calls{others}; known are {known}", place=shown_path(folder))
    return below


def kept_recordings(transcripts: Path) -> Iterator[Path]:
    """Where `ausweis transcribe` puts the recordings of these transcripts, if it keeps them; without extension."""
    folder = transcripts.parent / _RECORDINGS
    if transcripts.name != _TRANSCRIPTS or not folder.is_dir():
        return
    with suppress(OSError, InputError), open_file(transcripts) as file:
        for document in map(parsed, bounded_lines(file, shown_path(transcripts))):
            with suppress(LookupError, TypeError):
                document["metadata"]["recording"]["key"]
                yield folder / quote(document["id"], safe=" ")


def _unwanted_folder(path: Path) -> Reason | None:
    if path.name.startswith("."):
        return "hidden"
    return "link" if path.is_symlink() else None


def _unwanted(path: Path, any_extension: bool) -> Reason | None:
    if path.name.startswith("."):
        return "hidden"
    extension = path.suffix.lower()
    if not any_extension and extension not in extensions() | RECORDINGS:
        return "extension"
    return "written" if extension == ".jsonl" and _first_schema(path).startswith(_WRITTEN) else None


def _first_schema(path: Path) -> str:
    """The schema that the first line of a file names; empty where it names none."""
    try:
        with open_file(path) as file:
            value = parsed(file.readline(LARGEST))
    except OSError:
        return ""
    return str(value.get("schema")) if isinstance(value, dict) else ""
