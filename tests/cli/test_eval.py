"""`ausweis eval` from the command line: run, compare, gate, bless, report, validate."""

import html
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self
from xml.etree import ElementTree

import pytest
from tests.evals.cases import ANSWERS, NAME, TELLS, labelled
from tests.evals.test_running import CALLS, write
from tests.test_dependencies import DISTRIBUTIONS, ROOT, plain_name

from ausweis.cli import main
from ausweis.evals.baseline import read_baseline
from ausweis.policies import find_policy
from ausweis.prompts import default_library

Call = Callable[..., tuple[int, str, str]]


class Stopped(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(2026, 3, 2, 9, 14, tzinfo=tz)


@pytest.fixture
def ausweis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """The command line in a folder with a golden set of four calls and scripted answers."""
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
    return ausweis("run", "golden.jsonl", "--engine", "fake:answers.yaml", "--out", folder, *more)


def test_two_that_nobody_named_in_one_second(ausweis: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ausweis.cli.eval.datetime", Stopped)
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
    code, out, _ = ausweis("bless", "one", "--message", "the first", "--baseline", "b/heads.jsonl")
    assert code == 0
    assert "4 calls" in out
    assert (tmp_path / "b" / "heads.answers.jsonl.xz").is_file()

    # Worse: nothing is read any more, so every call is `not_applicable`.
    (tmp_path / "answers.yaml").write_text("answers: [{template: call-start, answer: beginning}, {answer: nothing}]")
    assert run(ausweis, "two", "--quiet") == (0, "", "")
    code, out, _ = ausweis("compare", "one", "two")
    assert code == 0
    assert "Worse: 2 calls" in out
    assert "− actions: contract_data@3 (in the label)" in out

    gate = ("gate", "two", "--baseline", "b/heads.jsonl", "--out", "g.xml", "--out", "g.md", "--out", "g.json")
    code, out, _ = ausweis(*gate)
    # Of four calls no loss can be told from chance, not even that all facts are gone.
    assert code == 1
    assert out.startswith("differs from the baseline: model: fake")
    assert "undecided drop: facts F1" in out
    assert "worse     right: the label says compliant, the verdict was compliant and is not_applicable" in out
    assert "gate undecided: 4 calls, 0 better, 2 worse\nToo few calls to tell a loss from chance: set floors" in out
    suites = ElementTree.parse(tmp_path / "g.xml").getroot()
    assert [suite.get("failures") for suite in suites] == ["0", "2"]
    assert [suite.get("errors") for suite in suites] == ["0", "0"]
    assert int(suites[0].get("skipped") or 0) > 2
    assert json.loads((tmp_path / "g.json").read_bytes())["verdict"] == "undecided"
    assert "## Ausweis eval gate: undecided" in (tmp_path / "g.md").read_text(encoding="utf-8")
    code, out, _ = ausweis(*gate, "--at-least", "accuracy=0.2", "--most-worse", "2")
    assert (code, "gate passed: 4 calls, 0 better, 2 worse" in out) == (0, True)
    code, out, _ = ausweis(*gate, "--at-least", "recall=0.5")
    assert (code, "failed    floor: violation recall: 0.000 in 2 now, at least 0.5 is asked for" in out) == (1, True)


def test_one_call_turn_by_turn(ausweis: Call) -> None:
    run(ausweis, "one", "--quiet")
    code, out, err = ausweis("show", "one", "right")
    assert (code, err) == (0, "")
    assert re.match(r"call right: risk 0\.\d\d\n    label: compliant\n    verdict: compliant\n", out)
    missed = ausweis("show", "one", "broken")[1]
    assert "    label: violation, no_authentication@3\n    verdict: violation, no_authentication@3\n" in missed
    assert "\n    call-start@1: beginning 100.0%\n\n1 caller: Guten Tag, mein Name ist Ilse Krummbiegel.\n" in out
    assert out.endswith(
        "3 agent: Ihr Vertrag läuft bis Mai.\n"
        "    agent-turn@1: tells contract data 100.0%\n"
        "    labelled: discloses contract_data\n"
        "    read as: discloses contract_data 100.0%\n"
    )
    (Path("one") / "answers" / "1" / "answers.jsonl").unlink()
    code, out, err = ausweis("show", "one", "right")
    assert (code, "3 agent: Ihr Vertrag" in out, "no recorded answer" in err) == (0, True, True)


def test_an_unchanged_run_of_few_calls_passes(ausweis: Call) -> None:
    run(ausweis, "one", "--quiet")
    ausweis("bless", "one", "--message", "m", "--baseline", "b.jsonl")
    code, out, _ = ausweis("gate", "one", "--baseline", "b.jsonl")
    assert (code, out.splitlines()[0]) == (0, "differs from the baseline: nothing")
    assert "no loss among 4 can be told from chance" in out


def test_bless_says_what_gets_worse_and_keeps_what_must_pass(ausweis: Call, tmp_path: Path) -> None:
    must = [one.model_copy(update={"gold": one.gold.model_copy(update={"must_pass": True})}) for one in CALLS[:1]]
    write(tmp_path / "golden.jsonl", [*must, *CALLS[1:]])
    run(ausweis, "one", "--quiet")
    assert ausweis("bless", "one", "--message", "m", "--baseline", "b.jsonl")[2] == ""
    write(tmp_path / "golden.jsonl", CALLS)
    run(ausweis, "two", "--quiet")
    ausweis("bless", "two", "--message", "the mark was taken out of the golden set", "--baseline", "b.jsonl")
    assert [case.id for case in read_baseline(tmp_path / "b.jsonl").cases if case.must_pass] == ["right"]
    (tmp_path / "answers.yaml").write_text("answers: [{template: call-start, answer: beginning}, {answer: nothing}]")
    run(ausweis, "three", "--quiet")
    before = (tmp_path / "b.jsonl").read_bytes()
    code, _, err = ausweis("bless", "three", "--message", "m", "--baseline", "b.jsonl")
    assert code == 2
    assert "calls that must pass, by the golden set or the baseline before, are judged wrong: right" in err
    assert (tmp_path / "b.jsonl").read_bytes() == before
    code, _, err = ausweis("bless", "three", "--message", "m", "--baseline", "b.jsonl", "--fewer")
    assert code == 0
    assert "worse than before: right: label compliant, verdict compliant before, not_applicable now" in err
    assert "worse than before: broken: label violation, verdict violation before, not_applicable now" in err


@pytest.mark.parametrize("in_place", [True, False])
def test_a_weakened_policy_does_not_pass_in_silence(ausweis: Call, tmp_path: Path, in_place: bool) -> None:
    """Neither edited in its file, nor given by --policy, by which labels are made anew."""
    policy = tmp_path / "policies" / "ours.yaml"
    policy.parent.mkdir()
    text = find_policy("telecom-de").text.replace("id: telecom-de", "id: ours")
    policy.write_text(text, encoding="utf-8")
    leaks = labelled("leaks", NAME, TELLS, policy="ours", outcome="violation", violations=[("no_authentication", 2)])
    write(tmp_path / "golden.jsonl", [leaks])
    run(ausweis, "one", "--quiet")
    ausweis("bless", "one", "--message", "m", "--baseline", "b.jsonl")
    weak = policy if in_place else tmp_path / "weak.yaml"
    weak.write_text(text.replace("- [pin]", "- [name]"), encoding="utf-8")
    assert run(ausweis, "two", "--quiet", *(() if in_place else ("--policy", "weak.yaml")))[0] == 0
    code, out, _ = ausweis("gate", "two", "--baseline", "b.jsonl")
    assert code == 1
    first = out.splitlines()[0]
    assert first.startswith("differs from the baseline: ")
    assert "policy ours: 1 (" in first
    assert ("labels are taken from the baseline" in first) is not in_place
    assert "failed    weaker policy: 1 labelled violations are none by this policy; " in out
    assert "gate failed: 1 calls, 0 better, 1 worse" in out


def test_a_call_that_went_missing(ausweis: Call, tmp_path: Path) -> None:
    run(ausweis, "one", "--quiet")
    ausweis("bless", "one", "--message", "m", "--baseline", "b.jsonl")
    kept = [word for one in CALLS[:3] for word in ("--only", one.call.id)]
    run(ausweis, "two", *kept, "--quiet")
    code, out, _ = ausweis("gate", "two", "--baseline", "b.jsonl", "--out", "g.xml")
    assert code == 1
    assert "error     missing calls: of files that this run read" in out
    assert "1 of golden.jsonl (missed)\n" in out
    suites = ElementTree.parse(tmp_path / "g.xml").getroot()
    assert [suite.get("errors") for suite in suites] == ["1", "0"]
    assert [suite.get("failures") for suite in suites] == ["0", "0"]


def test_a_golden_file_that_was_not_asked_for_is_no_failure(ausweis: Call, tmp_path: Path) -> None:
    """The baseline is of two files, the run of one: as the first commands of docs/evals.md have it."""
    write(tmp_path / "more.jsonl", [labelled("more", NAME, "A: Wir haben bis 18 Uhr offen.", outcome="not_applicable")])
    run(ausweis, "one", "more.jsonl", "--quiet")
    ausweis("bless", "one", "--message", "m", "--baseline", "b.jsonl")
    run(ausweis, "two", "--quiet")
    code, out, _ = ausweis("gate", "two", "--baseline", "b.jsonl")
    assert code == 0
    assert "skipped   golden files not read: calls of the baseline are not in this run: 1 of more.jsonl\n" in out


EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
WHOLE_WAY = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1].split(): raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
from ausweis.cli import main
engine = ("--engine", "fake:answers.yaml")
for command in (
    ("validate", "golden.jsonl"), ("run", "golden.jsonl", *engine, "--out", "one"), ("report", "one"),
    ("bless", "one", "--message", "m", "--baseline", "b.jsonl"), ("gate", "one", "--baseline", "b.jsonl"),
    ("compare", "one", "b.jsonl"),
):
    try: main(["eval", *command])
    except SystemExit as end: assert not end.code, command
"""


def test_the_packages_of_its_extra_are_enough_for_each_command(ausweis: Call, tmp_path: Path) -> None:
    """With `pip install 'ausweis[evals]'` there is no package of another extra."""
    others = {plain_name(line) for name, lines in EXTRAS.items() if name != "evals" for line in lines}
    others -= {plain_name(line) for line in EXTRAS["evals"]}
    missing = [module for module, names in DISTRIBUTIONS.items() if others & set(map(plain_name, names))]
    assert {"starlette", "xlsxwriter"} <= set(missing)
    command = [sys.executable, "-c", WHOLE_WAY, " ".join(missing)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "one" / "report.html").is_file()


FEWER = "answers: [{template: call-start, answer: beginning}, {answer: nothing}]"
BY_TURNS = ("--prompt", "agent-turn@1", "--strategy", "turnwise")


def test_several_systems_in_one_table(ausweis: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions of a template: a folder for each, told apart by what differs."""
    own = shutil.copytree(default_library().folder, tmp_path / "own")
    text = (own / "agent-turn" / "1.md").read_text("utf-8")
    # In other words: the same question would get the same answer.
    second = text.replace("version: 1", "version: 2").replace("=== system ===", "=== system ===\nBe careful.")
    (own / "agent-turn" / "2.md").write_text(second, "utf-8")
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(own))
    answers = (tmp_path / "answers.yaml").read_text("utf-8")
    (tmp_path / "answers.yaml").write_text(answers.replace("template: agent-turn", "template: agent-turn@1"), "utf-8")
    code, out, err = run(ausweis, "both", "--prompt", "agent-turn@2", *BY_TURNS, "--prompt", "caller-turn@1")
    names = [f"agent-turn@{number}" for number in (2, 1)]
    assert code == 0, err
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == sorted(names)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if "agent-turn@" in line]
    assert [row[0] for row in rows if len(row) > 1] == names
    before, after = rows[0], rows[1]
    assert (before[1:5], before[-3:]) == (["4", "0.250", "0.000", "0.000"], ["", "", ""])
    assert (after[1:5], after[-3:]) == (["4", "0.750", "0.500", "0.000"], ["2", "0", "0.500"])
    assert re.search(r"\d+ answers used again, \d+ asked", out)
    assert f"eval run: {', '.join(f'both/{name}' for name in names)}" in out
    # The same command goes on: all is there.
    assert run(ausweis, "both", "--prompt", "agent-turn@2", *BY_TURNS, "--prompt", "caller-turn@1")[0] == 0


