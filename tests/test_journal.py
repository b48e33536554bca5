"""A file is replaced whole or not at all, and read by nobody meanwhile who may not read it."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ausweis.errors import RunError
from ausweis.journal import part_of, replace_file, write_fault


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


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
