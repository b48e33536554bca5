"""`ausweis eval` from the command line: run, compare, gate, bless, aa, validate, agreement, metamorphic."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.evals.cases import ANSWERS
from tests.evals.test_running import CALLS, write

from ausweis.cli import main

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
