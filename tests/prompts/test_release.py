import json
from datetime import date
from pathlib import Path

import pytest
from tests.prompts.conftest import Write

from ausweis.errors import PromptError
from ausweis.prompts import Library, LockEntry, release


def test_release_is_written_sorted_by_version(folder: Path, write: Write) -> None:
    library = Library(folder)
    for version in (10, 2):
        write(version)
        release(library, f"agent-act@{version}", f"version {version}", today=date(2025, 3, 1))
    entries = json.loads((folder / "prompts.lock").read_text())
    assert list(entries) == ["agent-act@2", "agent-act@10"]
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
