"""From the PATH arguments of a user to the files that are read, in a steady order, with an id for each."""

import glob
import itertools
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

from ausweis.calls.folders import PassedOver, Reason, grouped, kept_recordings, walk
from ausweis.calls.formats import RECORDINGS
from ausweis.calls.speakers import Speakers
from ausweis.calls.text import shown_path
from ausweis.errors import InputError
from ausweis.opening import is_stream, open_file, read_file
from ausweis.vocabulary import Speaker

_MAX_ID = 200
_WORDS = frozenset({"turns", "call", "segments", "transcription", "results", "Transcript", "text"})
"""Keys of a JSON file that is a transcript; another one beside a recording tells about it."""
_SIDE = re.compile(r"(?P<call>.+)[._-](?P<side>[^\W\d_]+)")
"""`0815.agent` and `0815.caller`, with any label of a speaker."""
_BOTH = re.compile(r"(?P<call>.+)[._-](?P<left>[^\W\d_]+)[-_+](?P<right>[^\W\d_]+)")
"""`0815.agent-caller`: who is on the left and who on the right of a stereo recording."""
_CHANNELS: dict[str, Speaker] = {
    **dict.fromkeys("agent agentin adviser advisor berater beraterin mitarbeiter mitarbeiterin".split(), "agent"),
    **dict.fromkeys("caller customer anrufer anruferin kunde kundin".split(), "caller"),
}
"""Labels that are nothing else: `customer-service` in a file's name is a queue."""

