"""What learns is loaded by its own command alone."""

import subprocess
import sys

import pytest
from click.testing import CliRunner
from evals.lab.train import train

LOADED = """
import sys
{statement}
print(*(name for name in sys.modules if name.partition(".")[0] == "torch" or name.startswith({package!r})))
"""


@pytest.mark.parametrize(
    "statement",
    [
        "import ausweis.cli, ausweis.cli.score, ausweis.cli.judge, ausweis.cli.eval.run, ausweis.cli.serve",
        "import ausweis.batch, ausweis.reading, ausweis.judging, ausweis.evals.running, ausweis.pages, ausweis.store",
        "import evals.lab.train, evals.lab.train.probe",
    ],
)
def test_nothing_else_loads_what_learns(statement: str) -> None:
    code = LOADED.format(statement=statement, package="evals.lab.training")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_without_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = CliRunner().invoke(train, ["roles", "."])
    assert str(done.exception) == "learning needs PyTorch: pip install --group lab"
