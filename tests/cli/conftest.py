"""Calls and scripted answers as files, and the command line with a small reader, in this process or in its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.processes import READER, SOURCE, Ran, Run, Start

ANSWERS = """\
delay: {delay}
answers:
  - {{contains: mein Name, answer: gives name}}
  - {{contains: Meine PIN, answer: gives pin}}
  - {{contains: Ihr Vertrag, answer: discloses contract_data}}
  - {{contains: Störgeräusch, error: no answer for this call}}
  - {{answer: nothing}}
"""


def call(number: int, *, pin: bool, words: str = "Ihr Vertrag läuft bis Mai.") -> dict[str, Any]:
    texts = [
        ("caller", "Guten Tag, mein Name ist Ilse Krummbiegel."),
        ("caller", "Meine PIN ist eins zwei drei vier." if pin else "Ich habe eine Frage."),
        ("agent", words),
    ]
    return {"id": f"call-{number}", "turns": [{"speaker": s, "text": text} for s, text in texts]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.setenv("AUSWEIS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write_calls(folder: Path) -> Callable[..., str]:
    """Writes calls as JSON Lines; every third one without a PIN. Gives the file's name."""

    def write(count: int, *more: dict[str, Any], delay: float = 0.0) -> str:
        found = [call(number, pin=number % 3 != 0) for number in range(1, count + 1)]
        lines = [json.dumps(one, ensure_ascii=False) for one in (*found, *more)]
        (folder / "calls.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        (folder / "answers.yaml").write_text(ANSWERS.format(delay=delay), encoding="utf-8")
        return "calls.jsonl"

    return write


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process."""
    import runpy

    import ausweis.reading
    from ausweis.cli import main

    small = runpy.run_path(str(READER), run_name="small_reader")
    monkeypatch.setattr(ausweis.reading, "open_reader", small["open_small_reader"], raising=False)

    def invoke(*arguments: str) -> Ran:
        capfd.readouterr()
        with pytest.raises(SystemExit) as caught:
            main(list(arguments))
        out, err = capfd.readouterr()
        return Ran(int(caught.value.code or 0), out, err)

    return invoke


@pytest.fixture
def start() -> Start:
    """The command line in a process of its own."""

    def launch(*arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, str(READER), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(SOURCE)},
        )

    return launch
