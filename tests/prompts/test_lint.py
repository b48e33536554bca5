import json
from datetime import date
from pathlib import Path

import pytest
from tests.prompts.conftest import Write

from ausweis.errors import PromptError
from ausweis.prompts import Library, LockEntry, lint_file, lint_folder, release

OBJECT = "type: object\n  additionalProperties: false\n  properties: {quote: {type: string}}\n  required: [quote]"


def test_good_template_has_no_problems(folder: Path, write: Write) -> None:
    write()
    assert lint_folder(folder) == []


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (("agent: {{ text }}", "agent: {{ text }}\n{{ mood }}"), 29, "mood is used, but not declared"),
        (("  context: The", "  mood: How.\n  context: The"), 7, "mood is declared, but never used"),
        (("output: tells", "output: sings"), 16, "example 2 does not fit output"),
        (('text: "Mhm.", ', ""), 19, "example 3 cannot be rendered"),
        (('enum: [asks, tells, "no"]', "type: objekt"), 9, "no valid JSON Schema"),
        (("enum: [asks, tells, ", "enum: [asks, tells, 3, "), 9, "enum must be a list of labels"),
        (("enum: [asks, tells, ", "enum: [asks, tells, 'two\n\n  lines', "), 9, "a label must be one line"),
        (('enum: [asks, tells, "no"]', "$ref: 'https://example.com/x'"), 9, r"\$ref must point into this schema"),
    ],
)
def test_problem_is_named_with_file_and_line(write: Write, change: tuple[str, str], line: int, message: str) -> None:
    path = write(1, change)
    places = {problem.place for problem in lint_file(path) if message.replace("\\", "") in problem.message}
    assert places == {f"{path}:{line}"}


def test_objects_must_be_closed_at_every_depth(write: Write) -> None:
    nested = OBJECT.replace("{type: string}", "{type: array, items: {anyOf: [{type: object}, {type: string}]}}")
    for schema, wanted in ((OBJECT, 0), (OBJECT.replace("  additionalProperties: false\n", ""), 1), (nested, 1)):
        path = write(1, ('enum: [asks, tells, "no"]', schema))
        found = [problem for problem in lint_file(path) if "additionalProperties: false" in problem.message]
        assert len(found) == wanted


def test_all_broken_files_of_a_folder_are_named(folder: Path, write: Write) -> None:
    write(1, ("agent: {{ text }}", "{% include 'x' %}"))
    write(2, ("version: 2", "version: two"))
    write(3).rename(folder / "agent-act" / "4.md")
    messages = [problem.message for problem in lint_folder(folder)]
    assert len(messages) == 3
    assert "include" in messages[0]
    assert "version" in messages[1]
    assert "calls itself agent-act@3" in messages[2]


def test_lock_must_be_in_step(folder: Path, write: Write) -> None:
    first, second = write(1), write(2)
    library = Library(folder)
    release(library, "agent-act@1", "first")
    release(library, "agent-act@2", "second")
    assert lint_folder(folder) == []
    first.write_text(first.read_text().replace("Mhm.", "Aha."))
    second.unlink()
    problems = lint_folder(folder)
    assert [problem.place for problem in problems] == [str(first), str(second)]
    assert "changed after its release" in problems[0].message
    assert "missing" in problems[1].message


def test_broken_lock_is_named(folder: Path, write: Write) -> None:
    write()
    lock = folder / "prompts.lock"
    for text, message in (("{\n", "no valid JSON"), ('{"agent-act@1": {}}', "agent-act@1.sha256"), ("[]", "the file")):
        lock.write_text(text)
        (problem,) = lint_folder(folder)
        assert message in problem.message
        assert problem.place.startswith(str(lock))


def test_release_is_written_sorted_by_name(folder: Path, write: Write) -> None:
    for version in (10, 2):
        write(version)
        library = Library(folder)
        release(library, f"agent-act@{version}", f"version {version}", today=date(2025, 3, 1))
    entries = json.loads((folder / "prompts.lock").read_text())
    assert list(entries) == ["agent-act@10", "agent-act@2"]
    assert entries["agent-act@2"]["released"] == "2025-03-01"
    assert entries["agent-act@2"]["message"] == "version 2"
    assert entries["agent-act@2"]["sha256"] == library.get("agent-act@2").sha256
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["prompts.lock"]


def test_id_alone_releases_the_newest_version(folder: Path, write: Write) -> None:
    write(1)
    library = Library(folder)
    release(library, "agent-act", "first")
    write(2)
    name, entry = release(library, "agent-act", "second")
    assert name == "agent-act@2"
    assert isinstance(entry, LockEntry)


def test_what_cannot_be_released(folder: Path, write: Write) -> None:
    write(1)
    path = write(2, ("output: tells", "output: sings"))
    library = Library(folder)
    with pytest.raises(PromptError, match="needs a message"):
        release(library, "agent-act@1", "  ")
    release(library, "agent-act@1", "first")
    with pytest.raises(PromptError, match="released already"):
        release(library, "agent-act@1", "again")
    with pytest.raises(PromptError, match="does not fit output") as caught:
        release(library, "agent-act@2", "second")
    assert caught.value.place == f"{path}:16"
    write(1, ("Mhm.", "Aha."))
    with pytest.raises(PromptError, match="changed after its release"):
        release(library, "agent-act@1", "first")
    assert list(json.loads((folder / "prompts.lock").read_text())) == ["agent-act@1"]
