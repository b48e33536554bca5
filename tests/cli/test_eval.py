"""`ausweis eval` from the command line: run, compare, gate, bless, aa, validate, agreement, metamorphic."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.cli.test_new_folder import Stopped
from tests.evals.cases import ANSWERS
from tests.evals.test_running import CALLS, write

from ausweis.cli import main, new_folder

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ausweis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """The command line in a folder with a golden set of four calls and scripted answers."""
    monkeypatch.delenv("AUSWEIS_PROMPTS")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
    write(tmp_path / "golden.jsonl", CALLS)

    def invoke(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        with pytest.raises(SystemExit) as caught:
            main(["eval", *arguments])
        out, err = capfd.readouterr()
        return int(caught.value.code or 0), out, err

    return invoke


def run(ausweis: Call, folder: str, *more: str) -> tuple[int, str, str]:
    return ausweis("run", "golden.jsonl", "--engine", "fake:answers.yaml", "--run", folder, *more)


def test_two_that_nobody_named_in_one_second(ausweis: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_folder, "datetime", Stopped)
    for _ in range(2):
        code, _, err = ausweis("run", "golden.jsonl", "--engine", "fake:answers.yaml", "--quiet")
        assert (code, err) == (0, "")
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_the_whole_way(ausweis: Call, tmp_path: Path) -> None:
    code, out, _ = run(ausweis, "one")
    assert code == 0
    assert "outcome accuracy" in out
    assert "0.75" in out
    assert "eval run: one" in out
    code, out, _ = ausweis("bless", "one", "--message", "the first", "--baseline", "b/turnwise.jsonl")
    assert code == 0
    assert "4 calls" in out
    assert (tmp_path / "b" / "turnwise.answers.jsonl.xz").is_file()

    # Worse: nothing is read any more, so every call is `not_applicable`.
    (tmp_path / "answers.yaml").write_text("answers: [{template: call-start, answer: beginning}, {answer: nothing}]")
    assert run(ausweis, "two", "--quiet") == (0, "", "")
    code, out, _ = ausweis("compare", "one", "two")
    assert code == 0
    assert "worse: 2 calls" in out
    assert "- actions: contract_data@3 (in the label)" in out

    gate = ("gate", "two", "--baseline", "b/turnwise.jsonl", "--junit", "g.xml", "--markdown", "g.md")
    code, out, _ = ausweis(*gate)
    # Two calls of four may be chance for accuracy; that all facts are gone is none.
    assert code == 1
    assert "failed  drop: facts F1" in out
    suites = ElementTree.parse(tmp_path / "g.xml").getroot()
    assert [suite.get("failures") for suite in suites] != ["0", "0"]
    assert [suite.get("errors") for suite in suites] == ["0", "0"]
    assert "## Ausweis eval gate: failed" in (tmp_path / "g.md").read_text(encoding="utf-8")


def test_a_call_that_went_missing(ausweis: Call, tmp_path: Path) -> None:
    run(ausweis, "one", "--quiet")
    ausweis("bless", "one", "--message", "m", "--baseline", "b.jsonl")
    run(ausweis, "two", "--limit", "3", "--quiet")
    code, out, _ = ausweis("gate", "two", "--baseline", "b.jsonl", "--junit", "g.xml")
    assert code == 1
    assert "error   missed: is in the baseline, but not in the run" in out
    suites = ElementTree.parse(tmp_path / "g.xml").getroot()
    assert suites[1].get("errors") == "1"
    assert suites[1].get("failures") == "0"


def test_repeats_and_their_false_alarms(ausweis: Call) -> None:
    run(ausweis, "one", "--repeat", "3", "--quiet")
    code, out, _ = ausweis("aa", "one", "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["runs"], found["rate"]["n"], found["rate"]["value"]) == (3, 6, 0.0)


def test_numbers_as_json(ausweis: Call) -> None:
    _, out, _ = run(ausweis, "one", "--json")
    assert json.loads(out)["accuracy"]["value"] == 0.75


THREATS = r"""
answers:
  - {template: incident, contains: "go to a lawyer or a court.\ncaller: Das liest mein Anwalt", answer: "yes"}
  - {template: incident, answer: "no"}
  - {template: call-start, answer: beginning}
  - {answer: nothing}
