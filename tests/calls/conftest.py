from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ausweis.calls import Call, UnreadableCall, read_calls

Read = Callable[..., list[Call | UnreadableCall]]
ReadCall = Callable[..., Call]
ReadFault = Callable[..., UnreadableCall]


def turns(call: Call) -> list[tuple[str, float | None, float | None, str]]:
    """Speaker, start, end and text of each turn."""
    return [(turn.speaker, turn.start, turn.end, turn.text) for turn in call.turns]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write one file and read it: `read(name, text or bytes, **options)`."""

    def write_and_read(name: str, content: str | bytes, **options: Any) -> list[Call | UnreadableCall]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_calls([path], **options))

    return write_and_read


@pytest.fixture
def read_call(read: Read) -> ReadCall:
    """As `read`, for a file that holds one good call."""

    def one(name: str, content: str | bytes, **options: Any) -> Call:
        [call] = read(name, content, **options)
        assert isinstance(call, Call), str(call)
        return call

    return one


@pytest.fixture
def read_fault(read: Read) -> ReadFault:
    """As `read`, for a file that holds one bad call."""

    def one(name: str, content: str | bytes, **options: Any) -> UnreadableCall:
        [fault] = read(name, content, **options)
        assert isinstance(fault, UnreadableCall)
        return fault

    return one
