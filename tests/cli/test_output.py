"""Streams that cannot be used: one sentence where anything is lost by it, and the run is whole."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.processes import BESIDE, FAKE, PATIENCE, READER, SOURCE, Run
from tests.stored import count

FULL = Path("/dev/full")
SCORE = FAKE
STORE = Path("ausweis.sqlite")


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
    sentence = "ausweis: standard output cannot be written (No space left on device); nothing else is lost\n"
    assert (code, told) == (2, BESIDE + sentence)
    assert count(STORE) == 3


def test_a_reader_that_has_gone_is_no_fault_of_a_call(folder: Path, write_calls: Callable[..., str]) -> None:
    calls = write_calls(3)
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        code, told = started("score", calls, *SCORE, out=theirs)
    finally:
        os.close(theirs)
    assert (code, told) == (2, BESIDE)
    assert count(STORE) == 3


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
@pytest.mark.parametrize("command", [("policies", "list"), ("score", "calls.jsonl", *SCORE)])
def test_a_closed_stream_is_one_that_leads_nowhere(
    folder: Path, write_calls: Callable[..., str], command: tuple[str, ...], closed: tuple[int, ...]
) -> None:
    write_calls(3)
    shut = " ".join(f"{number}{'<' if number == 0 else '>'}&-" for number in closed)
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {shut}', sys.executable, str(READER), *command],
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        timeout=PATIENCE,
        check=False,
    )
    told = b"" if 2 in closed or command[0] != "score" else BESIDE.encode()
    assert (done.returncode, done.stderr) == (0, told)
    assert bool(done.stdout) == (1 not in closed)
    if command[0] == "score":
        assert count(STORE) == 3


def test_a_question_that_nobody_answers_is_no_stop(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, _, told = run("prompts", "release", "agent-turn@1")
    assert (code, told) == (
        2,
        "ausweis: standard input ended before the question was answered; type the answer, or give it as an option\n",
    )


def test_a_folder_that_is_gone_is_told(run: Run, write_calls: Callable[..., str], folder: Path) -> None:
    calls = folder / write_calls(1)
    (folder / "gone").mkdir()
    os.chdir(folder / "gone")
    (folder / "gone").rmdir()
    engine = f"fake:{folder / 'answers.yaml'}"
    result = run("score", str(calls), "--policy", "telecom-de", "--engine", engine)
    os.chdir(folder)
    assert (result.code, result.err) == (2, "ausweis: the current folder is gone; change to another, and try again\n")
