"""Files about calls: whose a line, or a copy of a recording, is; and lines taken out."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from stat import S_IMODE
from urllib.parse import unquote

from ausweis.errors import RunError, StoreError
from ausweis.journal import lines, parsed, replace_file

__all__ = ["call_of_line", "ids_of", "is_half", "is_wanting", "likely_of", "put_back", "rewrite"]

_LINE = re.compile(r":\d+$")
_FEW = 20
"""Ids that are looked for as bytes before a line is parsed."""


def call_of_line(data: bytes) -> str | None:
    """The id of the call that a line is about; of a failure without one, the name of its file."""
    try:
        document = parsed(data)
        # A labelled call.
        document = document.get("call") or document
        name = document["call_id"] if "call_id" in document else document["id"]
        return Path(_LINE.sub("", document["place"])).stem if name is None else str(name)
    except (LookupError, TypeError, AttributeError):
        return None


def likely_of(ids: frozenset[str]) -> Callable[[bytes], bool]:
    """Whether a line may be one of these calls, told quickly."""
    if len(ids) > _FEW:
        return lambda _: True
    # Both ways in which JSON may write them.
    wanted = {
        json.dumps(written, ensure_ascii=ascii_only)[1:-1].encode() for written in ids for ascii_only in (True, False)
    }
    return lambda data: any(written in data for written in wanted)


def is_wanting(path: Path, drop: Callable[[bytes], bool]) -> bool:
    """Whether `rewrite` would change the file.

    Raises:
        RunError: it cannot be read.
    """
    size = 0
    for line in lines(path):
        if drop(line.data):
            return True
        size = line.offset + len(line.data) + 1
    return path.is_file() and path.stat().st_size > size


def rewrite(path: Path, drop: Callable[[bytes], bool]) -> list[bytes]:
    """Leave lines out of a file, and with them what stands torn behind the last one: the lines that are gone.

    Raises:
        RunError: the file cannot be read.
        StoreError: it cannot be written.
    """
    if not path.is_file() or not is_wanting(path, drop):
        return []
    gone: list[bytes] = []

    def kept() -> Iterator[bytes]:
        for line in lines(path):
            if drop(line.data):
                gone.append(line.data)
            else:
                yield line.data + b"\n"

    put_back(path, kept())
    return gone


def put_back(path: Path, kept: str | bytes | Iterable[bytes]) -> None:
    """Put what is kept of a file in its place; who could read it still can, and nobody else meanwhile.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        replace_file(path, kept, mode=S_IMODE(path.stat().st_mode))
    except (OSError, RunError):
        message = "the file cannot be rewritten; see that it can be read and written, with room beside it"
        raise StoreError(f"{message}, and delete again", place=str(path)) from None


_HALF = ".part"
_SIDES = (".agent", ".caller")


def is_half(name: str) -> bool:
    """Whether a copy broke off while it was written: `.NAME.part`."""
    return name.endswith(_HALF)


def ids_of(name: str) -> frozenset[str]:
    """The ids of calls that a file of this name may be a copy of, whole or half: `ID.wav`, or one side, `ID.agent.wav`.

    The id is written as in an address: `a%2Fb` for `a/b`.
    """
    whole = name.removeprefix(".").removesuffix(_HALF) if is_half(name) else name
    stem = unquote(whole.rpartition(".")[0] or whole)
    return frozenset((stem, *(stem.removesuffix(side) for side in _SIDES)))
