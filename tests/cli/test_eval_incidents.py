"""`ausweis eval incidents`, with answers from a script: asked by description, as models without a probe are."""

import json
from pathlib import Path

import pytest
from tests.cli.processes import Run

PROMPTS = str(Path(__file__).parents[2] / "prompts")
ANSWERS = """\
answers:
  - {contains: "go to a lawyer or a court.\\ncaller: Das liest mein Anwalt", answer: "yes"}
  - {answer: "no"}
"""


def case(name: str, words: str, *kinds: str) -> str:
    turns = [{"speaker": "caller", "text": words}, {"speaker": "agent", "text": "Das tut mir leid."}]
    gold = {"incidents": [{"kind": kind, "turn": 1} for kind in kinds]}
    return json.dumps({"call": {"id": name, "turns": turns}, "gold": gold}) + "\n"


@pytest.fixture
def golden(folder: Path) -> str:
    (folder / "answers.yaml").write_text(ANSWERS)
    threats = case("a", "Das liest mein Anwalt.", "lawyer_threat") + case("b", "Dann bin ich weg.", "cancel_threat")
    (folder / "golden.jsonl").write_text(threats + case("c", "Ich ziehe um."))
    return "golden.jsonl"


def test_the_numbers_and_what_was_found(run: Run, golden: str, folder: Path) -> None:
    given = ("--engine", "fake:answers.yaml", "--prompts", PROMPTS, "--out", "found.jsonl")
    done = run("eval", "incidents", golden, *given, "--json")
    assert done.code == 0, done.err
    numbers = json.loads(done.out)
    assert (numbers["found"]["value"], numbers["precision"]["value"]) == (0.5, 1.0)
    assert numbers["kinds"]["lawyer_threat"]["average_precision"] == 1.0
    assert numbers["kinds"]["rude_agent"]["average_precision"] is None
    read = [json.loads(line) for line in (folder / "found.jsonl").read_text("utf-8").splitlines()]
    assert [[one["kind"] for one in call["incidents"]] for call in read] == [["lawyer_threat"], [], []]


@pytest.mark.parametrize(("bar", "code"), [("0.6", 0), ("0.7", 1)])
def test_a_bar_for_ci(run: Run, golden: str, bar: str, code: int) -> None:
    given = ("--engine", "fake:answers.yaml", "--prompts", PROMPTS, "--fail-under", bar)
    done = run("eval", "incidents", golden, *given)
    assert done.code == code
    assert ("F1 0.667 is below 0.7" in done.err) == (code == 1)
    assert "lawyer_threat" in done.out
