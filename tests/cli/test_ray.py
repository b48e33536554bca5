"""`ausweis score --workers 2`: two processes on this machine, stopped, killed, and what is left behind."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.cli.processes import PATIENCE, Cli, files_with
from tests.stored import content, count

pytestmark = pytest.mark.ray
RAY = ("--workers", "2", "--quiet")
AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
"""They see no calls; where Ray was not ended in good order, they may look for it for a minute."""
WORDS = ("Krummbiegel", "Meine PIN", "Ihr Vertrag", "Störgeräusch")
"""What is said in the calls."""
ANSWERS = """\
delay: {delay}
answers:
  - {{template: call-start, answer: beginning}}
  - {{contains: Störgeräusch, error: no answer for this call}}
  - {{template: caller-turn, contains: Meine PIN, answer: {{gives pin: 0.9, nothing: 0.1}}}}
  - {{template: caller-turn, contains: mein Name, answer: gives name}}
  - {{template: agent-turn, contains: Ihr Vertrag, answer: tells contract data}}
  - {{answer: nothing}}
"""
HANGING = """\
import atexit, time
from pathlib import Path

import ray
from ausweis.batch.ray_runner import connected


class Hanging:
    def __init__(self):
        atexit.register(time.sleep, 3600)

    def answers(self):
        return True


with connected(1, Path("run")):
    worker = ray.remote(Hanging).remote()
    ray.get(worker.answers.remote())
    del worker
    time.sleep(1)
print("left")
"""
"""A worker that Ray sends home, and that does not go."""


@pytest.fixture
def cli(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """Whatever a test leaves running is ended. The key lies apart, so that nothing is said of it."""
    monkeypatch.setenv("AUSWEIS_STORE_KEY_FILE", str(folder / "keys" / "key"))
    (folder / "home").mkdir()
    (folder / "home" / ".keep").touch()
    cli = Cli(folder, os.urandom(8).hex())
    yield cli
    for number in cli.processes():
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    cli.temporary.rmdir()
    assert [path.name for path in (folder / "home").rglob("*")] == [".keep"]


@pytest.fixture
def write(folder: Path, write_calls: Callable[..., str]) -> Callable[..., None]:
    """Writes so many calls, one that the engine gives no answer for, and one that cannot be read."""

    def of(count: int, delay: float = 0.0) -> None:
        noise = {"id": "noise", "turns": [{"speaker": "caller", "text": "Störgeräusch"}]}
        write_calls(count, noise, {"id": "none", "turns": []})
        (folder / "answers.yaml").write_text(ANSWERS.format(delay=delay), encoding="utf-8")

    return of


def test_the_same_verdicts_and_nothing_left(cli: Cli, write: Callable[..., None]) -> None:
    write(30)
    plain = scored(cli)
    process = cli.start("--json", *RAY)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (3, b"")
    assert json.loads(out)["verdicts"] == 30
    assert content(cli.store) == plain
    assert not (cli.folder / ".ray-spill").exists()
    cli.until_none_runs()


def scored(cli: Cli) -> dict[str, list[Any]]:
    """What a run of these calls without Ray makes of them."""
    assert cli.run("--store", "plain/ausweis.sqlite", "--quiet") == (3, "")
    return content(cli.folder / "plain" / "ausweis.sqlite")


def in_the_middle(cli: Cli, write: Callable[..., None]) -> "tuple[subprocess.Popen[bytes], Path, dict[str, list[Any]]]":
    """A run with some verdicts, Ray's folder of it, and what the same run without Ray comes to."""
    write(30, delay=0.03)
    plain = scored(cli)
    process = cli.start(*RAY)
    cli.wait_for(4, process)
    (own,) = cli.temporary.iterdir()
    return process, own, plain


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_and_gone_on_with(cli: Cli, write: Callable[..., None], number: signal.Signals) -> None:
    process, own, plain = in_the_middle(cli, write)
    assert files_with(WORDS, own) == []
    if number is signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does: all processes of the group
    else:
        process.send_signal(number)
    error = process.communicate(timeout=PATIENCE)[1].decode()
    assert (process.returncode, error) == (130, "ausweis: stopped: the same command goes on\n")
    assert 4 <= count(cli.store) < 30
    cli.until_none_runs()
    # What one runner began, another can end.
    assert cli.run(*(RAY if number is signal.SIGINT else ()))[0] == 3
    assert content(cli.store) == plain


