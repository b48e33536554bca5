"""What of a call stands in files that commands wrote besides the store: pages, cases, verdicts, answers, recordings."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from stat import S_IMODE
from typing import Any, Literal, get_args
from urllib.parse import unquote

from sqlalchemy import Connection, insert, select, update

from ausweis.errors import RunError, StoreError
from ausweis.journal import FolderLock, lines, lock_file, parsed, part_of, replace_file
from ausweis.store.key import Key
from ausweis.store.schema import artefact_calls, artefacts

Kind = Literal["answers", "cases", "recordings", "verdicts"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What is known besides reports, and may be about any call."""


def register_report(
    connection: Connection, key: Key, path: Path, call_keys: Iterable[int], *, besides: bool = False
) -> None:
    """Remember that a file was written about these calls.

    With `besides`, also about those that it was about before: as long as it is not written anew.
    """
    artefact = _register(connection, path, "report")
    own = artefact_calls.c.artefact_key == artefact
    if not besides:
        connection.execute(artefact_calls.delete().where(own))
    known = set(connection.execute(select(artefact_calls.c.call_key).where(own)).scalars())
    rows = [{"artefact_key": artefact, "call_key": call} for call in dict.fromkeys(call_keys) if call not in known]
    if rows:
        connection.execute(insert(artefact_calls), rows)


def register(connection: Connection, key: Key, path: Path, kind: Kind) -> None:
    """Remember a file of cases or verdicts, or a folder of recorded answers or copied recordings; no open stream."""
    if not path.exists() or path.is_file() or path.is_dir():
        _register(connection, path, kind)


def of_kind(connection: Connection, kind: Kind) -> set[Path]:
    """All of a kind that are known."""
    return set(map(Path, connection.execute(select(artefacts.c.path).where(artefacts.c.kind == kind)).scalars()))


def _register(connection: Connection, path: Path, kind: Kind | Literal["report"]) -> int:
    """The key of an artefact."""
    # A link may lead elsewhere later. Pages and cases take the place of a link.
    takes_place = kind in ("cases", "report")
    real = Path(os.path.realpath(path.parent if takes_place else path))
    place = str(real / path.name if takes_place else real)
    known: int | None = connection.execute(select(artefacts.c.key).where(artefacts.c.path == place)).scalar()
    if known is not None:
        connection.execute(update(artefacts).where(artefacts.c.key == known).values(kind=kind))
        return known
    row = {"path": place, "kind": kind}
    made: int = connection.execute(insert(artefacts).returning(artefacts.c.key), row).scalar_one()
    return made


def clean_lines(path: Path, ids: frozenset[str]) -> list[Path]:
    """Take calls out of a file of cases or verdicts; the file, if it was changed, and what a killed command left.

    Raises:
        StoreError: the file cannot be read or written.
    """
    try:
        part = part_of(path)
        gone = [part] if part.exists() else []
        part.unlink(missing_ok=True)
        if not path.is_file():
            return gone
        with path.open("rb") as file:
            if not any(_goes(line, ids) for line in file):
                return gone
            lock_file(file)
            file.seek(0)
            # By now it is the user's own: all else stays byte for byte, a last line without its end too.
            _put_back(path, (line for line in file if not _goes(line, ids)))
    except BlockingIOError:
        message = "another command is writing this file; wait until it is done, or end it, and delete again"
        raise StoreError(message, place=str(path)) from None
    except OSError as error:
        raise StoreError(f"the file cannot be rewritten ({error.strerror})", place=str(path)) from None
    return [*gone, path]


def _goes(line: bytes, ids: frozenset[str]) -> bool:
    """Whether a line is about one of these calls, or was torn while it was written: nobody knows about which."""
    return _call_of(line) in ids or (line.startswith(b"{") and not line.endswith(b"\n") and parsed(line) is None)


def _call_of(line: bytes) -> str | None:
    """The id of the call that a line is about; None where it tells of none."""
    try:
        document = parsed(line)
        # A labelled call.
        document = document.get("call") or document
        return str(document["call_id"] if "call_id" in document else document["id"])
    except (LookupError, TypeError, AttributeError):
        return None


_LONG_ENOUGH = 12
"""Letters in a row, blanks among them, that an answer must have in common with a call to hold words of it."""
_AT_ONCE = 1 << 20
"""Letters that are compared at a time: each takes about 100 bytes."""
_WORD = re.compile(r"\w+")


