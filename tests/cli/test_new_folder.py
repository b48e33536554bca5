from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest

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