def test_a_worker_that_hangs_at_its_end_goes_with_the_run(cli: Cli) -> None:
    (cli.folder / "hanging.py").write_text(HANGING, encoding="utf-8")
    out, err = cli.launch("hanging").communicate(timeout=PATIENCE)
    assert (out, err) == (b"left\n", b"")
    cli.until_none_runs()


@pytest.mark.parametrize("seconds", [0.1, 1.0, 2.0])
def test_stopped_while_ray_starts(cli: Cli, write: Callable[..., None], seconds: float) -> None:
    write(3)
    process = cli.start(*RAY)
    while not any(cli.temporary.iterdir()):
        time.sleep(0.01)
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    error = process.communicate(timeout=PATIENCE)[1].decode()
    assert (process.returncode, error) == (130, "ausweis: stopped: the same command goes on\n")
    assert not cli.store.exists()
    cli.until_none_runs(but=AGENTS)


def test_a_worker_that_dies_loses_no_call(cli: Cli, write: Callable[..., None]) -> None:
    write(30, delay=0.03)
    plain = scored(cli)
    process = cli.start(*RAY)
    for number in (4, 12):
        cli.wait_for(number, process)
        workers = cli.processes("ray::MapWorker", "ray::_MapWorker")
        assert workers
        os.kill(min(workers), signal.SIGKILL)
    error = process.communicate(timeout=PATIENCE)[1].decode()
    assert (process.returncode, error) == (3, "")
    assert content(cli.store) == plain


def test_the_program_is_killed_and_its_processes_go_too(cli: Cli, write: Callable[..., None]) -> None:
    process, own, plain = in_the_middle(cli, write)
    process.kill()
    process.communicate()
    cli.until_none_runs(but=AGENTS)
    # Nobody is left to remove the folder; no word of a call is in it.
    assert files_with(WORDS, own) == []
    subprocess.run(["rm", "-r", own], check=True)
    assert cli.run()[0] == 3
    assert content(cli.store) == plain


def test_a_cluster_of_two_machines_here(cli: Cli, write: Callable[..., None]) -> None:
    write(30)
    plain = scored(cli)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    # The names of Ray's sockets must be short.
    with tempfile.TemporaryDirectory(prefix="cluster-") as logs:
        secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": cli.mark * 4}
        start = ("start", "--block", "--num-cpus=1", "--disable-usage-stats")
        port = address.rpartition(":")[2]
        head = (f"--port={port}", "--include-dashboard=false", f"--temp-dir={logs}")
        machines = []
        for options in (("--head", *head), (f"--address={address}",)):
            machine = cli.launch("ray.scripts.scripts", *start, *options, **secret)
            assert machine.stdout is not None
            assert any(b"Ray runtime started" in line for line in machine.stdout)
            machines.append(machine)
        code, error = cli.run(*RAY, RAY_ADDRESS=address, **secret)
        assert (code, error) == (3, "")
        assert content(cli.store) == plain
        assert files_with(WORDS, Path(logs)) == []
        cli.until_none_runs("ray::Map", "ray::_Map")  # a cluster that goes on ends the workers of a run after it
        for number in cli.processes():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        for machine in machines:
            machine.communicate()


@pytest.mark.parametrize(
    ("options", "environment", "sentence"),
    [
        (("--record", "answers"), {}, "--record writes from one process"),
        (("--engine", "fake:nothing.yaml"), {}, "the scripted answers cannot be read"),
        ((), {"RAY_ADDRESS": "127.0.0.1:1"}, "no cluster answers at 127.0.0.1:1, the address in RAY_ADDRESS"),
    ],
)
def test_one_sentence_for_what_cannot_be(
    cli: Cli, write: Callable[..., None], options: tuple[str, ...], environment: dict[str, str], sentence: str
) -> None:
    write(3)
    code, error = cli.run(*RAY, *options, **environment)
    assert code == 2
    assert error.count("\n") == 1
    assert sentence in error
    assert not cli.store.exists()
