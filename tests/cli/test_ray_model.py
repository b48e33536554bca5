"""Two processes with a real model: the smallest, which answers badly, and everywhere the same."""

import os
from pathlib import Path

import pytest
from tests.cli.processes import PATIENCE, Cli

pytestmark = [pytest.mark.model, pytest.mark.ray]
CALLS = Path(__file__).parents[2] / "examples" / "calls-bank"


def test_two_workers_read_what_one_reads(folder: Path) -> None:
    (folder / "home").mkdir()
    cli = Cli(folder, os.urandom(8).hex())
    chosen = ("--strategy", "turnwise", "--threads", "1")
    options = ("score", str(CALLS), "--policy", "bank-en", "--limit", "2", "--model", "smollm2-135m")
    for run, more in (("plain", ()), ("r", ("--runner", "ray", "--workers", "2"))):
        process = cli.launch("ausweis", *options, *chosen, "--run", run, "--quiet", *more)
        error = process.communicate(timeout=PATIENCE)[1].decode()
        assert process.returncode == 0, error
        assert [line for line in error.splitlines() if "was never measured" not in line] == []
    assert len(cli.content("r")["verdicts.jsonl"]) == 2
    assert cli.content("r") == cli.content("plain")
    cli.until_none_runs()
    cli.temporary.rmdir()
