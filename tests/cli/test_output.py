"""An output that cannot be written: one sentence, and the run is whole."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.processes import FAKE, PATIENCE, READER, SOURCE

FULL = Path("/dev/full")
SCORE = (*FAKE, "--run", "r")


def started(*arguments: str, out: int) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(READER), *arguments],
        stdout=out,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.skipif(not FULL.exists(), reason="this machine has no /dev/full")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_full_output_costs_nothing_of_the_run(
    folder: Path, write_calls: Callable[..., str], more: tuple[str, ...]
) -> None:
    calls = write_calls(3)
    with FULL.open("wb") as full:
        code, told = started("score", calls, *SCORE, *more, out=full.fileno())
    assert (code, told) == (
        2,
        "ausweis: standard output cannot be written (No space left on device); nothing else is lost\n",
    )
    assert json.loads((folder / "r" / "run.json").read_text())["complete"] is True
    assert (folder / "r" / "verdicts.jsonl").read_text().count("\n") == 3


def test_a_reader_that_has_gone_is_no_fault_of_a_call(folder: Path, write_calls: Callable[..., str]) -> None:
    calls = write_calls(3)
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        code, told = started("score", calls, *SCORE, out=theirs)
    finally:
        os.close(theirs)
    assert (code, told) == (2, "")
    assert json.loads((folder / "r" / "run.json").read_text())["complete"] is True
