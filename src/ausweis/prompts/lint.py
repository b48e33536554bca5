"""Checks templates as far as that is possible without a model, and locks the hash of a version that is released."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ausweis.errors import PromptError
from ausweis.prompts.library import EvalNumbers, Library, Lock, LockEntry
from ausweis.prompts.render import Budget, Fault
from ausweis.prompts.template import Template, TemplateFile, read_template

# Keywords whose value holds schemas by name, and those whose value is a schema or a list of them.
_SCHEMAS_BY_NAME = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SCHEMAS = ("items", "prefixItems", "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "contains")


def lint_library(library: Library, files: Sequence[Path] = ()) -> list[Fault]:
    """All problems of its folders, or of some files; without any, which have another text than the released version."""
    problems = [problem for file in files for problem in lint_file(file)]
    if not files:
        problems = [problem for lock in library.locks for problem in lint_folder(lock.folder)]
    if problems:
        return problems
    loads: list[Callable[[], object]] = [partial(library.get, file) for file in files] or [library.templates]
    for load in loads:
        try:
            load()
        except PromptError as error:
            problems.append(Fault(str(error.place), error.message))
    return problems


def lint_folder(folder: Path) -> list[Fault]:
    """All problems of a folder of templates and its lock, in the order of the files."""
    try:
        lock = Lock.read(folder)
    except PromptError as error:
        return [Fault(error.place or str(folder), error.message)]
    problems: list[Fault] = []
    hashes: dict[str, str] = {}
    for path in sorted(folder.glob("*/*.md"), key=lambda path: (path.parent.name, len(path.stem), path.stem)):
        problems += lint_file(path)
        reading = read_template(path)
        name = f"{path.parent.name}@{path.stem}"
        if reading.sha256:
            hashes[name] = reading.sha256
        if reading.template and reading.template.name != name:
            message = f"the file stands where {name} belongs, but calls itself {reading.template.name}"
            problems.append(Fault(f"{path}:1", message))
    return problems + list(_lock_problems(lock, hashes))


def lint_file(path: Path) -> list[Fault]:
    """All problems of one template file, wherever it stands."""
    reading = read_template(path)
    if reading.template is None:
        return reading.problems
    return [
        problem
        for check in (_variable_problems, _schema_problems, _example_problems)
        for problem in check(reading.template, reading)
    ]


def release(
    library: Library, name: str, message: str, run: EvalNumbers | None = None, *, today: date | None = None
) -> tuple[str, LockEntry]:
    """Release `agent-turn@2`, or the newest version of `agent-turn`; gives back the full name and the entry.

    `run`: the eval run that it rests on.

    Raises:
        PromptError: the version is released already or was changed since, does not pass the checks, or the message
            is empty.
    """
    if not message.strip():
        raise PromptError("a release needs a message: say what it is better at")
    # `get` refuses a released version that was changed.
    template = library.get(name if "@" in name else library.newest(name))
    if library.released(template.name):
        raise PromptError(f"{template.name} is released already: copy it to the next version number and change that")
    if problems := lint_file(template.path):
        more = f" ({len(problems) - 1} more: ausweis prompts lint)" if len(problems) > 1 else ""
        raise PromptError(f"{problems[0].message}{more}", place=problems[0].place)
    day = today or datetime.now(UTC).date()
    entry = LockEntry(sha256=template.sha256, message=message.strip(), released=day.isoformat(), run=run)
    library.locks_of(template.id, template.version)[0].add(template.name, entry)
    return template.name, entry


def _lock_problems(lock: Lock, hashes: dict[str, str]) -> Iterator[Fault]:
    for name, entry in lock.entries.items():
        path = lock.path.parent / f"{name.replace('@', '/')}.md"
        if name not in hashes:
            yield Fault(str(path), f"{name} is released, but its file is missing or cannot be read")
        elif hashes[name] != entry.sha256:
            message = f"{name} was changed after its release on {entry.released}: put it back, and make a new version"
            yield Fault(str(path), message)


def _variable_problems(template: Template, reading: TemplateFile) -> Iterator[Fault]:
    used: dict[str, int] = {}
    for section in template.sections:
        used = {**section.variables(), **used}
    for name, line in sorted(used.items(), key=lambda item: item[1]):
        if name not in template.inputs:
            yield Fault(f"{template.path}:{line}", f"the variable {name} is used, but not declared in inputs")
    for name in template.inputs:
        if name not in used:
            yield Fault(reading.place("inputs", name), f"the variable {name} is declared, but never used")


def _schema_problems(template: Template, reading: TemplateFile) -> Iterator[Fault]:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(template.output)
    except SchemaError as error:
        place = reading.place("output", *error.absolute_path)
        yield Fault(place, f"output is no valid JSON Schema: {error.message}")
        return
    except Exception:  # as in `_example_problems`
        yield Fault(reading.place("output"), "output is no valid JSON Schema: a pattern or number of it cannot be")
        return
    if "enum" in template.output:
        labels = template.output["enum"]
        if not isinstance(labels, list) or not labels or template.labels != tuple(labels):
            yield Fault(reading.place("output", "enum"), "enum must be a list of labels, each of them text")
        elif any(label != " ".join(label.split()) or not label for label in template.labels):
            yield Fault(reading.place("output", "enum"), "a label must be one line without blanks around it")
    yield from _open_objects(template.output, ("output",), reading)


def _open_objects(schema: Any, keys: tuple[str | int, ...], reading: TemplateFile) -> Iterator[Fault]:
    if isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from _open_objects(part, (*keys, index), reading)
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    is_object = kind == "object" or (isinstance(kind, list) and "object" in kind) or "properties" in schema
    if is_object and schema.get("additionalProperties") is not False:
        yield Fault(reading.place(*keys), f"{'.'.join(map(str, keys))}: an object needs additionalProperties: false")
    reference = schema.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        yield Fault(reading.place(*keys, "$ref"), "$ref must point into this schema (#/…)")
    for name in _SCHEMAS:
        if name in schema:
            yield from _open_objects(schema[name], (*keys, name), reading)
    for name in _SCHEMAS_BY_NAME:
        for key, part in schema[name].items() if name in schema else ():
            yield from _open_objects(part, (*keys, name, key), reading)


def _example_problems(template: Template, reading: TemplateFile) -> Iterator[Fault]:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # A registry without a retriever: a schema never makes the linter fetch anything.
    validator = Draft202012Validator(template.output, registry=Registry())
    until = Budget().until  # for all examples, so that many cannot take long
    for index, example in enumerate(template.examples):
        place = reading.place("examples", index)
        alone = template.model_copy(update={"examples": (example,)})
        budget = Budget(until)
        try:
            alone.render(example.inputs, budget=budget)
        except PromptError as error:
            message = error.message.removeprefix("example 1: ")
            yield Fault(place, f"example {index + 1} cannot be rendered: {message}")
            if budget.is_over:
                return
            continue
        try:
            errors = list(validator.iter_errors(example.output))
        except Exception:  # the library lets pass what Python says of a pattern, a reference or a number
            yield Fault(place, f"example {index + 1} cannot be checked against output: its schema or answer is broken")
            continue
        for misfit in errors:
            yield Fault(place, f"example {index + 1} does not fit output: {misfit.message}")
