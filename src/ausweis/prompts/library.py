"""Folders of templates, one over the other: `ID/VERSION.md`, with `prompts.lock` beside.

Says which version answers to a name.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ausweis.errors import PromptError, RunError
from ausweis.journal import replace_file
from ausweis.opening import read_bytes
from ausweis.prompts.template import Template

FOLDER_VARIABLE = "AUSWEIS_PROMPTS"
_NAME = re.compile(r"(?P<id>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)(?:@(?P<version>[1-9][0-9]{0,8}))?")
LOCK_NAME = "prompts.lock"


class EvalNumbers(BaseModel):
    """The eval run that a release rests on: the hash of its cases, their number, and shares of them that tell it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    calls: int
    right: float
    found: float | None
    false_alarms: float | None


class LockEntry(BaseModel):
    """One release: the file's hash, why it was made, the day (UTC, ISO 8601), and the run that it rests on, if any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    message: str = Field(min_length=1)
    released: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    run: EvalNumbers | None = Field(None, exclude_if=lambda run: run is None)


_ENTRIES = TypeAdapter(dict[str, LockEntry])


@dataclass(frozen=True, slots=True)
class Lock:
    """`prompts.lock`: the released versions by name, such as `agent-turn@1`. A released version never changes."""

    path: Path
    entries: dict[str, LockEntry] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder of the templates."""
        return self.path.parent

    def versions(self) -> Iterator[tuple[str, int]]:
        """The ids and version numbers that stand in the folder, by file name; no file is read."""
        for path in sorted(self.folder.glob("*/*.md")):
            if _NAME.fullmatch(f"{path.parent.name}@{path.stem}"):
                yield path.parent.name, int(path.stem)

    @classmethod
    def read(cls, folder: Path) -> "Lock":
        """The lock of a folder of templates; empty where there is none yet.

        Raises:
            PromptError: the file cannot be read, or is no lock.
        """
        path = folder / LOCK_NAME
        try:
            text = read_bytes(path).decode()
            return cls(path, _ENTRIES.validate_python(json.loads(text)))
        except FileNotFoundError:
            return cls(path)
        except json.JSONDecodeError as error:
            place = f"{path}:{error.lineno}"
            raise PromptError("is no valid JSON: take it from version control again", place=place) from error
        except ValidationError as error:
            where = ".".join(str(key) for key in error.errors()[0]["loc"]) or "the file"
            message = f"{where} is no release with sha256, message and released: take the file from version control"
            raise PromptError(message, place=str(path)) from error
        except (OSError, UnicodeDecodeError) as error:
            raise PromptError("cannot be read", place=str(path)) from error

    def add(self, name: str, entry: LockEntry) -> None:
        """Put a release into the file, which is replaced in one step, sorted by name.

        Raises:
            PromptError: the folder cannot be written to.
        """
        self.entries[name] = entry
        text = json.dumps({name: entry.model_dump() for name, entry in sorted(self.entries.items())}, indent=2)
        try:
            replace_file(self.path, text + "\n")
        except RunError as error:
            raise PromptError(error.message, place=error.place) from None


