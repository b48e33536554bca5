"""What the pages about evals and prompts tell to type works, in order, as it stands there."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

pytestmark = pytest.mark.typed

ROOT = Path(__file__).parents[2]
ANSWERS = """\
answers:
  - {template: call-events, answer: {start: beginning, events: []}}
  - {template: call-start, answer: beginning}
  - {template: agent-turn, matches: "Vertrag[^\\n]*$", answer: tells contract data}
  - {answer: nothing}
"""
CALL = ROOT / "examples" / "calls" / "01-auskunft-an-ex-partnerin.json"
RECORDED = "evals/baselines/heads.answers.jsonl.xz"
WORDS = {
    "GOLDEN …": "evals/golden/dev.jsonl evals/golden/test.jsonl",
    " golden.jsonl": " all.jsonl",
    "server:URL": "fake:answers.yaml",
    "--call call.json": f"--call {CALL}",
    "ours/agent-turn.md --call calls.jsonl#0815": f"prompts/agent-turn/2.md --call {CALL}",
    "runs/whole dev-001": "runs/whole dev-021",
}
"""What a reader puts in."""
NOT_HERE = (
    "pip install",
    "make ",
    "inspect ",
    "ausweis eval run evals/golden/own-test.jsonl --prompt own-word@2",
    "ausweis prompts try transcript",
)
"""Beginnings of commands that install something, need the laboratory, or ask the model."""
CODES = {"git diff --no-index": 1}


def commands(page: str) -> list[str]:
    """The lines of the blocks that are indented, without comments; not those of what is only shown."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = re.findall(r"^ {4,}(\S.*)$", text, flags=re.MULTILINE)
    return [line.partition(" #")[0].strip() for line in lines if re.match(r"(ausweis|cp|git|pip|make|inspect) ", line)]


def answered(command: str) -> str:
    """The same with answers where a model would be asked: recorded ones, or where those do not fit, of a script."""
    if command.startswith("ausweis prompts try"):
        return f"{command} --engine fake:answers.yaml"
    if not command.startswith("ausweis eval run") or "--engine" in command:
        return command
    if "--prompt" in command or "--strategy" in command:
        return f"{command} --engine fake:answers.yaml"
    command = re.sub(r" --live \d+", "", command)
    return command if "--recorded" in command else f"{command} --recorded {RECORDED}"


def run(folder: Path, command: str) -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUSWEIS_")}
    environment |= {
        "AUSWEIS_CACHE": str(folder / "cache"),
        "AUSWEIS_LEARNED": str(folder / "learned"),
        "AUSWEIS_PROMPTS": str(folder / "prompts"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
    }
    typed = ("bash", "-c", f'ausweis() {{ python -m ausweis "$@"; }}; {command}')
    done = subprocess.run(typed, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def cut(source: Path, target: Path, ids: Iterable[str]) -> None:
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    target.write_text("".join(line for line in lines if json.loads(line)["call"]["id"] in ids), encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The folders that the pages name, with a baseline of a few calls."""
    shutil.copytree(ROOT / "prompts", tmp_path / "prompts")
    for name in ("evals/golden", "evals/baselines", "golden", "learned"):
        (tmp_path / name).mkdir(parents=True)
    golden = ROOT / "evals" / "golden"
    cut(golden / "dev.jsonl", tmp_path / "evals/golden/dev.jsonl", [f"dev-{n:03}" for n in (21, 24, 29, 43, 44, 55)])
    cut(golden / "test.jsonl", tmp_path / "evals/golden/test.jsonl", [f"test-{number:03}" for number in range(1, 4)])
    shutil.copy(tmp_path / "evals/golden/dev.jsonl", tmp_path / "golden/ours.jsonl")
    shutil.copy(golden / "dev.jsonl", tmp_path / "all.jsonl")
    (tmp_path / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
    shipped = ROOT / RECORDED
    for command in (
        f"ausweis eval run evals/golden/dev.jsonl evals/golden/test.jsonl --recorded {shipped} --out first --quiet",
        "ausweis eval bless first --message 'The first'",
    ):
        code, told = run(tmp_path, command)
        assert code == 0, told
    return tmp_path


@pytest.mark.parametrize(("page", "fewest"), [("evals.md", 12), ("prompts.md", 8)])
def test_the_commands_of_a_page_in_order(checkout: Path, page: str, fewest: int) -> None:
    typed = [command for command in commands(page) if not command.startswith(NOT_HERE)]
    assert len(typed) >= fewest
    for command in typed:
        for word, put_in in WORDS.items():
            command = command.replace(word, put_in)
        code, told = run(checkout, answered(command))
        assert code == next((code for start, code in CODES.items() if command.startswith(start)), 0), (
            f"{command}\n{told}"
        )
        if new := re.match(r"cp prompts/\S+ (prompts/\S+/2\.md)$", command):
            file = checkout / new[1]  # the page says: change it, set its version to 2
            text = file.read_text(encoding="utf-8").replace("version: 1\n", "version: 2\n", 1)
            file.write_text(text.replace("description: ", "description: Anew. ", 1), encoding="utf-8")
