"""One version of a prompt template, and the messages that it makes of its inputs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PrivateAttr, ValidationError

from ausweis.engines.protocol import Message
from ausweis.errors import PromptError
from ausweis.prompts.bounds import Budget
from ausweis.prompts.render import check_syntax, render_section
from ausweis.prompts.source import Problem, Section, Source, read_source
from ausweis.provenance import PromptProvenance
from ausweis.user_yaml import keys_of
from ausweis.vocabulary import Language

__all__ = ["Example", "Reading", "Template", "read_template"]

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
            Message(role=section.role, content=render_section(self.path, section, inputs, budget))
            for section in self.sections
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
                question = render_section(self.path, user, example.inputs, budget)
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


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as far as it could be read: `template` is None when `problems` keep it from being used."""

    template: Template | None
    problems: tuple[Problem, ...]
    source: Source | None = None


def read_template(path: Path) -> Reading:
    """Read a template file, and collect all that is wrong with it instead of stopping at the first."""
    try:
        source = read_source(path)
    except PromptError as error:
        return Reading(None, (Problem(error.place or str(path), error.message),))
    if not source.document.is_of(_FrontMatter):
        message = f"this is no template: its front matter has none of the keys {', '.join(keys_of(_FrontMatter))}"
        return Reading(None, (Problem(f"{path}:1", message),))
    problems = list(source.problems)
    for section in source.sections:
        problems += check_syntax(path, section)
    front: _FrontMatter | None = None
    try:
        front = _FrontMatter.model_validate(source.front)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        # A misspelt key is the reason for a missing one, so it is named first.
        for detail in sorted(details, key=lambda detail: detail["type"] == "missing"):
            problems.append(_front_matter_problem(source, detail["loc"], detail["msg"], detail["type"]))
    if front is not None and front.examples and source.sections and source.sections[0].role != "system":
        problems.append(Problem(source.place("examples"), "a question that goes on a transcript has no examples"))
    if front is None or problems:
        return Reading(None, tuple(dict.fromkeys(problems)), source)
    fields = {name: getattr(front, name) for name in _FrontMatter.model_fields}
    return Reading(Template(**fields, sections=source.sections, sha256=source.sha256, path=path), (), source)


def _front_matter_problem(source: Source, keys: tuple[str | int, ...], message: str, kind: str) -> Problem:
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
    return Problem(source.place(*own), f"{name}: {message[:1].lower()}{message[1:]}")
