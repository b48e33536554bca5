"""`ausweis judge`: the facts in the store, judged by another policy."""

import json
from pathlib import Path

import pytest
from tests.cli.processes import FAKE, Run, Write
from tests.stored import count, verdicts

LAX = 'id: lax\nversion: "1"\ntitle: A name is enough\nlevels: {standard: {any_of: [[name]]}}\nactions: {}\n'
STORE = Path("ausweis.sqlite")


@pytest.fixture
def scored(run: Run, write_calls: Write, folder: Path) -> None:
    (folder / "lax.yaml").write_text(LAX)
    assert run("score", write_calls(6), *FAKE).code == 0


def outcomes() -> list[str]:
    return [json.loads(line)["outcome"] for line in verdicts(STORE)]


@pytest.mark.usefixtures("scored")
@pytest.mark.parametrize("trial", [True, False])
def test_shows_what_changed_and_keeps_it_unless_it_is_a_trial(run: Run, trial: bool) -> None:
    before = outcomes()
    result = run("judge", "--policy", "lax.yaml", *(["--dry-run"] if trial else []))
    assert (result.code, result.err) == (0, "")
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.out.splitlines() if "│" in line]
    assert ["violation", "compliant", "2"] in cells
    assert ["compliant", "compliant", "4"] in cells
    assert ["call-3", "violation", "compliant"] in cells
    assert "2 calls changed\n6 calls judged: 6 compliant\n" in result.out
    assert before.count("violation") == 2
    assert outcomes() == (before if trial else ["compliant"] * 6)
    assert count(STORE) == (6 if trial else 12)


@pytest.mark.usefixtures("scored")
def test_as_json(run: Run) -> None:
    body = json.loads(run("judge", "--policy", "lax.yaml", "--json").out)
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
def test_the_calls_of_some_days(run: Run) -> None:
    assert "0 calls changed" in run("judge", "--policy", "lax.yaml", "--day", "/2026-03-01").out
    assert "2 calls changed" in run("judge", "--policy", "lax.yaml", "--day", "2026-03-01/").out


@pytest.mark.usefixtures("scored")
def test_the_command_that_was_said_last_counts(run: Run, write_calls: Write) -> None:
    before = outcomes()
    run("judge", "--policy", "lax.yaml")
    # What a model reads once for a policy it need not read again, and what was judged anew settles nothing.
    assert run("score", write_calls(6), "--policy", "telecom-de", "--engine", "fake:answers.yaml", "--quiet").code == 0
    assert outcomes() == before
    (Path.cwd() / "answers.yaml").write_text("answers: [{answer: nothing, error: gone}]")
    run("judge", "--policy", "lax.yaml", "--day", "2027-01-01/")
    assert outcomes() == before


def test_wrong_use(run: Run, write_calls: Write) -> None:
    for arguments, sentence in (
        (("--policy", "bank-en"), "there is no store"),
        (("--policy", "none.yaml"), "no such file"),
    ):
        result = run("judge", *arguments)
        assert result.code == 2
        assert sentence in result.err
    assert not STORE.exists()


def test_calls_that_failed_have_no_facts(run: Run, write_calls: Write) -> None:
    bad = {"id": "bad", "turns": [{"speaker": "agent", "text": "Ja?"}, {"speaker": "caller", "text": "Störgeräusch"}]}
    assert run("score", write_calls(1, bad), *FAKE).code == 3
    result = run("judge", "--policy", "bank-en")
    assert (result.code, "1 calls judged" in result.out) == (0, True)
