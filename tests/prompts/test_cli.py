from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.prompts.conftest import Write

from ausweis.cli.prompts import prompts


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


def test_show_renders_an_example_or_prints_the_file(write: Write) -> None:
    path = write()
    shown = run("show", "agent-act", "--example", "2", "--language", "en").output
    assert shown.startswith("[system]\nName what the agent does.\n\n[user]\n")
    assert shown.rstrip().endswith("caller: And my balance?\nagent: Your balance is twelve pounds.")
    assert "PIN" not in shown
    assert run("show", "agent-act", "--raw").output == path.read_text()


def test_lint_exit_codes(write: Write) -> None:
    path = write()
    assert run("lint").exit_code == 0
    assert run("lint", str(path)).exit_code == 0
    run("release", "agent-act", text="first\n")
    path.write_text(path.read_text().replace("Mhm.", "Aha."))
    result = run("lint")
    assert result.exit_code == 1
    assert f"{path}: agent-act@1 was changed after its release" in result.stderr


def test_diff_shows_keys_and_body(write: Write) -> None:
    write(1)
    write(2, ("margin: 0.2", "margin: 0.3"), ("Name what", "Say what"))
    output = run("diff", "agent-act", "1", "2").output
    assert "front matter: parameters changed" in output
    assert "-Name what the agent does.\n+Say what the agent does." in output
    assert run("diff", "agent-act", "1", "1").output == "front matter: the same\nbody: the same\n"
