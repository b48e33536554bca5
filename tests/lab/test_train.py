"""`python -m evals.lab train`: what is refused before a model is loaded, and that nothing else loads what learns."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from evals.lab.__main__ import lab
from evals.lab.train import train
from tests.cli.processes import Ran, Run
from tests.evals.cases import labelled
from tests.evals.test_running import CALLS, write

from ausweis.cli import main
from ausweis.labelled import IncidentLabel, LabelledCall


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def in_this_process(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as done:
            main(list(arguments), lab)
        return Ran(int(done.value.code or 0), *capfd.readouterr())

    return in_this_process


@pytest.fixture
def golden(folder: Path) -> str:
    write(folder / "golden.jsonl", CALLS)
    write(folder / "one.jsonl", CALLS[:1])
    return "golden.jsonl"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("probe", "golden.jsonl", "--rehearse", "golden.jsonl"), "--rehearse is for --go-on"),
        (("probe", "golden.jsonl", "--share", "0.5"), "--share is for --go-on"),
        (("probe", "golden.jsonl", "--template", "agent-turn"), "has no probe: --template is transcript or incidents"),
        (("answers", "golden.jsonl"), "calls have the label 'for another': 10 must have it, and as many must not"),
        (("answers", "golden.jsonl", "--weigh", "golden.jsonl"), "of the calls to weigh by are learned from too, "),
        (("answers", "golden.jsonl", "--template", "incidents"), "no probe of answers is learned for incidents@1"),
        (("probe", "one.jsonl"), "two calls with a line by agent or caller are the fewest"),
        (("probe", "golden.jsonl", "--template", "incidents"), "no label is in 3 of their lines"),
        (("matcher", "golden.jsonl", "--template", "transcript"), "no matcher is learned for transcript@1: --template"),
        (("words", "golden.jsonl", "--template", "incidents"), "no matcher of words is learned for incidents@1"),
        (("matcher", "golden.jsonl"), "no call is labelled by a description of a company's own"),
    ],
)
def test_wrong_use_gets_a_sentence(run: Run, golden: str, arguments: tuple[str, ...], sentence: str) -> None:
    done = run("train", *arguments)
    assert done.code == 2
    assert sentence in done.err


def described(name: str, text: str, speaker: str | None) -> LabelledCall:
    call = labelled(name, "A: Das sind zwei Monate.", "A: Ja.")
    own = [{"id": "period", "description": text, "speaker": speaker}]
    label = IncidentLabel.model_validate({"events": [], "known": [], "own": own})
    return call.model_copy(update={"gold": call.gold.model_copy(update={"incidents": label})})


@pytest.mark.parametrize(
    ("calls", "sentence"),
    [
        ([("a", "Es fällt eine Frist.", "agent")], "calls must have two different descriptions as their first"),
        (
            [("a", "Es fällt eine Frist.", "agent"), ("b", "Der Anrufer nennt eine Frist.", "caller")],
            "calls must have two different descriptions as their first",
        ),
        (
            [("a", "Eine Frist.", "agent"), ("b", "Ein Preis.", "agent"), ("c", "Ein Preis.", None)],
            "c: another call has the description of period with another speaker: give both the same",
        ),
    ],
    ids=["one", "nobody-could-say-the-other", "two-sides"],
)
def test_descriptions_that_nothing_can_be_learned_of(
    run: Run, golden: str, folder: Path, calls: list[tuple[str, str, str | None]], sentence: str
) -> None:
    write(folder / "described.jsonl", [described(*call) for call in calls])
    done = run("train", "matcher", "described.jsonl")
    assert done.code == 2
    assert sentence in done.err


LOADED = """
import sys
{statement}
print(*(name for name in sys.modules if name.partition(".")[0] == "torch" or name.startswith("evals.lab.training")))
"""


@pytest.mark.parametrize(
    "statement",
    [
        "import ausweis.cli, ausweis.cli.score, ausweis.cli.judge, ausweis.cli.eval, ausweis.cli.serve",
        "import ausweis.batch, ausweis.reading, ausweis.judging, ausweis.evals.running, ausweis.pages, ausweis.store",
        "import evals.lab.train",
    ],
)
def test_nothing_else_loads_what_learns(statement: str) -> None:
    code = LOADED.format(statement=statement)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_without_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = CliRunner().invoke(train, ["roles", __file__])
    assert str(done.exception) == "learning needs PyTorch: pip install --group lab"
