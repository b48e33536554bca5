"""A template file before anything is rendered: front matter, and a body cut into role sections.

    ---
    id: agent-turn
    version: 1
    …
    ---
    === system ===
    You read one turn of a call.
    === user ===
    {{ text }}

A template that goes on a transcript has no `system` before `user`, and after it `assistant`: how the answer begins.
These two may come again: each pair is a question of its own.

The body is cut at its marker lines here, in the source, so text that is rendered later can never open a role.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ausweis.errors import PromptError
from ausweis.user_yaml import Document, UserYamlError, load, read_bytes

__all__ = ["ROLES", "Problem", "Section", "Source", "read_source"]

Role = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant")
PROMPT: tuple[Role, ...] = ("system", "user")
"""The sections of a prompt."""
QUESTION: tuple[Role, ...] = ("user", "assistant")
"""The sections of each question that goes on a transcript."""

_LIKE_A_MARKER = re.compile(r"^\s*={2,}\s*(\w+)\s*={2,}\s*$")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `place` is a path, with `:line` where known."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class Section(BaseModel):
    """One role's part of the body, not rendered; `line` is the file's line on which `source` starts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file as read: `sha256` is over its bytes with line ends normalised, `front` the YAML as plain data."""

    path: Path
    sha256: str
    front: dict[str, Any]
    body: str
    sections: tuple[Section, ...]
    problems: tuple[Problem, ...]
    document: Document

    def place(self, *keys: str | int) -> str:
        """Path and line of a front matter entry, or of its nearest parent."""
        return f"{self.path}:{self.document.line(keys)}"


def read_source(path: Path) -> Source:
    """Read and cut a template file. What is wrong with its sections stands in `problems`.

    Raises:
        PromptError: the file cannot be read, is not UTF-8, or has no front matter that is a YAML mapping.
    """
    text = _read_text(path)
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines[1:], start=1) if line.rstrip() == "---"), None)
    if lines[0].rstrip() != "---" or end is None:
        raise PromptError("a template starts with front matter between two lines of ---", place=f"{path}:1")
    document = _yaml(path, "\n".join(["", *lines[1:end]]))
    body_line = end + 2
    sections, problems = _cut(path, lines[end + 1 :], body_line)
    return Source(
        path=path,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        front=document.data,
        body="\n".join(lines[end + 1 :]),
        sections=tuple(sections),
        problems=tuple(problems),
        document=document,
    )


def _read_text(path: Path) -> str:
    try:
        text = read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise PromptError("is not UTF-8: save it as UTF-8 and try again", place=str(path)) from error
    except OSError as error:
        raise PromptError(f"cannot be read: {error.strerror}", place=str(path)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _yaml(path: Path, text: str) -> Document:
    # One line stands before the text, so that line numbers of the YAML are those of the file.
    try:
        document = load(text)
    except UserYamlError as error:
        message = f"the front matter is no valid YAML: {error.message}"
        raise PromptError(message, place=f"{path}:{error.line}") from error
    if not isinstance(document.data, dict):
        raise PromptError("the front matter must be a mapping with id, version and so on", place=f"{path}:1")
    return document


def _cut(path: Path, lines: list[str], first: int) -> tuple[list[Section], list[Problem]]:
    marks: list[tuple[Role, int]] = []
    problems: list[Problem] = []
    for index, line in enumerate(lines):
        marker = _LIKE_A_MARKER.match(line)
        if not marker:
            continue
        role = next((role for role in ROLES if line.rstrip() == f"=== {role} ==="), None)
        if role:
            marks.append((role, index))
        else:
            message = f"{line.strip()!r} is no role: write `=== system ===`, `=== user ===` or `=== assistant ===`"
            problems.append(Problem(f"{path}:{first + index}", message))
    if tuple(role for role, _ in marks) not in (PROMPT, QUESTION * max(1, len(marks) // 2)):
        place = f"{path}:{first + marks[0][1] if marks else first}"
        message = "the body needs `=== system ===`, then `=== user ===`, each exactly once"
        problems.append(Problem(place, f"{message}; or `=== user ===`, then `=== assistant ===`, for each question"))
        return [], problems
    if any(line.strip() for line in lines[: marks[0][1]]):
        message = f"text stands before `=== {marks[0][0]} ===`: move it into a section"
        problems.append(Problem(f"{path}:{first}", message))
    sections = []
    for (role, start), end in zip(marks, [*(start for _, start in marks[1:]), len(lines)], strict=True):
        source = "\n".join(lines[start + 1 : end])
        if not source.strip():
            problems.append(Problem(f"{path}:{first + start}", f"the {role} section is empty"))
        sections.append(Section(role=role, source=source, line=first + start + 1))
    return sections, problems
