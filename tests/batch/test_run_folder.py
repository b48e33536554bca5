import errno
import json
import os
from pathlib import Path

import pytest
from tests.batch.conftest import Calls, Score

from ausweis.batch import RunFolder
from ausweis.errors import RunError
from ausweis.journal import Journal


def test_two_processes_cannot_write_one_folder(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(1), tmp_path / "r")
    with RunFolder.open(tmp_path / "r", resume=True), pytest.raises(RunError, match="another process"):
        RunFolder.open(tmp_path / "r", resume=True)
    RunFolder.open(tmp_path / "r", resume=True).close()


def test_a_folder_with_something_in_it_is_not_taken(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(1), tmp_path / "run")
    with pytest.raises(RunError, match="holds a run; go on with it by --resume"):
        RunFolder.open(tmp_path / "run")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("x")
    for resume in (False, True):
        with pytest.raises(RunError, match="not empty and holds no run"):
            RunFolder.open(tmp_path / "other", resume=resume)
    with pytest.raises(RunError, match="no run to resume"):
        RunFolder.open(tmp_path / "nothing", resume=True)
    assert not (tmp_path / "nothing").exists()


def test_a_run_that_was_never_begun_leaves_no_trace(tmp_path: Path) -> None:
    RunFolder.open(tmp_path / "new").close()
    assert not (tmp_path / "new").exists()
    (tmp_path / "there").mkdir()
    RunFolder.open(tmp_path / "there").close()
    assert list((tmp_path / "there").iterdir()) == []


def test_what_a_kill_before_the_first_line_leaves_can_be_begun_again(
    tmp_path: Path, calls: Calls, scored: Score
) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / ".lock").touch()
    (tmp_path / "r" / ".run.json.part").write_text("{")
    assert scored(calls(1), tmp_path / "r", resume=True).complete


def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(1), tmp_path / "r")
    (tmp_path / "r" / "run.json").write_text('{"schema": "ausweis/run@9"}')
    with pytest.raises(RunError, match=r"run\.json: is no manifest"):
        RunFolder.open(tmp_path / "r", resume=True)


def test_full_disk_stops_the_run_and_keeps_the_whole_lines(
    tmp_path: Path, calls: Calls, scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(calls(4), tmp_path / "whole")
    real, left = os.fsync, 12

    def full(handle: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(RunError, match="the disk is full"):
            scored(calls(4), tmp_path / "r")
    kept = (tmp_path / "r" / "verdicts.jsonl").read_bytes()
    assert 0 < kept.count(b"\n") < 4
    assert kept.endswith(b"\n")
    assert (tmp_path / "r" / "facts.jsonl").read_bytes().endswith(b"\n")
    assert json.loads((tmp_path / "r" / "run.json").read_text())["complete"] is False
    assert scored(calls(4), tmp_path / "r", resume=True).complete
    assert (tmp_path / "r" / "facts.jsonl").read_bytes() == (tmp_path / "whole" / "facts.jsonl").read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_device_that_is_full_is_one_sentence(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "lines.jsonl")
    journal.close()
    with Path("/dev/full").open("ab", buffering=0) as device:
        journal._file = device
        with pytest.raises(RunError, match="the disk is full"):
            journal.append("{}")


@pytest.mark.parametrize("name", ["x" * 300, "file/r"])
def test_a_name_that_no_folder_can_have_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written"):
        RunFolder.open(tmp_path / name)
    with pytest.raises(RunError, match="no run to resume"):
        RunFolder.open(tmp_path / name, resume=True)
