"""The command line in a process of its own, killed and stopped.

The rule: from its first line on, Ctrl-C and SIGTERM end any command in one sentence and with code 130, or, where it had
ended, with the code that it had. None is killed by them, and none shows a traceback.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.cli.processes import FAKE, PATIENCE, READER, SOURCE, Run, Start, Write
from tests.stored import content, count, failures, verdicts

from ausweis.cli import broken_off
from ausweis.judging.verdict import comparable
from ausweis.store import RunWriter, Store


def wait_for(number: int, process: "subprocess.Popen[bytes]") -> None:
    """Until so many verdicts are there."""
    end = time.monotonic() + PATIENCE
    while count(STORE) < number:
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < end
        time.sleep(0.002)


STORE = Path("ausweis.sqlite")


@pytest.mark.slow
def test_killed_at_ten_random_points(start: Start, write_calls: Write) -> None:
    calls = write_calls(60, delay=0.005)
    whole = start("score", calls, *FAKE, "--store", "whole.sqlite")
    choose = random.Random(4711)
    for number in sorted(choose.sample(range(1, 38), 10)):
        process = start("score", calls, *FAKE)
        wait_for(number, process)
        time.sleep(choose.uniform(0, 0.02))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    last = start("score", calls, *FAKE)
    assert (whole.wait(PATIENCE), last.wait(PATIENCE)) == (0, 0)
    whole.communicate()
    last.communicate()
    assert count(STORE) == 60
    assert content(STORE) == content(Path("whole.sqlite"))
    with Store.open(STORE) as store:
        store.verify_chain()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped(start: Start, write_calls: Write, number: signal.Signals) -> None:
    calls = write_calls(200, delay=0.02)
    process = start("score", calls, *FAKE, "--out", "verdicts.jsonl")
    wait_for(3, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert err.decode().splitlines()[-1] == "ausweis: stopped: the same command goes on"
    assert out == b""
    lines = Path("verdicts.jsonl").read_text("utf-8").splitlines()
    assert [comparable(line) for line in lines] == verdicts(STORE)
    assert 3 <= len(lines) < 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_between_the_store_and_the_file(
    run: Run, write_calls: Write, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    add = RunWriter.add

    def signalled(*arguments: Any) -> None:
        add(*arguments)
        signal.raise_signal(number)

    earlier = signal.signal(number, signal.default_int_handler)
    try:
        monkeypatch.setattr(RunWriter, "add", signalled)
        assert run("score", write_calls(3), *FAKE, "--out", "verdicts.jsonl").code == 130
    finally:
        signal.signal(number, earlier)
    lines = Path("verdicts.jsonl").read_text("utf-8").splitlines()
    assert [comparable(line) for line in lines] == verdicts(STORE)
    assert len(lines) == 1


COMMANDS = {
    "score": ("score", "calls.jsonl", "--policy", "energy-de", "--engine", "fake:answers.yaml"),
    "judge": ("judge", "--policy", "energy-de"),
    "verify": ("store", "verify"),
    "delete": ("store", "delete", "call-3"),
    "review": ("review", "--day", "today", "--out", "review.html"),
    "list": ("policies", "list"),
}


def handles_signals(process: "subprocess.Popen[bytes]") -> bool:
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_ends_in_a_sentence_at_any_moment(
    run: Run, write_calls: Write, command: str, number: signal.Signals
) -> None:
    assert run("score", write_calls(6), *FAKE).code == 0
    for moment in (0, 0.02, 0.1, 0.3, 0.5, 0.8):
        process = subprocess.Popen(
            [sys.executable, "-m", "ausweis", *COMMANDS[command]],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(SOURCE)},
        )
        while not handles_signals(process):
            time.sleep(0.002)
        time.sleep(moment)
        process.send_signal(number)
        told = process.communicate(timeout=PATIENCE)[1].decode()
        assert "Traceback" not in told
        if process.returncode == 130:
            assert told.strip().splitlines()[-1].startswith("ausweis: stopped")
        else:
            assert process.returncode in (0, 2), told


KILL = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
WAIT = "import time; time.sleep(1)"
MOMENTS = {
    "before a command begins": (
        f"class Finder:\n def find_spec(*_): {KILL}; {WAIT}\nsys.meta_path.insert(0, Finder)",
        130,
    ),
    # Python remembers a KeyboardInterrupt that comes out of `exec`, though it is caught, and kills itself at its end.
    "in text that is run": (f"instead(lambda: exec({f'{KILL}; {WAIT}'!r}))", 130),
    # What is raised there is lost, as in the callbacks of Python's own imports.
    "where nothing can be raised": (
        f"class Deaf:\n def __del__(self): {KILL}; {WAIT}\ninstead(lambda: (Deaf() and None, exec({WAIT!r})))",
        130,
    ),
    "when it has ended": (f"instead(lambda: atexit.register(exec, {KILL!r}, {{}}) and sys.exit(3))", 3),
    # Pydantic builds a schema, and gives its own error for what broke that off.
    "in a library that hides it": (
        f"def build():\n try: {KILL}; {WAIT}\n except BaseException: raise ValueError('no schema') from None\n"
        "instead(build)",
        130,
    ),
    "in one that takes it for a mistake of the user's": (
        f"import click\ndef ask():\n try: {KILL}; {WAIT}\n except BaseException: raise click.UsageError('') from None\n"
        "instead(ask)",
        130,
    ),
    # SQLAlchemy's pool logs what breaks off the closing of a connection.
    "in one that logs it": (
        f"import logging\ndef close():\n try: {KILL}; {WAIT}\n"
        " except BaseException: logging.error('closing', exc_info=True); raise\n"
        "instead(close)",
        130,
    ),
    "while a thread waits for ever": (
        f"import threading\ndef begin(): threading.Thread(target=threading.Event().wait).start(); {KILL}; {WAIT}\n"
        "instead(begin)",
        130,
    ),
    "twice when it has ended": (f"instead(lambda: atexit.register(exec, {f'{KILL}; {KILL}; {WAIT}'!r}, {{}}))", 130),
    "when Python ends": (
        "class Last:\n def __del__(self, kill=os.kill): kill(os.getpid(), signal.SIGTERM)\n"
        "sys.last = Last(); instead(lambda: sys.exit(3))",
        3,
    ),
}
INSTEAD = """
import atexit, os, signal, sys
from ausweis.__main__ import main
def instead(command):
    import click, ausweis.cli
    ausweis.cli.cli = click.Command("x", callback=command)
