from pathlib import Path

import pytest
from tests.prompts.conftest import Write

from ausweis.errors import PromptError
from ausweis.prompts import Library, Lock, default_library, release


def test_newest_released_version_answers_to_the_id(folder: Path, write: Write) -> None:
    for version in (2, 10, 9):
        write(version)
    library = Library(folder)
    assert library.get("agent-act").version == 10
    release(library, "agent-act@2", "first")
    assert library.get("agent-act").version == 2
    assert Library(folder).get("agent-act").version == 2
    assert library.get("agent-act@9").version == 9
    assert library.newest("agent-act") == "agent-act@10"
    assert [template.version for template in library.templates()] == [2, 9, 10]


def test_path_of_a_file_is_loaded(folder: Path, write: Write, tmp_path: Path) -> None:
    draft = tmp_path / "draft.md"
    draft.write_bytes(write(7).read_bytes())
    assert Library(folder).get(draft).path == draft
    assert Library(folder).get(str(draft)).version == 7


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("agent-act@3", "no version 3 of agent-act"),
        ("caller-act", r"no template caller-act \(there are: agent-act\)"),
        ("none/such.md", "there is no such template"),
        ("../agent-act", "there is no such template"),
    ],
)
def test_unknown_template_is_named(folder: Path, write: Write, name: str, message: str) -> None:
    write()
    with pytest.raises(PromptError, match=message):
        Library(folder).get(name)


def test_released_file_that_was_edited_is_not_loaded(folder: Path, write: Write) -> None:
    path = write()
    release(Library(folder), "agent-act", "first")
    path.write_text(path.read_text().replace("Mhm.", "Aha."))
    library = Library(folder)
    for name in ("agent-act", "agent-act@1", path):
        with pytest.raises(PromptError, match=r"changed after its release .* as version 2"):
            library.get(name)


def test_file_in_the_wrong_place_is_not_loaded(folder: Path, write: Write) -> None:
    write(1).rename(folder / "agent-act" / "2.md")
    with pytest.raises(PromptError, match="calls itself agent-act@1"):
        Library(folder).get("agent-act@2")


def test_templates_of_ones_own_lie_over_others_each_alone(folder: Path, write: Write, tmp_path: Path) -> None:
    """A new version counts once it is released in its own lock; all else comes from below, with the lock there."""
    for version in (1, 2, 3):
        write(version)
    release(Library(folder), "agent-act@1", "first")
    below = folder.rename(tmp_path / "below")
    folder.mkdir()
    with pytest.raises(PromptError, match="holds no template") as caught:
        Library(folder, below)
    assert caught.value.place == str(folder)
    own = write(2, ("Mhm.", "Aha."))
    library = Library(folder, below)
    assert library.versions() == {"agent-act": (1, 2, 3)}
    assert [template.path.parents[1] for template in library.templates()] == [below, folder, below]
    assert library.get("agent-act").path == below / "agent-act" / "1.md"
    release(library, "agent-act@2", "better")
    assert library.get("agent-act").path == Library(folder, below).get(own).path == own
    assert set(Lock.read(folder).entries) == {"agent-act@2"}
    release(Library(below), "agent-act@2", "another that ships later")
    assert Library(folder, below).get("agent-act").path == own


def test_a_version_that_ships_takes_no_other_text(folder: Path, write: Write, tmp_path: Path) -> None:
    write(1)
    release(Library(folder), "agent-act@1", "first")
    below = folder.rename(tmp_path / "below")
    folder.mkdir()
    same = write(1)
    assert Library(folder, below).get("agent-act").path == same
    write(1, ("Mhm.", "Aha."))
    with pytest.raises(PromptError, match=r"changed after its release .* as version 2"):
        Library(folder, below).get("agent-act")


def test_folder_named_by_the_environment(folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(folder))
    assert default_library().folder == folder
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(folder / "none"))
    with pytest.raises(PromptError, match="AUSWEIS_PROMPTS names no folder"):
        default_library()
