import hashlib
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.pages.eval_runs import SYSTEM, source, write_run
from tests.prompts.conftest import Write

from ausweis.cli.prompts import prompts
from ausweis.errors import PromptError
from ausweis.evals.folder import write_eval
from ausweis.prompts import Lock, default_library


@pytest.fixture(autouse=True)
def _use_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(folder))


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(prompts, arguments, input=text)


def test_list_tells_released_from_draft(write: Write) -> None:
    write(1)
    write(2)
    assert run("release", "agent-act@1", "-m", "first", "--force").exit_code == 0
    rows = [row for row in run("list").output.splitlines() if "agent-act@" in row]
    assert ["draft" in row for row in rows] == [False, True]
    assert all("3 labels" in row for row in rows)


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
    run("release", "agent-act", "--force", text="first\n")
    path.write_text(path.read_text().replace("Mhm.", "Aha."))
    result = run("lint")
    assert result.exit_code == 1
    assert f"{path}: agent-act@1 was changed after its release" in result.stderr


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The templates that ship, in a folder of one's own; transcript and third-party have a second version."""
    monkeypatch.delenv("AUSWEIS_PROMPTS")
    own = shutil.copytree(default_library().folder, tmp_path / "own")
    for name in ("transcript", "third-party"):
        text = (own / name / "1.md").read_text("utf-8").replace("version: 1", "version: 2")
        (own / name / "2.md").write_text(text, "utf-8")
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(own))
    return own


@pytest.mark.parametrize(("name", "kind"), [("transcript", "probe"), ("third-party", "answers")])
def test_what_nothing_was_learned_for_is_released_only_by_force(shipped: Path, name: str, kind: str) -> None:
    refused = run("release", f"{name}@2", "-m", "better")
    assert refused.exception is not None
    assert str(refused.exception).startswith(f"{shipped / name / '2.md'}: {name}@2 has no {kind} learned for it, so")
    assert f"`python -m evals.lab train {kind} …" in str(refused.exception)
    assert f"{name}@2" not in (shipped / "prompts.lock").read_text("utf-8")
    told = f"ausweis: {name}@2 has nothing learned for qwen2.5-coder-1.5b: calls are read with {name}@1"
    assert run("lint").stderr == ""
    assert told in run("release", name, "-m", "better", "--force").stderr.splitlines()
    lint = run("lint")
    assert told in lint.stderr.splitlines()
    assert (lint.exit_code, "nothing else to complain about" in lint.stdout) == (0, True)


def measured(folder: Path, *prompts: str, complete: bool = True) -> str:
    """A finished eval run of four calls that asked with these templates."""
    write_run(folder)
    found = source()
    system = SYSTEM.model_copy(update={"prompts": prompts})
    update = {"system": system, "complete": complete}
    write_eval(folder, found.manifest.model_copy(update=update), found.cases, found.summary)
    return str(folder)


def test_a_release_rests_on_an_eval_run_of_this_very_version(write: Write, folder: Path, tmp_path: Path) -> None:
    path = write(1)
    refused = run("release", "agent-act@1", "-m", "first")
    how = "`ausweis eval run --prompt agent-act@1 --out DIR`, then give --run DIR, or --force"
    assert str(refused.exception) == f"{path}: agent-act@1 was not measured: {how}"
    stamp = str(default_library().get("agent-act@1").provenance)
    other = measured(tmp_path / "other", "agent-act@1 (0123456789ab)", "call-start@1 (ab)")
    refused = run("release", "agent-act@1", "-m", "first", "--run", other)
    told = f"the run did not ask with {stamp}, but with agent-act@1 (0123456789ab), call-start@1 (ab)"
    assert str(refused.exception) == f"{other}: {told}"
    stopped = measured(tmp_path / "stopped", stamp, complete=False)
    assert "was stopped" in str(run("release", "agent-act@1", "-m", "first", "--run", stopped).exception)
    assert not (folder / "prompts.lock").exists()
    whole = measured(tmp_path / "whole", "call-start@1 (ab)", stamp)
    assert run("release", "agent-act@1", "-m", "first", "--run", whole).exit_code == 0
    entry = json.loads((folder / "prompts.lock").read_bytes())["agent-act@1"]
    cases = hashlib.sha256((tmp_path / "whole" / "cases.jsonl").read_bytes()).hexdigest()
    assert entry["run"] == {"sha256": cases, "calls": 4, "right": 0.5, "found": 0.333, "false_alarms": 0.0}
    write(2, ("Mhm.", "Aha."))
    assert run("release", "agent-act@2", "-m", "second", "--force").exit_code == 0
    entries = json.loads((folder / "prompts.lock").read_bytes())
    assert (entries["agent-act@1"], "run" in entries["agent-act@2"]) == (entry, False)
    assert run("lint").exit_code == 0


def test_releases_of_before_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUSWEIS_PROMPTS")
    shipped = default_library().lock
    copied = Lock(tmp_path / "prompts.lock", shipped.entries)
    copied.add("call-events@1", shipped.entries["call-events@1"])
    assert copied.path.read_bytes() == shipped.path.read_bytes()


def test_lint_of_a_folder_without_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped path passes no check."""
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(tmp_path))
    with pytest.raises(PromptError, match="holds no template") as caught:
        CliRunner().invoke(prompts, ["lint"], catch_exceptions=False)
    assert caught.value.place == str(tmp_path)