"""


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_at_each_of_its_moments(moment: str) -> None:
    setting, code = MOMENTS[moment]
    done = subprocess.run(
        [sys.executable, "-c", f"{INSTEAD}\n{setting}\nsys.argv[1:] = []\nmain()"],
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        timeout=PATIENCE,
        check=False,
    )
    told = done.stderr.decode().strip()
    assert (done.returncode, told) == (code, "ausweis: stopped" if code == 130 else "")


def test_a_signal_that_a_library_makes_an_error_of_one_call(
    run: Run, write_calls: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        broken_off.append(signal.SIGINT)
        raise ValueError

    calls = write_calls(9)
    with monkeypatch.context() as patch:
        patch.setattr("ausweis.batch.scoring.judge", broken)
        for more in ((), ("--quiet",)):
            result = run("score", calls, *FAKE, *more)
            broken_off.clear()
            assert (result.code, result.err.splitlines()[-1]) == (130, "ausweis: stopped: the same command goes on")
    assert [one["call_id"] for one in failures(STORE)] == ["call-1"]
    assert run("score", calls, *FAKE).code == 0
    assert (count(STORE), failures(STORE)) == (9, [])


def test_two_at_once_on_one_store(start: Start, write_calls: Write) -> None:
    calls = write_calls(40, delay=0.002)
    both = [start("score", calls, *FAKE) for _ in range(2)]
    for process in both:
        assert (process.communicate(timeout=PATIENCE)[1].decode().count("Traceback"), process.returncode) == (0, 0)
    alone = start("score", calls, *FAKE, "--store", "alone.sqlite")
    alone.communicate(timeout=PATIENCE)
    assert content(STORE) == content(Path("alone.sqlite"))
    with Store.open(STORE) as store:
        store.verify_chain()


def test_a_bar_on_a_terminal(write_calls: Write) -> None:
    command = [sys.executable, str(READER), "score", write_calls(20, delay=0.02), *FAKE]
    ours, theirs = os.openpty()
    environment = os.environ | {"PYTHONPATH": str(SOURCE), "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:
        pass  # a terminal that nobody writes to any more
    finally:
        os.close(ours)
    out = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0
    assert b"of 20 calls" in shown
    assert b" left" in shown
    assert b"of 20 calls" not in out