"""


def test_labels_of_incidents_are_measured_too(ausweis: Call, tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text(THREATS, encoding="utf-8")
    calls = (("a", "Das liest mein Anwalt.", ["lawyer_threat"]), ("b", "Dann bin ich weg.", ["cancel_threat"]))
    with (tmp_path / "golden.jsonl").open("a", encoding="utf-8") as golden:
        for name, words, ids in (*calls, ("c", "Ich ziehe um.", [])):
            turns = [{"speaker": "caller", "text": words}, {"speaker": "agent", "text": "Das tut mir leid."}]
            label = {"events": [{"id": identifier, "turn": 1} for identifier in ids]}
            gold = {"incidents": label, "must_pass": name == "a"}
            golden.write(json.dumps({"call": {"id": name, "turns": turns}, "gold": gold}) + "\n")
    code, out, err = run(ausweis, "one", "--json")
    assert code == 0, err
    numbers = json.loads(out)
    assert (numbers["calls"], numbers["accuracy"]["n"], numbers["incidents"]["calls"]) == (7, 4, 3)
    incidents = numbers["incidents"]
    assert (incidents["known"]["found"]["value"], incidents["known"]["precision"]["value"]) == (0.5, 1.0)
    assert incidents["kinds"]["lawyer_threat"]["average_precision"] == 1.0
    assert incidents["kinds"]["rude_agent"]["average_precision"] is None
    (tmp_path / "answers.yaml").write_text(THREATS.replace('"yes"', '"no"'), encoding="utf-8")
    code, out, _ = run(ausweis, "two")
    assert (code, "lawyer_threat" in out, "outcome accuracy" in out) == (0, True, True)
    code, out, _ = ausweis("compare", "one", "two")
    assert "- incidents: lawyer_threat@1 (in the label)" in out
    ausweis("bless", "one", "--message", "m", "--baseline", "b.jsonl")
    code, out, _ = ausweis("gate", "two", "--baseline", "b.jsonl")
    assert code == 1
    assert "failed  a: must pass: the label says lawyer_threat, the verdict no incident" in out
    assert "drop: F1 of known incidents" in out
    code, out, _ = ausweis("report", "two")
    assert code == 0
    page = (tmp_path / "two" / "report.html").read_text("utf-8")
    assert "Critical incidents" in page
    assert "missed" in page


def test_validate_tells_the_mix_and_what_is_wrong(ausweis: Call, tmp_path: Path) -> None:
    code, out, _ = ausweis("validate", "golden.jsonl")
    assert (code, out.splitlines()[-1]) == (0, "no problems")
    assert "policy: 3 telecom-de, 1 bank-en" in out
    text = (
        (tmp_path / "golden.jsonl")
        .read_text(encoding="utf-8")
        .replace('"caller":"account_holder"', '"caller":"unclear"')
    )
    (tmp_path / "golden.jsonl").write_text(text, encoding="utf-8")
    code, out, _ = ausweis("validate", "golden.jsonl")
    assert code == 1
    assert "golden.jsonl: right: caller: the label says unclear, the rules make account_holder" in out


def test_agreement_of_two_files_of_labels(ausweis: Call, tmp_path: Path) -> None:
    label = {"id": "a", "turns": 2, "outcome": "compliant", "caller": "unclear", "authorisation": "not_needed"}
    for name, outcome in (("one", "compliant"), ("two", "violation")):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({**label, "outcome": outcome}) + "\n", encoding="utf-8")
    code, out, _ = ausweis("agreement", "one.jsonl", "two.jsonl", "--list")
    assert code == 0
    assert "outcome: a" in out


def test_metamorphic(ausweis: Call) -> None:
    arguments = ("metamorphic", "golden.jsonl", "--engine", "fake:answers.yaml", "--run", "m")
    code, out, _ = ausweis(*arguments)
    assert code == 0
    assert "drop_the_factor" in out
    assert "swap_goodbyes" not in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run",), "name the files of a golden set; there is no evals/golden/dev.jsonl here"),
        (("run", "golden.jsonl", "--live", "3"), "--live is for --recorded"),
        (("run", "none.jsonl"), "the labelled calls cannot be read"),
        (("compare", "nowhere", "nowhere"), "there is no baseline"),
        (("gate", "nowhere"), "there is no baseline"),
        (("report", "nowhere"), "there is no eval run here"),
        (("aa", "golden.jsonl"), "is no baseline that this version can read"),
    ],
)
def test_wrong_use_gets_a_sentence(ausweis: Call, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = ausweis(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err