class Quotable:
    """What was said in calls, to hold answers against it.

    Case counts for nothing, nor does what stands between words.
    """

    def __init__(self, words: Iterable[str]) -> None:
        plain = [_plain(text) for text in words]
        self._whole = "\n".join(f" {text} " for text in plain)
        self._runs = {run for text in plain for run in _runs(text)}

    @classmethod
    def portions(cls, words: Sequence[str]) -> "Iterator[Quotable]":
        """So much at a time that it fits into memory; at least one."""
        portion: list[str] = []
        letters = 0
        for text in words:
            portion.append(text)
            letters += len(text)
            if letters >= _AT_ONCE:
                yield cls(portion)
                portion, letters = [], 0
        yield cls(portion)

    def is_in(self, line: bytes) -> bool:
        """Whether a line of recorded answers holds any of it. A choice out of a list never does."""
        try:
            result = parsed(line)["result"]
            answer, is_choice = result["text"], bool(result.get("probabilities"))
        except (LookupError, TypeError, AttributeError):
            return False
        if is_choice:
            return False
        try:
            told = list(_texts(json.loads(answer)))
        except (ValueError, TypeError, RecursionError):
            told = list(_texts(answer))
        return any(self._holds(_plain(text), quoted) for text, quoted in told)

    def _holds(self, text: str, quoted: bool) -> bool:
        if len(text) >= _LONG_ENOUGH:
            return any(run in self._runs for run in _runs(text))
        # As words of its own: "ja" is no quote of "Januar".
        return quoted and bool(text) and f" {text} " in self._whole


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _runs(text: str) -> Iterator[str]:
    return (text[place : place + _LONG_ENOUGH] for place in range(len(text) - _LONG_ENOUGH + 1))


def _texts(value: Any, *, quoted: bool = False) -> Iterator[tuple[str, bool]]:
    """All texts, and whether they are quotes."""
    if isinstance(value, str):
        yield value, quoted
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, quoted=quoted)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, quoted=name == "quote")


def clean_answers(folder: Path, words: Sequence[str]) -> list[Path]:
    """Take recorded answers out that hold words of calls.

    Answers are kept under a hash of the question, which does not tell its call; so an answer goes when a quote in it
    stands in a call, or any text of it has 12 letters in a row that do. One that named a choice holds no word of it.

    Raises:
        RunError: they cannot be read, or are being written.
        StoreError: they cannot be written.
    """
    path = folder / "answers.jsonl"
    changed = [_clean_answers(path, said) for said in Quotable.portions(words)]
    return [path] if any(changed) else []


def _clean_answers(path: Path, said: Quotable) -> bool:
    size, wanting = 0, False
    for line in lines(path):
        wanting = wanting or said.is_in(line.data)
        size = line.offset + len(line.data) + 1
    # What stands torn behind the last line goes too: nobody knows whose it is.
    if not wanting and not (path.is_file() and path.stat().st_size > size):
        return False
    lock = FolderLock(path.parent)
    try:
        _put_back(path, (line.data + b"\n" for line in lines(path) if not said.is_in(line.data)))
    finally:
        lock.release()
    return True


def _put_back(path: Path, kept: Iterable[bytes]) -> None:
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


def recordings_of(folder: Path, ids: frozenset[str]) -> list[Path]:
    """The copies of these calls' recordings in a folder, whole or half.

    Raises:
        StoreError: the folder cannot be read.
    """
    try:
        there = list(folder.iterdir()) if folder.is_dir() else []
        return [path for path in there if not ids.isdisjoint(ids_of(path.name)) and not path.is_dir()]
    except OSError as error:
        raise StoreError(f"the folder cannot be read ({error.strerror})", place=str(folder)) from None


def ids_of(name: str) -> frozenset[str]:
    """The ids of calls that a file of this name may be a copy of, whole or half: `ID.wav`, or one side, `ID.agent.wav`.

    The id is written as in an address: `a%2Fb` for `a/b`; half: `.NAME.part`.
    """
    whole = name.removeprefix(".").removesuffix(_HALF) if name.endswith(_HALF) else name
    stem = unquote(whole.rpartition(".")[0] or whole)
    return frozenset((stem, *(stem.removesuffix(side) for side in _SIDES)))
