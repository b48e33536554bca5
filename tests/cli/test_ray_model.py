"""Two processes with a real model: the smallest, which answers badly, and everywhere the same."""

import os
from pathlib import Path

import pytest
from tests.cli.processes import PATIENCE, Cli
from tests.stored import content, count

pytestmark = [pytest.mark.model, pytest.mark.ray]
CALLS = Path(__file__).parents[2] / "examples" / "calls-bank"


def test_two_workers_read_what_one_reads(folder: Path) -> None:
    (folder / "home").mkdir()
    cli = Cli(folder, os.urandom(8).hex())
    chosen = ("--strategy", "turnwise", "--threads", "1")
    options = ("score", *map(str, sorted(CALLS.iterdir())[:2]), "--policy", "bank-en", "--model", "smollm2-135m")
    for store, more in (("plain/a.sqlite", ()), ("ray/a.sqlite", ("--workers", "2"))):
        process = cli.launch("ausweis", *options, *chosen, "--store", store, "--quiet", *more)
        error = process.communicate(timeout=PATIENCE)[1].decode()
        assert process.returncode == 0, error
        told = ("was never measured", "the key lies beside its store")
        assert [line for line in error.splitlines() if not any(one in line for one in told)] == []
    assert count(folder / "ray" / "a.sqlite") == 2
    assert content(folder / "ray" / "a.sqlite") == content(folder / "plain" / "a.sqlite")
    cli.until_none_runs()
    cli.temporary.rmdir()
