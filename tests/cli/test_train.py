"""`ausweis train`: what is refused before a model is loaded, and what a calibration of risk comes to."""

from pathlib import Path

import pytest
from tests.cli.processes import Run
from tests.evals.test_running import CALLS, write

from ausweis.evals import read_all


@pytest.fixture
def golden(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("AUSWEIS_PROMPTS")
    write(folder / "golden.jsonl", CALLS)
    return "golden.jsonl"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("probe", "golden.jsonl", "--rehearse", "golden.jsonl"), "--rehearse is for --go-on"),
        (("probe", "golden.jsonl", "--template", "agent-turn"), "has no probe: --template is transcript or incidents"),
        (
            ("adapter", "golden.jsonl", "--template", "incidents"),
            "no adapter is learned for incidents@1: --template is transcript",
        ),
        (("adapter", "golden.jsonl", "--device", "abacus"), "PyTorch has no device abacus"),
        (("matcher", "golden.jsonl"), "no call is labelled by a description of a company's own"),
        (("risk", "."), "there is no eval run here"),
    ],
)
def test_wrong_use_gets_a_sentence(run: Run, golden: str, arguments: tuple[str, ...], sentence: str) -> None:
    done = run("train", *arguments)
    assert done.code == 2
    assert sentence in done.err


def test_what_a_calibration_comes_to(run: Run, golden: str, folder: Path) -> None:
    (folder / "all.yaml").write_text("answers: [{template: call-start, answer: beginning}, {answer: nothing}]")
    assert run("eval", "run", golden, "--engine", "fake:all.yaml", "--run", "r", "--quiet").code == 0
    done = run("train", "risk", "r", "--longer", "1.0", "--longer", "1.5")
    assert done.code == 0, done.err
    assert done.out.count("expected") == 2
    broken = sum(labelled.gold.outcome == "violation" for labelled in read_all([folder / golden]))
    assert f"found 0 of {broken}" in done.out