class Library:
    """The templates of a folder, and of those `under` it: a version that stands in several is that of the first.

    The locks are read once, when the library is opened. What one says of a version holds for the folders over it too,
    unless their own say otherwise.

    Raises:
        PromptError: a folder is missing or holds no template, or its lock cannot be read.
    """

    def __init__(self, folder: Path, *under: Path) -> None:
        self.folder = folder
        for one in (folder, *under):
            if not one.is_dir():
                raise PromptError("is no folder of templates", place=str(one))
        self.locks = tuple(map(Lock.read, (folder, *under)))
        for lock in self.locks:
            if next(lock.versions(), None) is None:
                raise PromptError("holds no template: they stand in it as ID/VERSION.md", place=str(lock.folder))

    def __str__(self) -> str:
        return " over ".join(str(lock.folder) for lock in self.locks)

    def versions(self) -> dict[str, tuple[int, ...]]:
        """The ids with their version numbers, both ascending; by file name, no file is read."""
        versions: dict[str, set[int]] = {}
        for identifier, number in chain.from_iterable(lock.versions() for lock in self.locks):
            versions.setdefault(identifier, set()).add(number)
        return {identifier: tuple(sorted(numbers)) for identifier, numbers in sorted(versions.items())}

    def locks_of(self, identifier: str, version: int) -> tuple[Lock, ...]:
        """The lock of the folder in which a version stands, and those under it."""
        first = (n for n, lock in enumerate(self.locks) if (lock.folder / identifier / f"{version}.md").exists())
        return self.locks[next(first, 0) :]

    def released(self, name: str) -> LockEntry | None:
        """The release of a version such as `agent-turn@1`; None for a draft."""
        identifier, _, version = name.partition("@")
        entries = (lock.entries.get(name) for lock in self.locks_of(identifier, int(version)))
        return next(filter(None, entries), None)

    def templates(self) -> tuple[Template, ...]:
        """All versions, by id and version.

        Raises:
            PromptError: one of them cannot be loaded, or was changed after its release.
        """
        return tuple(self._load(name, number) for name, numbers in self.versions().items() for number in numbers)

    def get(self, name: str | Path) -> Template:
        """The template `agent-turn@2`; for `agent-turn` its newest released version (the newest, if none is released).

        A path to a template file loads that file, by the lock that stands in its folder.

        Raises:
            PromptError: there is no such template, it cannot be loaded, or it was changed after its release.
        """
        match = _NAME.fullmatch(name) if isinstance(name, str) else None
        if match is None:
            return self._load_file(Path(name))
        identifier = match["id"]
        if match["version"]:
            numbers = self._numbers(identifier)
            if int(match["version"]) not in numbers:
                have = ", ".join(str(number) for number in numbers)
                message = f"there is no version {match['version']} of {identifier} (there is: {have})"
                raise PromptError(message, place=str(self.folder))
            return self._load(identifier, int(match["version"]))
        return next(self.candidates(identifier))

    def candidates(self, identifier: str) -> Iterator[Template]:
        """The versions of an id that it may stand for, the newest first: released ones, or all, if none is released.

        Raises:
            PromptError: there is no such template, it cannot be loaded, or it was changed after its release.
        """
        numbers = self._numbers(identifier)
        released = [number for number in numbers if self.released(f"{identifier}@{number}")]
        return (self._load(identifier, number) for number in reversed(released or numbers))

    def newest(self, identifier: str) -> str:
        """The name of the newest version, released or not.

        Raises:
            PromptError: there is no template of this id.
        """
        return f"{identifier}@{max(self._numbers(identifier))}"

    def _numbers(self, identifier: str) -> tuple[int, ...]:
        versions = self.versions()
        if identifier not in versions:
            known = ", ".join(versions) or "none"
            raise PromptError(f"there is no template {identifier} (there are: {known})", place=str(self.folder))
        return versions[identifier]

    def _load(self, identifier: str, version: int) -> Template:
        path = self.locks_of(identifier, version)[0].folder / identifier / f"{version}.md"
        template = Template.load(path)
        if (template.id, template.version) != (identifier, version):
            message = f"calls itself {template.name}, but stands where {identifier}@{version} belongs"
            raise PromptError(message, place=str(path))
        entry = self.released(template.name)
        if entry and entry.sha256 != template.sha256:
            message = (
                f"{template.name} was changed after its release on {entry.released}: "
                f"put it back, and write the change as version {max(self._numbers(identifier)) + 1}"
            )
            raise PromptError(message, place=str(path))
        return template

    def _load_file(self, path: Path) -> Template:
        if not path.is_file():
            raise PromptError("there is no such template: give an id, id@version or a file", place=str(path))
        folder, identifier = path.resolve().parent.parent, path.resolve().parent.name
        if _NAME.fullmatch(f"{identifier}@{path.stem}"):
            if folder in (lock.folder.resolve() for lock in self.locks):
                return self._load(identifier, int(path.stem))
            if (folder / LOCK_NAME).exists():
                return Library(folder)._load(identifier, int(path.stem))
        return Template.load(path)


def default_library() -> Library:
    """The templates that ship, under those of the folder that AUSWEIS_PROMPTS names.

    Raises:
        PromptError: there are none.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    return Library(*folders_over_shipped(Path(named) if named else None))


def folders_over_shipped(own: Path | None) -> tuple[Path, ...]:
    """The folder of one's own, if there is one, and that of the templates that ship: of the package, or a checkout.

    Raises:
        PromptError: there is none.
    """
    if own is not None and not own.is_dir():
        raise PromptError(f"{FOLDER_VARIABLE} names no folder", place=str(own))
    here = Path(__file__).resolve().parent
    shipped = next(filter(Path.is_dir, (here / "templates", here.parents[2] / "prompts")), None)
    if shipped is None:
        raise PromptError("the templates that ship are missing: install the package again")
    return (shipped,) if own is None else (own, shipped)
