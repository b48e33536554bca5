"""One version of a prompt template: its front matter, its role sections, and the messages that it makes of its inputs.

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
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PrivateAttr, ValidationError

from ausweis.engines.protocol import Message
from ausweis.errors import PromptError
from ausweis.prompts.render import Budget, Fault, Role, Section
from ausweis.provenance import PromptProvenance
from ausweis.user_yaml import Document, UserYamlError, keys_of, load, read_bytes
from ausweis.vocabulary import Language

ROLES: tuple[Role, ...] = ("system", "user", "assistant")
PROMPT: tuple[Role, ...] = ("system", "user")
"""The sections of a prompt."""
QUESTION: tuple[Role, ...] = ("user", "assistant")
"""The sections of each question that goes on a transcript."""

_LIKE_A_MARKER = re.compile(r"^\s*={2,}\s*(\w+)\s*={2,}\s*$")


Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
Variable = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Example(BaseModel):
    """Inputs and the right answer for them; with a `language`, it is shown for calls in that language only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    inputs: dict[str, JsonValue]
    output: JsonValue
    language: Language | None = None

    @property
    def answer(self) -> str:
        """The answer as the model would write it: a label as it is, otherwise compact JSON."""
        if isinstance(self.output, str):
            return self.output
        return json.dumps(self.output, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class _FrontMatter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: Identifier
    version: Annotated[int, Field(ge=1, strict=True)]
    description: Annotated[str, Field(min_length=1)]
    inputs: dict[Variable, str]
    output: dict[str, JsonValue]
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    examples: tuple[Example, ...] = ()


class Template(_FrontMatter):
    """A template version. `inputs` maps each variable to what it holds; `output` is the answer's JSON Schema.

    `sha256` is over the file's bytes with line ends normalised.
    """

    sections: tuple[Section, ...]
    sha256: str
    path: Path
    _shown: dict[str | None, tuple[Message, ...]] = PrivateAttr(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Template":
        """Read a template file.

        Raises:
            PromptError: the first thing that is wrong with it, with file and line.
        """
        reading = read_template(path)
        if reading.template is None:
            first = reading.problems[0]
            raise PromptError(first.message, place=first.place)
        return reading.template

    @property
    def name(self) -> str:
        """Id and version, such as `agent-turn@1`."""
        return f"{self.id}@{self.version}"

    @property
    def provenance(self) -> PromptProvenance:
        """What a verdict says about it."""
        return PromptProvenance(id=self.id, version=self.version, sha256=self.sha256)

    @property
    def is_prompt(self) -> bool:
        """Whether it is one by itself; else it goes on a transcript."""
        return self.sections[0].role == "system"

    @property
    def labels(self) -> tuple[str, ...]:
        """The closed list of answers, in the file's order; empty when the answer is no label."""
        labels = self.output.get("enum")
        if not isinstance(labels, list):
            return ()
        return tuple(label for label in labels if isinstance(label, str))

    def check_answer(self, label: str) -> None:
        """Refuse the template where a label that reading looks for is none of its answers.

        Raises:
            PromptError: it is none.
        """
        if label not in self.labels:
            known = ", ".join(self.labels) or "none"
            message = f"the template {self.name} needs the answer {label} (it has: {known})"
            raise PromptError(message, place=str(self.path))

    def render(
        self, inputs: Mapping[str, Any], *, language: str | None = None, budget: Budget | None = None
    ) -> tuple[Message, ...]:
        """System message, the examples as question and answer, and the question itself.

        Of questions that go on a transcript: each question, and how its answer begins. With a `language`, examples of
        other languages are left out; those of no language stay.

        Raises:
            PromptError: an input is missing, not declared or cannot be printed, or rendering takes more than the budget
                has. The message never holds a value.
        """
        budget = budget or Budget()
        self._check_names(inputs, "")
        messages = tuple(
            Message(role=section.role, content=section.render(self.path, inputs, budget)) for section in self.sections
        )
        if not self.is_prompt:
            return messages
        first, last = messages
        if language not in self._shown:
            self._shown[language] = self._show(language, budget)
        return (first, *self._shown[language], last)

    def _show(self, language: str | None, budget: Budget) -> tuple[Message, ...]:
        """The examples for a language as question and answer: the same for every question."""
        messages: list[Message] = []
        _, user = self.sections
        for number, example in enumerate(self.examples, start=1):
            if language is None or example.language in (None, language):
                self._check_names(example.inputs, f"example {number}: ")
                question = user.render(self.path, example.inputs, budget)
                messages += [Message(role="user", content=question), Message(role="assistant", content=example.answer)]
        return tuple(messages)

    def _check_names(self, inputs: Mapping[str, Any], where: str) -> None:
        for name in self.inputs:
            if name not in inputs:
                raise PromptError(f"{where}the template {self.name} needs the variable {name}", place=str(self.path))
        for name in inputs:
            if name not in self.inputs:
                known = ", ".join(self.inputs) or "none"
                message = f"{where}the template {self.name} has no variable {name} (it has: {known})"
                raise PromptError(message, place=str(self.path))


@dataclass
class TemplateFile:
    """A file as far as it could be read: `template` is None when `problems` keep it from being used."""

    path: Path
    problems: list[Fault]
    template: Template | None = None
    sha256: str | None = None
    document: Document = field(default_factory=lambda: Document(None, None))

    def place(self, *keys: str | int) -> str:
        """Path and line of a front matter entry, or of its nearest parent."""
        return f"{self.path}:{self.document.line(keys)}"


def read_template(path: Path) -> TemplateFile:
    """Read a template file, and collect all that is wrong with it instead of stopping at the first."""
    reading = TemplateFile(path, [])
    try:
        lines, body = _split(path, reading)
    except PromptError as error:
        reading.problems.append(Fault(error.place or str(path), error.message))
        return reading
    sections, problems = _cut(path, lines[body:], body + 1)
    for section in sections:
        problems += section.problems(path)
    front: _FrontMatter | None = None
    try:
        front = _FrontMatter.model_validate(reading.document.data)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        # A misspelt key is the reason for a missing one, so it is named first.
        for detail in sorted(details, key=lambda detail: detail["type"] == "missing"):
            problems.append(_front_matter_problem(reading, detail["loc"], detail["msg"], detail["type"]))
    if front is not None and front.examples and sections and sections[0].role != "system":
        problems.append(Fault(reading.place("examples"), "a question that goes on a transcript has no examples"))
    reading.problems = list(dict.fromkeys(problems))
    if front is not None and not problems:
        fields = {name: getattr(front, name) for name in _FrontMatter.model_fields}
        reading.template = Template(**fields, sections=tuple(sections), sha256=str(reading.sha256), path=path)
    return reading


def _split(path: Path, reading: TemplateFile) -> tuple[list[str], int]:
    """The lines of a file, and the index of the first one of its body; front matter and hash go into the reading.

    Raises:
        PromptError: the file cannot be read, is not UTF-8, or has no front matter that is a mapping with keys of ours.
    """
    try:
        text = read_bytes(path).decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise PromptError("is not UTF-8: save it as UTF-8 and try again", place=str(path)) from error
    except OSError as error:
        raise PromptError(f"cannot be read: {error.strerror}", place=str(path)) from error
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines[1:], start=1) if line.rstrip() == "---"), None)
    if lines[0].rstrip() != "---" or end is None:
        raise PromptError("a template starts with front matter between two lines of ---", place=f"{path}:1")
    try:
        # One line stands before the text, so that line numbers of the YAML are those of the file.
        reading.document = load("\n".join(["", *lines[1:end]]))
    except UserYamlError as error:
        message = f"the front matter is no valid YAML: {error.message}"
        raise PromptError(message, place=f"{path}:{error.line}") from error
    reading.sha256 = hashlib.sha256(text.encode()).hexdigest()
    if not isinstance(reading.document.data, dict):
        raise PromptError("the front matter must be a mapping with id, version and so on", place=f"{path}:1")
    if not reading.document.is_of(_FrontMatter):
        message = f"this is no template: its front matter has none of the keys {', '.join(keys_of(_FrontMatter))}"
        raise PromptError(message, place=f"{path}:1")
    return lines, end + 1


