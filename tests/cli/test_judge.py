import json
from pathlib import Path

import pytest
from tests.cli.processes import FAKE, Run, Write

LAX = 'id: lax\nversion: "1"\ntitle: A name is enough\nlevels: {standard: {any_of: [[name]]}}\nactions: {}\n'


@pytest.fixture
def scored(run: Run, write_calls: Write, folder: Path) -> None:
    (folder / "lax.yaml").write_text(LAX)
    assert run("score", write_calls(6), *FAKE, "--run", "r").code == 0


@pytest.mark.usefixtures("scored")
def test_shows_what_changed(run: Run, folder: Path) -> None:
    result = run("judge", "r", "--policy", "lax.yaml")
    assert (result.code, result.err) == (0, "")
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.out.splitlines() if "│" in line]
    assert ["violation", "compliant", "2"] in cells
    assert ["compliant", "compliant", "4"] in cells
    assert ["call-3", "violation", "compliant"] in cells
    assert "2 calls changed\n6 calls judged: 6 compliant\nrun folder: r-lax\n" in result.out
    assert (folder / "r-lax" / "facts.jsonl").read_bytes() == (folder / "r" / "facts.jsonl").read_bytes()


@pytest.mark.usefixtures("scored")
def test_as_json(run: Run) -> None:
    body = json.loads(run("judge", "r/", "--policy", "lax.yaml", "--run", "new", "--json").out)
    assert body["run"] == "new"
    assert body["changed"] == 2
    assert body["changes"][0] == {
        "call_id": "call-3",
        "old": "violation",
        "new": "compliant",
        "old_violations": ["no_authentication"],
        "new_violations": [],
        "old_incidents": [],
        "new_incidents": [],
    }
    assert {"old": "violation", "new": "compliant", "calls": 2} in body["outcomes_before_and_after"]


@pytest.mark.usefixtures("scored")
def test_the_run_that_one_stands_in(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "r" / "deep").mkdir()
    for here, named in (("r", "."), ("r/deep", "..")):
        monkeypatch.chdir(folder / here)
        result = run("judge", named, "--policy", str(folder / "lax.yaml"))
        assert (result.code, result.err) == (0, "")
        (folder / "r-lax").rename(folder / f"done-{named.count('.')}")


@pytest.mark.usefixtures("scored")
def test_wrong_use(run: Run, folder: Path) -> None:
    for arguments, sentence in (
        (("none", "--policy", "lax.yaml"), "there is no run here"),
        (("r", "--policy", "none.yaml"), "no such file"),
        (("r", "--policy", "lax.yaml", "--run", "r"), "the folder holds a run"),
    ):
        result = run("judge", *arguments)
        assert result.code == 2
        assert sentence in result.err
    assert not (folder / "r-lax").exists()


def test_a_run_with_failures_exits_with_3(run: Run, write_calls: Write) -> None:
    bad = {"id": "bad", "turns": [{"speaker": "agent", "text": "Ja?"}, {"speaker": "caller", "text": "Störgeräusch"}]}
    run("score", write_calls(1, bad), *FAKE, "--run", "r")
    assert run("judge", "r", "--policy", "bank-en").code == 3


@pytest.mark.usefixtures("scored")
def test_what_was_broken_off_begins_anew_with_the_same_command(run: Run, folder: Path) -> None:
    assert run("judge", "r", "--policy", "lax.yaml").code == 0
    whole = {name: (folder / "r-lax" / name).read_bytes() for name in ("facts.jsonl", "verdicts.jsonl")}
    manifest = folder / "r-lax" / "run.json"
    for kept, torn in ((1, 0), (3, 7), (6, 0)):
        # As a kill leaves it: some lines, perhaps a torn one, and a manifest without an end.
        begun = json.loads(manifest.read_text()) | {"finished": None, "complete": False, "counts": {}}
        manifest.write_text(json.dumps(begun))
        for name, data in whole.items():
            lines = data.splitlines(keepends=True)
            (folder / "r-lax" / name).write_bytes(b"".join(lines[:kept]) + (lines[kept][:torn] if torn else b""))
        result = run("judge", str(folder / "r"), "--policy", "lax.yaml", "--run", "r-lax")
        assert (result.code, result.err) == (0, "")
        assert "2 calls changed\n6 calls judged" in result.out
        assert {name: (folder / "r-lax" / name).read_bytes() for name in whole} == whole


@pytest.mark.usefixtures("scored")
def test_nothing_but_a_half_judged_run_of_the_same_source_is_thrown_away(run: Run, folder: Path) -> None:
    assert run("judge", "r", "--policy", "lax.yaml").code == 0
    before = (folder / "r-lax" / "verdicts.jsonl").read_bytes()
    assert "holds a run" in run("judge", "r", "--policy", "lax.yaml").err
    manifest = folder / "r-lax" / "run.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"finished": None}))
    (folder / "other").mkdir()
    for path in (folder / "r").iterdir():
        (folder / "other" / path.name).write_bytes(path.read_bytes())
    assert "holds a run" in run("judge", "other", "--policy", "lax.yaml", "--run", "r-lax").err
    assert "holds a run" in run("judge", "r-lax", "--policy", "lax.yaml", "--run", "r").err
    assert (folder / "r-lax" / "verdicts.jsonl").read_bytes() == before
