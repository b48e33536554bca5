"""A folder of templates: `ID/VERSION.md`, with `prompts.lock` beside. Says which version answers to a name."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ausweis.errors import PromptError, RunError
from ausweis.journal import replace_file
from ausweis.opening import read_bytes
from ausweis.prompts.template import Template

__all__ = ["EvalNumbers", "Library", "Lock", "LockEntry", "default_library"]

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
        """Put a release into the file, which is replaced in one step, sorted by id and version.

        Raises:
            PromptError: the folder cannot be written to.
        """
        self.entries[name] = entry
        ordered = sorted(self.entries.items(), key=lambda item: _order(item[0]))
        text = json.dumps({name: entry.model_dump() for name, entry in ordered}, indent=2)
        try:
            replace_file(self.path, text + "\n")
        except RunError as error:
            raise PromptError(error.message, place=error.place) from None


def _order(name: str) -> tuple[str, int, str]:
    identifier, _, version = name.partition("@")
    return identifier, int(version) if version.isdecimal() else 0, name


class Library:
    """The templates of one folder. The lock is read once, when the library is opened.

    Raises:
        PromptError: the folder is missing, or its lock cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise PromptError("is no folder of templates", place=str(folder))
        self.folder = folder
        self.lock = Lock.read(folder)

    def versions(self) -> dict[str, tuple[int, ...]]:
        """The ids with their version numbers, both ascending; by file name, no file is read."""
        versions: dict[str, list[int]] = {}
        for path in sorted(self.folder.glob("*/*.md")):
            if _NAME.fullmatch(f"{path.parent.name}@{path.stem}"):
                versions.setdefault(path.parent.name, []).append(int(path.stem))
        return {identifier: tuple(sorted(numbers)) for identifier, numbers in versions.items()}

    def templates(self) -> tuple[Template, ...]:
        """All versions, by id and version.

        Raises:
            PromptError: one of them cannot be loaded, or was changed after its release.
        """
        return tuple(self._load(name, number) for name, numbers in self.versions().items() for number in numbers)

    def get(self, name: str | Path) -> Template:
        """The template `agent-turn@2`; for `agent-turn` its newest released version (the newest, if none is released).

        A path to a template file loads that file.

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
        released = [number for number in numbers if f"{identifier}@{number}" in self.lock.entries]
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
        path = self.folder / identifier / f"{version}.md"
        template = Template.load(path)
        if (template.id, template.version) != (identifier, version):
            message = f"calls itself {template.name}, but stands where {identifier}@{version} belongs"
            raise PromptError(message, place=str(path))
        entry = self.lock.entries.get(template.name)
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
        inside = path.resolve().parent.parent == self.folder.resolve()
        if inside and _NAME.fullmatch(f"{path.resolve().parent.name}@{path.stem}"):
            return self._load(path.resolve().parent.name, int(path.stem))
        return Template.load(path)


def default_library() -> Library:
    """The folder named by AUSWEIS_PROMPTS, else the templates of the package, else the repository's `prompts`.

    Raises:
        PromptError: there is none.
    """
    if named := os.environ.get(FOLDER_VARIABLE):
        if not Path(named).is_dir():
            raise PromptError(f"{FOLDER_VARIABLE} names no folder", place=named)
        return Library(Path(named))
    here = Path(__file__).resolve().parent
    for folder in (here / "templates", here.parents[2] / "prompts"):
        if folder.is_dir():
            return Library(folder)
    raise PromptError(f"no templates are installed: install the package again, or set {FOLDER_VARIABLE} to a folder")