AgentChannel = Literal["left", "right"]
_AGENT_CHANNEL: dict[tuple[Speaker | None, Speaker | None], AgentChannel] = {
    ("agent", "caller"): "left",
    ("caller", "agent"): "right",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or standard input where `path` is None. `default_id` names its call where the file does not.

    Of a call that was recorded in two files, `path` is the agent's and `other` the caller's. `root`: the folder or file
    that was named; ids that collide are made different by the path from there.
    """

    path: Path | None
    place: str = "standard input"
    default_id: str = "stdin"
    other: Path | None = None
    root: Path = Path()

    @property
    def is_recording(self) -> bool:
        """Whether somebody must listen to it, by its extension."""
        return self.extension.lower() in RECORDINGS

    @property
    def files(self) -> tuple[Path, ...]:
        """The one file, or the two; none of standard input."""
        return tuple(path for path in (self.path, self.other) if path is not None)

    @property
    def extension(self) -> str:
        """The extension with its dot; empty for standard input."""
        return self.path.suffix if self.path else ""

    @property
    def call(self) -> Path:
        """The path without its extension, nor what its name says about the sides."""
        stem = (self.path or Path("-")).with_suffix("")
        side = _SIDE.fullmatch(stem.name) if self.other else None
        if side is None and self.agent_channel:
            side = _BOTH.fullmatch(stem.name)
        return stem.with_name(side["call"]) if side else stem

    @property
    def agent_channel(self) -> AgentChannel | None:
        """Where the name of a stereo recording says that the agent is."""
        both = _BOTH.fullmatch(self.path.stem) if self.path and self.is_recording else None
        if both is None:
            return None
        left, right = (_CHANNELS.get(label.lower()) for label in both.group("left", "right"))
        return _AGENT_CHANNEL.get((left, right))

    @property
    def sidecar(self) -> Path | None:
        """Where a file about a recording would be."""
        return self.call.with_name(f"{self.call.name}.json") if self.is_recording else None

    @property
    def size(self) -> int | None:
        """Bytes of its files, 0 where they cannot be read; None of an open stream."""
        if self.path is None or is_stream(self.path):
            return None
        try:
            return sum(path.stat().st_size for path in self.files)
        except OSError:
            return 0

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes, from the beginning. Standard input stays open.

        Raises (OSError): as `open_file` does.
        """
        if self.path is None:
            yield sys.stdin.buffer
        else:
            with open_file(self.path) as stream:
                yield stream


@dataclass(frozen=True, slots=True)
class Sources:
    """The files to read, and what of the folders is passed over, and why."""

    files: tuple[Source, ...]
    passed_over: tuple[PassedOver, ...] = ()

    @property
    def count(self) -> int:
        """How many files are read; standard input is one."""
        return sum(max(1, len(source.files)) for source in self.files)

    @property
    def places(self) -> frozenset[str]:
        """Where a call that cannot be read may be, as its failure says it: files, and those about recordings."""
        beside = (shown_path(source.sidecar) for source in self.files if source.sidecar)
        return frozenset((*(source.place for source in self.files), *beside))


def find_sources(
    paths: Sequence[str | os.PathLike[str]], *, any_extension: bool = False, recordings_only: bool = False
) -> Sources:
    """Files, folders (with all below, hidden ones left out), globs, and `-` for standard input.

    Of a folder, files with a known extension are taken, or all with `any_extension`; a file that is named itself is
    always taken. Of a recording and its transcript of the same name the transcript is taken; with `recordings_only`,
    recordings alone are. Of a folder, what Ausweis wrote there besides transcripts is left out. The order is that of
    the arguments, by name within a folder or glob; folders below a named one that cannot be entered come last, as files
    that cannot be read. A file that is reached twice is read once.

    Raises:
        InputError: no argument, an empty one, no such path, nothing that fits a glob, or a folder without calls.
    """
    if not paths:
        raise InputError("no calls are named; name a file, a folder, or - for standard input")
    files: list[Source] = []
    closed: list[Path] = []
    passed: list[tuple[Reason, Path]] = []
    for path_argument in paths:
        argument = os.fspath(path_argument)
        if argument == "-":
            files.append(Source(None))
            continue
        for path in _expand(argument):
            # Paths, places and ids are the same however a file was reached; its own name may be a link.
            if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where the folder above it cannot be entered
                root = Path(os.path.realpath(path))
                below = walk(root, any_extension=any_extension)
                files += [Source(file, shown_path(file), root=root) for file in below.files]
                passed += below.passed_over
                closed += below.closed
            else:
                folder = Path(os.path.realpath(path.parent))
                files.append(Source(folder / path.name, shown_path(folder / path.name), root=folder))
    once: dict[str | None, Source] = {}
    for file in files:
        once.setdefault(os.path.realpath(file.path) if file.path else None, file)
    every = _paired(list(once.values()))
    # A JSON file of the same name as a recording tells about it, and is no call of its own.
    sidecars = {file.sidecar for file in every if file.sidecar}
    calls = [file for file in every if not (file.path and file.path in sidecars and not _is_transcript(file.path))]
    transcripts = {file.call for file in calls if file.path and not file.is_recording}
    if recordings_only:
        wanted = [file for file in calls if file.is_recording]
    else:
        wanted = [file for file in calls if not (file.is_recording and file.call in transcripts)]
    # Recordings that `ausweis transcribe` kept beside their transcripts are copies.
    copies = {path for file in calls if file.path for path in kept_recordings(file.path)}
    chosen = [file for file in wanted if not (file.is_recording and file.call in copies)]
    used = {file.sidecar for file in chosen}
    for file in set(every) - set(chosen):
        path = file.path or Path("-")
        if path not in used:
            passed.append(("no_recording" if recordings_only and not file.is_recording else "transcript", path))
    faults = [Source(path, shown_path(path), shown_path(path.name)[-_MAX_ID:]) for path in dict.fromkeys(closed)]
    return Sources((*_with_ids(chosen), *faults), grouped(passed))


def _expand(argument: str) -> list[Path]:
    if not argument.strip():
        raise InputError("an empty path was given; name a file, a folder, or - for standard input")
    path = Path(argument)
    try:
        if path.exists():
            return [path]
    except OSError as error:
        raise InputError(f"the path cannot be used ({error.strerror})", place=shown_path(argument)) from None
    if glob.has_magic(argument):
        matches = [] if "\0" in argument else sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - a pattern may be absolute
        if matches:
            return [Path(match) for match in matches]
        raise InputError("no file fits this pattern", place=shown_path(argument))
    raise InputError("there is no such file or folder", place=shown_path(argument))


def _paired(files: list[Source]) -> list[Source]:
    """Two recordings of one call, one a side, as one; it stands where the first of them stood."""
    known = Speakers()
    sides: dict[Path, dict[str, Source]] = {}
    for file in files:
        side = _SIDE.fullmatch(file.path.stem) if file.path and file.is_recording else None
        speaker = known.find(side["side"]) if side else None
        if file.path and side and speaker:
            sides.setdefault(file.path.with_name(side["call"]), {}).setdefault(speaker, file)
    place = {file: number for number, file in enumerate(files)}
    joined: dict[Source, list[Source]] = {}
    for two in sides.values():
        if {"agent", "caller"} <= two.keys():
            agent, caller = two["agent"], two["caller"]
            first = min((agent, caller), key=place.__getitem__)
            joined |= {agent: [], caller: []}
            joined[first] = [replace(agent, other=caller.path)]
    return [whole for file in files for whole in joined.get(file, [file])]


def _is_transcript(path: Path) -> bool:
    """Whether a JSON file has words in it: turns, the segments of Whisper, or what Amazon Transcribe writes."""
    try:
        value = json.loads(read_file(path, shown_path(path)))
    except (OSError, InputError, ValueError, RecursionError):
        return False
    return isinstance(value, list) or (isinstance(value, dict) and not _WORDS.isdisjoint(value))


def _with_ids(every: list[Source]) -> list[Source]:
    """The stem where it is the only one, else the path from the argument, with extension, from what all share."""
    paths = {file: file.path for file in every if file.path}
    shared = os.path.commonpath([path.parent for path in paths.values()]) if paths else ""
    names: tuple[Callable[[Source, Path], str], ...] = (
        lambda file, path: file.call.name,
        lambda file, path: file.call.relative_to(file.root).as_posix(),
        lambda file, path: path.relative_to(file.root).as_posix(),
        lambda file, path: path.relative_to(shared).as_posix(),
    )
    counts = [Counter(itertools.starmap(name, paths.items())) for name in names]
    sources: list[Source] = []
    for file in every:
        if file in paths:
            choices = [(name(file, paths[file]), count) for name, count in zip(names, counts, strict=True)]
            chosen = next((text for text, count in choices if count[text] == 1), choices[-1][0])
            file = replace(file, default_id=shown_path(chosen)[-_MAX_ID:])
        sources.append(file)
    return sources
