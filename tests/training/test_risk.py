"""Calibrations are shown by the calls of one repeat, each golden file apart; what has no risk is refused."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.evals.cases import NAME, TELLS, labelled

pytest.importorskip("sklearn")

from ausweis.batch.manifest import Machine
from ausweis.batch.state import facts_line
from ausweis.errors import InputError, RunError
from ausweis.evals.folder import EvalManifest, GoldenFile, Plan, write_eval
from ausweis.evals.labelled import LabelledCall, gold_facts
from ausweis.facts import Facts
from ausweis.judging import find_policy
from ausweis.judging.policy_files import PolicyFile
from ausweis.judging.risk import CALIBRATION
from ausweis.training import risk
from ausweis.training.risk import show_calibrations

PIN = "C: Meine PIN ist 1234. << gives pin"


def calls(name: str) -> list[LabelledCall]:
    """One that kept the policy and one that broke it."""
    return [
        labelled(f"{name}-kept", NAME, PIN, TELLS),
        labelled(f"{name}-broken", NAME, TELLS, outcome="violation", violations=[("no_authentication", 2)]),
    ]


def golden(path: Path, found: Sequence[LabelledCall]) -> GoldenFile:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(one.line() + "\n" for one in found), encoding="utf-8")
    return GoldenFile(path=str(path), sha256="", calls=len(found))


def eval_run(folder: Path, files: Sequence[GoldenFile], facts: Sequence[Facts]) -> Path:
    """A finished one, its first repeat in which this was read."""
    write_facts(folder, 1, "".join(facts_line(one) + "\n" for one in facts))
    write_eval(folder, EvalManifest(plan=Plan(golden=tuple(files)), machine=Machine.here(), started=""))
    return folder


def write_facts(folder: Path, repeat: int, text: str) -> None:
    path = folder / "runs" / str(repeat) / "telecom-de-00000000" / "facts.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


def shown(run: Path) -> list[str]:
    told: list[str] = []
    show_calibrations(run, [0.1], [CALIBRATION], told.append)
    return told


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two golden files of one name, read without a mistake."""
    mine, shared = calls("mine"), calls("shared")
    files = [golden(tmp_path / "mine" / "dev.jsonl", mine), golden(tmp_path / "shared" / "dev.jsonl", shared)]
    return eval_run(tmp_path / "run", files, [gold_facts(one) for one in (*mine, *shared)])


def test_each_golden_file_has_its_row(run: Path, tmp_path: Path) -> None:
    _, mine, shared = shown(run)
    for row, folder in ((mine, "mine"), (shared, "shared")):
        assert row.split()[0] == str(tmp_path / folder / "dev.jsonl")
        assert "right 1.000, false alarms 0 of 1, found 1 of 1" in row


def test_one_repeat_is_looked_at(run: Path) -> None:
    before = shown(run)
    write_facts(run, 2, "nothing that could be read\n")
    assert shown(run) == before


def test_a_policy_is_read_once(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def found(name: str) -> PolicyFile:
        asked.append(name)
        return find_policy(name)

    monkeypatch.setattr(risk, "find_policy", found)
    shown(run)
    assert asked == ["telecom-de"]


def test_nothing_that_was_read_is_refused(tmp_path: Path) -> None:
    run = eval_run(tmp_path / "run", [golden(tmp_path / "dev.jsonl", calls("a"))], [])
    with pytest.raises(InputError, match="run: the eval run has read no call whose label has an outcome"):
        shown(run)


def test_a_broken_line_is_told_with_its_place(run: Path) -> None:
    (path,) = run.rglob("facts.jsonl")
    path.write_text("{}\n")
    with pytest.raises(RunError, match=r"facts\.jsonl:1"):
        shown(run)
