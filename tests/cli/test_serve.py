"""`ausweis serve`: what it refuses, and that it serves until it is stopped."""

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.cli.processes import PATIENCE, SOURCE, Run

from ausweis.cli.serve import sign_on_of
from ausweis.serve import Auth
from ausweis.store import Store


def test_without_a_store_it_says_how_to_make_one(run: Run) -> None:
    done = run("serve", "--store", "gone.sqlite", "--port", "0")
    assert done.code == 2
    assert done.err.startswith("ausweis: gone.sqlite: there is no store; ")
    assert done.err.count("\n") == 1
    assert not Path("gone.sqlite").exists()
    Path("runs").mkdir()
    Path("runs/demo.sqlite").touch()
    assert run("serve", "--port", "0").err.endswith("; or open that of the demo: --store runs/demo.sqlite\n")


def test_the_store_may_be_named_once_for_all_commands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_STORE", "named.sqlite")
    assert "named.sqlite: there is no store" in run("serve", "--port", "0").err


def test_a_port_that_is_taken_is_one_sentence(run: Run) -> None:
    Store.open("ausweis.sqlite").close()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"ausweis: cannot listen on 127.0.0.1, port {port} (")
    assert done.err.count("\n") == 1


def test_a_host_that_is_not_this_machines_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open("ausweis.sqlite").close()
    monkeypatch.setenv("AUSWEIS_SERVE", "https://calls.example")
    assert run("serve", "--host", "192.0.2.1").code == 2
    assert "cannot listen on no such host" in run("serve", "--host", "no such host").err


def test_other_machines_are_let_in_by_name_only(run: Run) -> None:
    done = run("serve", "--host", "0.0.0.0")
    assert done.code == 2
    assert "AUSWEIS_SERVE=https://" in done.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--proxy", "127.0.0.1"), "go with --trust-header"),
        (("--known-only",), "go with --trust-header"),
        (("--trust-header", "X-User"), "--proxy ADDRESS"),
        (("--trust-header", "X-User", "--proxy", "somewhere"), "does not appear to be"),
        (("--trust-header", "X User", "--proxy", "127.0.0.1"), "no name of a header"),
        (("--trust-header", "X-User", "--proxy", "127.0.0.1", "--proxy-secret", "short"), "at least 16 letters"),
        (("--trust-header", "X-User", "--proxy", "127.0.0.1", "--proxy-secret", "open"), "chmod 600"),
    ],
)
def test_a_sign_on_that_cannot_be_is_one_sentence(run: Run, options: tuple[str, ...], told: str) -> None:
    for name, mode in (("short", 0o600), ("open", 0o644)):
        Path(name).write_text("abc\n")
        Path(name).chmod(mode)
    done = run("serve", "--port", "0", *options)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_the_options_of_a_sign_on_are_read() -> None:
    secret = Path("secret")
    secret.write_text("0123456789abcdef\n")
    secret.chmod(0o600)
    found = sign_on_of("X-Forwarded-User", ("127.0.0.1", "10.0.3.0/28"), secret, known_only=True)
    assert found is not None
    assert (found.header, found.secret, found.known_only) == ("X-Forwarded-User", "0123456789abcdef", True)
    assert sign_on_of(None, (), None, known_only=False) is None


def test_it_serves_until_it_is_stopped(folder: Path) -> None:
    Store.open(folder / "calls.sqlite").close()
    command = [sys.executable, "-m", "ausweis", "serve", "--store", "calls.sqlite", "--port", "0"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = line.removeprefix("Open ").strip()
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            page = answer.read().decode()
        assert "<form" in page
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "server" not in answer.headers
        assert "rm calls.sqlite.token" in process.stdout.readline()
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert err == ""
    token = address.partition("token=")[2]
    assert token not in out
    # What was a bookmark yesterday is one tomorrow.
    assert Auth(kept=folder / "calls.sqlite.token").token == token
