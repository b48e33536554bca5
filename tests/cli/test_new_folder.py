"""The folder of a run, and what helps where there is no room for what a command writes."""

import errno
import os
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest
from tests.cli.processes import FAKE, Run, Write

from ausweis.cli import new_folder as module
from ausweis.cli.new_folder import new_folder


class Stopped(datetime):
    """A clock that always shows the same second."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Stopped":
        return cls(2026, 3, 2, 8, 15, tzinfo=tz or UTC)


@pytest.mark.usefixtures("folder")
def test_two_runs_of_one_second_have_folders_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "datetime", Stopped)
    names = []
    for _ in range(3):
        made = new_folder(before="eval-")
        made.mkdir(parents=True)
        names.append(made)
    eval_run = "eval-20260302T081500Z"
    assert names == [Path("runs") / name for name in (eval_run, f"{eval_run}-2", f"{eval_run}-3")]
    assert new_folder(after="-bank-en") == Path("runs/20260302T081500Z-bank-en")


AGAIN = "make room, and give the same command again"
GO_ON = "what was written is kept; make room, and go on with the same command and --run {} --resume"
RESUME = ("--resume",)


@pytest.mark.parametrize(
    ("command", "whole", "helps", "then"),
    [
        (("judge", "r", "--policy", "telecom-de", "--run", "new"), 0, AGAIN, ()),
        (("judge", "r", "--policy", "telecom-de", "--run", "new"), 4, AGAIN, ()),
        (("judge", "r", "--policy", "telecom-de", "--run", "new"), 9, AGAIN, ()),
        (("review", "--day", "today", "--out", "new.html"), 0, AGAIN, ()),
        (("review", "--day", "today", "--out", "new.csv"), 0, AGAIN, ()),
        (("review", "--day", "today", "--out", "new.xlsx"), 0, AGAIN, ()),
        (("store", "export", "--out", "new.jsonl"), 0, AGAIN, ()),
        (("store", "export", "--state", "open", "--out", "new.csv"), 0, AGAIN, ()),
        (("score", "calls.jsonl", *FAKE, "--run", "new"), 0, AGAIN, ()),
        (("score", "calls.jsonl", *FAKE, "--run", "new"), 9, GO_ON.format("new"), RESUME),
        (("score", "calls.jsonl", *FAKE, "--run", "new", "--record", "told"), 9, GO_ON.format("new"), RESUME),
        (("eval", "run", "gold.jsonl", "--engine", "fake:answers.yaml", "--run", "new"), 0, AGAIN, ()),
        (
            ("eval", "run", "gold.jsonl", "--engine", "fake:answers.yaml", "--run", "new"),
            9,
            GO_ON.format("new"),
            RESUME,
        ),
    ],
)
# Files that could not be closed, as the first of them could not.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_where_the_disk_is_full_each_command_says_what_helps_and_that_does(
    run: Run,
    write_calls: Write,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    whole: int,
    helps: str,
    then: tuple[str, ...],
) -> None:
    assert run("score", write_calls(4), *FAKE, "--run", "r", "--store").code == 0
    gold = '{"policy": "telecom-de", "outcome": "compliant"}'
    lines = (folder / "calls.jsonl").read_text("utf-8").splitlines()
    (folder / "gold.jsonl").write_text("".join(f'{{"call": {line}, "gold": {gold}}}\n' for line in lines), "utf-8")
    real, left = os.fsync, whole

    def full(handle: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        result = run(*command)
    assert result.code == 2
    assert result.err.splitlines()[-1].endswith(f": the disk is full: {helps}")
    assert run(*command, *then).code == 0