def test_two_files_of_one_version_have_no_names(ausweis: Call, tmp_path: Path) -> None:
    text = (default_library().folder / "agent-turn" / "1.md").read_text("utf-8")
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(text, "utf-8")
    code, _, err = run(ausweis, "both", "--prompt", "a.md", "--prompt", "b.md")
    assert (code, "b.md: two files are agent-turn@1; give one of them another version" in err) == (2, True)


def test_several_runs_are_compared_and_written(ausweis: Call, tmp_path: Path) -> None:
    run(ausweis, "one", "--quiet")
    ausweis("bless", "one", "--message", "m", "--baseline", "b.jsonl")
    (tmp_path / "answers.yaml").write_text(FEWER)
    run(ausweis, "two", "--quiet")
    files = ("c.md", "c.html", "c.json")
    code, out, _ = ausweis("compare", "b.jsonl", "one", "two", *(word for name in files for word in ("--out", name)))
    assert code == 0
    assert "Worse: 2 calls" not in out
    found = json.loads((tmp_path / "c.json").read_bytes())
    assert list(found["runs"]) == ["b.jsonl", "one", "two"]
    assert found["runs"]["one"] | {"seconds": None} == found["runs"]["b.jsonl"]
    assert [len(one["worse"]) for one in found["against_first"].values()] == [0, 2]
    assert found["against_first"]["two"]["p"] == 0.5
    text = (tmp_path / "c.md").read_text("utf-8")
    assert text.startswith("| run | calls | right | found | false alarms | AP | s a call | better | worse | p |\n|---|")
    assert "| `two` | 4 | 0.250 | 0.000 | 0.000 |" in text
    assert "| `right` | `compliant` | `compliant` | `not_applicable` |" in text
    assert "− actions: `contract_data@3` (in the label)" in text
    pair = ausweis("compare", "one", "two")[1]
    page = (tmp_path / "c.html").read_text("utf-8")
    for shown in (pair, html.unescape(page)):
        assert "− actions: contract_data@3 (in the label)" in shown
        assert "AP: average precision of risk" in shown
        assert "4 calls compared." in shown
    assert page.startswith("<!doctype html>")
    assert "<h3>Worse: 2 calls</h3>" in page


