"""Lines are appended whole or not at all. A file is replaced likewise, and read by nobody meanwhile who may not."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ausweis.errors import RunError
from ausweis.journal import FolderLock, Journal, lines, make_folder, part_of, replace_file, write_fault


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_torn_last_line_is_not_read_and_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"one\ntwo\n" + b"x" * 200_000)
    assert [(line.number, line.offset, line.data) for line in lines(path)] == [(1, 0, b"one"), (2, 4, b"two")]
    journal = Journal(path)
    journal.append("drei ä")
    journal.close()
    assert path.read_bytes() == "one\ntwo\ndrei ä\n".encode()
    assert list(lines(tmp_path / "nothing")) == []


def test_of_a_line_that_finds_no_room_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    journal = Journal(tmp_path / "lines.jsonl")
    journal.append("one")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(RunError, match="the disk is full"):
            journal.append("two")
    journal.append("three")
    journal.close()
    assert journal.path.read_bytes() == b"one\nthree\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_device_that_is_full_is_one_sentence(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "lines.jsonl")
    journal.close()
    with Path("/dev/full").open("ab", buffering=0) as device:
        journal._file = device
        with pytest.raises(RunError, match="the disk is full"):
            journal.append("{}")


def test_two_commands_cannot_write_one_folder(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with pytest.raises(RunError, match="another process is writing to this folder"):
        FolderLock(tmp_path)
    lock.release()
    FolderLock(tmp_path).release()


@pytest.mark.parametrize("name", ["x" * 300, "file/r"])
def test_a_name_that_no_folder_can_have_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written"):
        make_folder(tmp_path / name)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_file_has_its_mode_once_it_is_whole(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(b"before")
    part_of(path).touch(mode=0o644)

    def content() -> Iterator[bytes]:
        assert mode_of(part_of(path)) == 0o600
        yield b"after"

    replace_file(path, content(), mode=mode)
    assert (path.read_bytes(), mode_of(path)) == (b"after", mode)


def test_what_cannot_be_made_leaves_the_old_one_and_nothing_half(tmp_path: Path) -> None:
    def content() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    path = tmp_path / "verdicts.jsonl"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt):
        replace_file(path, content())
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"before"


@pytest.mark.parametrize(
    ("number", "helps"),
    [
        (errno.ENOSPC, "the disk is full: make room, and give the same command again"),
        (errno.EDQUOT, "the disk is full: make room, and give the same command again"),
        (errno.EROFS, "cannot be written (Read-only file system); name another file, or a folder that can"),
        (errno.EACCES, "cannot be written (Permission denied); name another file, or a folder that can"),
    ],
)
def test_a_file_that_cannot_be_written_says_what_helps(number: int, helps: str) -> None:
    fault = write_fault(Path("x"), OSError(number, os.strerror(number)))
    assert isinstance(fault, RunError)
    assert str(fault) == f"x: {helps}"
