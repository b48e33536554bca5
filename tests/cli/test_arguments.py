"""The rule: an argument that is no text, or no name, is refused in one sentence, whatever it stands for."""

import os
import subprocess
import sys

import pytest
from tests.cli.processes import SOURCE

from ausweis.cli import main

HALF = "anruf\ud800"
COMMANDS = [
    ["score", HALF, "--policy", "telecom-de"],
    ["score", "calls", "--policy", HALF],
    ["score", "calls", "--policy", "telecom-de", "--model", HALF],
    ["score", "calls", "--policy", "telecom-de", "--engine", f"fake:{HALF}"],
    ["judge", HALF, "--policy", "telecom-de"],
    ["policies", "show", HALF],
    ["prompts", "show", HALF],
    ["models", "pull", HALF],
    ["schema", HALF],
    [HALF],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=[" ".join(one[:2]).strip(HALF) for one in COMMANDS])
def test_half_a_character_is_refused(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    place = next(number for number, one in enumerate(arguments, start=1) if HALF in one)
    assert caught.value.code == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"ausweis: argument {place} is not UTF-8")


LONG = "9" * 5000
PATHS = [
    ["prompts", "show", LONG],
    ["prompts", "show", f"agent-turn@{LONG}"],
    ["eval", "compare", LONG, LONG],
    ["policies", "show", LONG],
]


@pytest.mark.parametrize("arguments", PATHS, ids=range(len(PATHS)))
def test_a_name_that_is_too_long_is_refused(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_bytes_that_are_no_text_come_from_a_shell_too() -> None:
    command = [sys.executable.encode(), b"-m", b"ausweis", b"policies", b"show", b"regel\xff.yaml"]
    done = subprocess.run(command, capture_output=True, env=os.environ | {"PYTHONPATH": str(SOURCE)}, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"ausweis: argument 3 is not UTF-8")
