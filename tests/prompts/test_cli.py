import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.prompts.conftest import Write

from ausweis.cli.prompts import prompts
from ausweis.errors import PromptError
from ausweis.prompts import default_library


@pytest.fixture(autouse=True)
def _use_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(folder))


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(prompts, arguments, input=text)


def test_list_tells_released_from_draft(write: Write) -> None:
    write(1)
    write(2)
    assert run("release", "agent-act@1", "-m", "first").exit_code == 0
    rows = [row for row in run("list").output.splitlines() if "agent-act@" in row]
    assert ["draft" in row for row in rows] == [False, True]
    assert all("3 labels" in row for row in rows)
    told = {f"{one['id']}@{one['version']}": one for one in json.loads(run("list", "--json").output)}
    assert (told["agent-act@1"]["message"], told["agent-act@2"]["released"]) == ("first", None)
    assert told["agent-act@2"]["labels"] == ["asks", "tells", "no"]
    assert {template.name for template in default_library().templates()} == set(told)


def test_show_renders_an_example_and_names_the_file(write: Write) -> None:
    path = write()
    result = run("show", "agent-act", "--language", "en")
    shown = result.stdout
    assert result.stderr == f"{path}\n"
    assert shown.startswith("[system]\nName what the agent does.\n\n[user]\n")
    assert "caller: And my balance?\nagent: Your balance is twelve pounds." in shown
    assert shown.rstrip().endswith("[user]\nagent: Wie lautet Ihre PIN?")


def test_lint_exit_codes(write: Write) -> None:
    path = write()
    assert run("lint").exit_code == 0
    assert run("lint", str(path)).exit_code == 0
    run("release", "agent-act", text="first\n")
    path.write_text(path.read_text().replace("Mhm.", "Aha."))
    result = run("lint")
    assert result.exit_code == 1
    assert f"{path}: agent-act@1 was changed after its release" in result.stderr


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own over those that ship; transcript and third-party have a second version in it."""
    monkeypatch.delenv("AUSWEIS_PROMPTS")
    own = tmp_path / "own"
    for name in ("transcript", "third-party"):
        text = default_library().get(f"{name}@1").path.read_text("utf-8").replace("version: 1", "version: 2")
        (own / name).mkdir(parents=True)
        (own / name / "2.md").write_text(text, "utf-8")
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(own))
    return own


@pytest.mark.parametrize(("name", "kind"), [("transcript", "probe"), ("third-party", "answers")])
def test_what_nothing_was_learned_for_is_released_only_by_force(shipped: Path, name: str, kind: str) -> None:
    refused = run("release", f"{name}@2", "-m", "better")
    assert refused.exception is not None
    assert str(refused.exception).startswith(f"{shipped / name / '2.md'}: {name}@2 has no {kind} learned for it, so")
    assert f"`python -m evals.lab train {kind} …" in str(refused.exception)
    assert not (shipped / "prompts.lock").exists()
    told = f"ausweis: {name}@2 has nothing learned for qwen2.5-coder-1.5b: calls are read with {name}@1"
    assert run("lint").stderr == ""
    assert told in run("release", name, "-m", "better", "--force").stderr.splitlines()
    lint = run("lint")
    assert told in lint.stderr.splitlines()
    assert (lint.exit_code, "nothing else to complain about" in lint.stdout) == (0, True)


def test_lint_looks_at_both_folders(shipped: Path) -> None:
    """A version that ships has one text, also in a folder that lies over it."""
    good = run("lint")
    assert (good.exit_code, f" templates in {shipped} over " in good.stdout) == (0, True)
    draft = (shipped / "transcript" / "2.md").read_text("utf-8")
    (shipped / "transcript" / "1.md").write_text(draft.replace("version: 2", "version: 1") + "\n", "utf-8")
    changed = run("lint")
    assert changed.exit_code == 1
    assert changed.stderr.startswith(f"{shipped / 'transcript' / '1.md'}: transcript@1 was changed after its release")
    assert changed.stderr.endswith("put it back, and write the change as version 3\n")


def test_lint_of_a_folder_without_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped path passes no check."""
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(tmp_path))
    with pytest.raises(PromptError, match="holds no template") as caught:
        CliRunner().invoke(prompts, ["lint"], catch_exceptions=False)
    assert caught.value.place == str(tmp_path)