def _cut(path: Path, lines: list[str], first: int) -> tuple[list[Section], list[Fault]]:
    marks: list[tuple[Role, int]] = []
    problems: list[Fault] = []
    for index, line in enumerate(lines):
        marker = _LIKE_A_MARKER.match(line)
        if not marker:
            continue
        role = next((role for role in ROLES if line.rstrip() == f"=== {role} ==="), None)
        if role:
            marks.append((role, index))
        else:
            message = f"{line.strip()!r} is no role: write `=== system ===`, `=== user ===` or `=== assistant ===`"
            problems.append(Fault(f"{path}:{first + index}", message))
    if tuple(role for role, _ in marks) not in (PROMPT, QUESTION * max(1, len(marks) // 2)):
        place = f"{path}:{first + marks[0][1] if marks else first}"
        message = "the body needs `=== system ===`, then `=== user ===`, each exactly once"
        problems.append(Fault(place, f"{message}; or `=== user ===`, then `=== assistant ===`, for each question"))
        return [], problems
    if any(line.strip() for line in lines[: marks[0][1]]):
        message = f"text stands before `=== {marks[0][0]} ===`: move it into a section"
        problems.append(Fault(f"{path}:{first}", message))
    sections = []
    for (role, start), end in zip(marks, [*(start for _, start in marks[1:]), len(lines)], strict=True):
        source = "\n".join(lines[start + 1 : end])
        if not source.strip():
            problems.append(Fault(f"{path}:{first + start}", f"the {role} section is empty"))
        sections.append(Section(role=role, source=source, line=first + start + 1))
    return sections, problems


def _front_matter_problem(reading: TemplateFile, keys: tuple[str | int, ...], message: str, kind: str) -> Fault:
    # Pydantic names the union member or `[key]` besides the keys of the file; the reader needs the file's own only.
    own = tuple(key for key in keys if key != "[key]" and key not in ("list", "dict", "nullable"))
    name = ".".join(str(key) for key in own)
    if kind == "extra_forbidden":
        allowed = ", ".join((Example if "examples" in own else _FrontMatter).model_fields)
        message = f"no such key (keys: {allowed})"
    elif kind == "missing":
        message = "is missing"
    elif kind == "invalid-json-value":
        message = "must be text, a number, true, false, null, a list or a mapping: put it in quotes"
    return Fault(reading.place(*own), f"{name}: {message[:1].lower()}{message[1:]}")