def test_runs_of_one_name_are_told_apart_by_their_paths(ausweis: Call) -> None:
    for folder in ("old/run", "new/run"):
        run(ausweis, folder, "--quiet")
    out = ausweis("compare", "old/run", "new/run")[1]
    assert [word for word in ("old/run", "new/run") if f"│ {word} │" in out] == ["old/run", "new/run"]


def test_answers_used_again_are_counted_at_the_end(ausweis: Call, tmp_path: Path) -> None:
    assert "used again" not in run(ausweis, "one")[1]
    found = re.search(r"(\d+) answers used again, 0 asked", run(ausweis, "two")[1])
    assert found is not None
    assert int(found[1]) > 4
    manifest = tmp_path / "two" / "eval.json"
    earlier = re.sub('"finished": "20[0-9]{2}', '"finished": "2020', manifest.read_text("utf-8"))
    manifest.write_text(earlier, "utf-8")
    assert "used again" not in run(ausweis, "two")[1]  # nothing was read, so nothing was used
    assert ('"finished": "2020' in earlier, manifest.read_text("utf-8")) == (True, earlier)


def test_a_sample_larger_than_what_there_is_says_so(ausweis: Call) -> None:
    told = "--sample 6: there are 2 such calls, and all of them are measured"
    assert told in run(ausweis, "few", "--only", "violation", "--sample", "6")[2]
    assert "--sample" not in run(ausweis, "all", "--sample", "4")[2]


def test_numbers_stand_in_a_file(ausweis: Call, tmp_path: Path) -> None:
    run(ausweis, "one")
    assert json.loads((tmp_path / "one" / "metrics.json").read_bytes())["accuracy"]["value"] == 0.75


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
    code, _, err = run(ausweis, "one")
    assert code == 0, err
    numbers = json.loads((tmp_path / "one" / "metrics.json").read_bytes())
    assert (numbers["calls"], numbers["accuracy"]["n"], numbers["incidents"]["calls"]) == (7, 4, 3)
    incidents = numbers["incidents"]
    assert (incidents["known"]["found"]["value"], incidents["known"]["precision"]["value"]) == (0.5, 1.0)
    assert incidents["kinds"]["lawyer_threat"]["average_precision"] == 1.0
    assert incidents["kinds"]["rude_agent"]["average_precision"] is None
    (tmp_path / "answers.yaml").write_text(THREATS.replace('"yes"', '"no"'), encoding="utf-8")
    code, out, _ = run(ausweis, "two")
    assert (code, "lawyer_threat" in out, "outcome accuracy" in out) == (0, True, True)
    code, out, _ = ausweis("compare", "one", "two")
    assert "− incidents: lawyer_threat@1 (in the label)" in out
    ausweis("bless", "one", "--message", "m", "--baseline", "b.jsonl")
    code, out, _ = ausweis("gate", "two", "--baseline", "b.jsonl")
    assert code == 1
    assert "failed    a: must pass: the label says lawyer_threat, the verdict no incident" in out
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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run",), "name the files of a golden set; there is no evals/golden/dev.jsonl here"),
        (("run", "golden.jsonl", "--live", "3"), "--live is for --recorded"),
        (("run", "none.jsonl"), "the labelled calls cannot be read"),
        (("compare", "nowhere", "none"), "nowhere: there is neither an eval run nor a baseline here"),
        (("compare", "golden.jsonl", "nowhere"), "golden.jsonl: is no baseline that this version can read"),
        (("gate", "nowhere"), "nowhere: there is no eval run here"),
        (("gate", "nowhere", "--at-least", "recall"), "say a name and a number from 0 to 1, as recall=0.85"),
        (("gate", "nowhere", "--out", "gate.txt"), "gate.txt: name a file that ends with .xml, .md or .json"),
        (("compare", "nowhere", "nowhere", "--out", "c.xml"), "c.xml: name a file that ends with .md, .html or .json"),
        (("compare", "nowhere"), "nowhere: name another run to compare it with, and each once"),
        (("compare", "a", "b", "a"), "a: name another run to compare it with, and each once"),
        (
            ("run", "golden.jsonl", "--only", "complaint"),
            "no labelled call has the id, outcome, violation, incident, language or tag",
        ),
        (("gate", "nowhere", "--at-least", "recall=85"), "say a name and a number from 0 to 1, as recall=0.85"),
        (("report", "nowhere"), "there is no eval run here"),
    ],
)
def test_wrong_use_gets_a_sentence(ausweis: Call, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = ausweis(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err
