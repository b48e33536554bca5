"""The proof that nothing of deleted calls is left, and what is searched for until there is one.

That stands in `settings`, encoded, so that the search of the database does not find what it is looking for.
"""

import base64
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from ausweis.audio.kept import KEPT_AUDIO
from ausweis.calls.formats import RECORDINGS
from ausweis.errors import StoreError
from ausweis.store import index
from ausweis.store.database import Database
from ausweis.store.run_files import files_below, ids_of
from ausweis.store.schema import batches, calibrations, calls, decisions, objections, settings, texts, verdicts
from ausweis.store.traces import Traces

__all__ = ["Missing", "Pending", "forget", "prove"]

_NAME = "deletion:"
_PIECE, _PIECES = 40, 4
"""Letters of a piece of what was kept, and about how many of them are searched for."""


class Missing(NamedTuple):
    """A missing run folder with its start time, or a missing file."""

    folder: Path
    started: str


@dataclass(frozen=True)
class Pending:
    """Calls that were deleted together: sentences by the id of each, and runs and files to be searched.

    `name` and `value`: the setting that holds it.
    """

    phrases: Mapping[str, tuple[str, ...]]
    missing: frozenset[Missing] = frozenset()
    name: str = ""
    value: str = ""

    @classmethod
    def of(cls, connection: Connection, ids: Iterable[str] | None = None) -> "list[Pending]":
        """What was deleted with these calls, or at all, without those that have come back since, unless they are these.

        Where nothing else is left, there is nothing to be proven for now.
        """
        wanted = None if ids is None else frozenset(ids)
        deletions = []
        rows = select(settings).where(settings.c.name.startswith(_NAME, autoescape=True)).order_by(settings.c.name)
        for row in connection.execute(rows).all():
            phrases, missing = _decoded(row.value)
            if wanted is None or not wanted.isdisjoint(phrases):
                back = _come_back(connection, phrases) - (wanted or frozenset())
                left = {call_id: sentences for call_id, sentences in phrases.items() if call_id not in back}
                deletions += [cls(left, missing, row.name, row.value)] if left else []
        return deletions

    def put(self, connection: Connection) -> "Pending":
        """Keep it, under a name of its own."""
        names = select(settings.c.name).where(settings.c.name.startswith(_NAME, autoescape=True))
        numbers = [int(name.removeprefix(_NAME)) for name in connection.execute(names).scalars()]
        name = f"{_NAME}{max(numbers, default=0) + 1}"
        missing = sorted((str(absent.folder), absent.started) for absent in self.missing)
        value = base64.b64encode(json.dumps([dict(self.phrases), missing]).encode()).decode()
        connection.execute(insert(settings), {"name": name, "value": value})
        return replace(self, name=name, value=value)

    def settle(self, connection: Connection, missing: Collection[Missing]) -> None:
        """All but these is searched: keep what must be searched for there, or nothing any more."""
        connection.execute(delete(settings).where(settings.c.name == self.name))
        if left := self.missing.intersection(missing):
            replace(self, missing=left).put(connection)


def pieces_of(connection: Connection, settled: Iterable[Pending]) -> tuple[str, ...]:
    """Parts of what was kept and is no more: nothing of it is left where none of them is found."""
    rows = select(settings.c.value).where(settings.c.name.startswith(_NAME, autoescape=True))
    kept = list(connection.execute(rows).scalars())
    pieces = (
        deletion.value[place : place + _PIECE]
        for deletion in settled
        for place in range(0, max(1, len(deletion.value) - _PIECE + 1), max(_PIECE, len(deletion.value) // _PIECES))
    )
    return tuple(piece for piece in dict.fromkeys(pieces) if not any(piece in value for value in kept))


def _decoded(value: str) -> tuple[dict[str, tuple[str, ...]], frozenset[Missing]]:
    phrases, missing = json.loads(base64.b64decode(value))
    kept = {call_id: tuple(sentences) for call_id, sentences in phrases.items()}
    return kept, frozenset(Missing(Path(folder), started) for folder, started in missing)


def _come_back(connection: Connection, ids: Iterable[str]) -> set[str]:
    back: set[str] = set()
    for batch in batches(ids):
        back |= set(connection.execute(select(calls.c.call_id).where(calls.c.call_id.in_(batch))).scalars())
    return back


def prove(database: Database, traces: Traces, names: Collection[str], folders: Iterable[Path]) -> None:
    """Search the database, and all files in or below these folders, for calls of these names.

    Raises:
        StoreError: something of them is left, or may be in what cannot be searched; all such files, one a line.
        OSError: a folder cannot be read.
    """
    with database.reading() as connection:
        _prove_rows(connection, traces, names)
    left, closed = _left_in(database, traces), {}
    own = set(map(Path.resolve, database.files()))
    # A link may lead to the store, or to what was searched already.
    files = {path.resolve(): path for folder in sorted(set(folders)) for path in files_below(folder)}
    for path in (path for real, path in files.items() if real not in own):
        try:
            if traces.in_name(path) or traces.in_file(path):
                left.append(path)
        except StoreError as error:
            closed[path] = error.message
    with database.reading() as connection:
        known = _come_back(connection, (call_id for path in closed for call_id in ids_of(path.name)))
    lines = [f"words of the deleted call, or its id, are still in {path}" for path in left]
    lines += [f"not searched: {path} ({why})" for path, why in closed.items() if not _is_of_others(path, known)]
    if lines:
        to_do = "remove what is left there, unpack what was not searched or look into it yourself and move it away"
        raise StoreError("\n".join([*lines, f"{to_do}, and delete the call again"]))


def _is_of_others(path: Path, known: Collection[str]) -> bool:
    """Whether it is a recording of another call by its name, as are all copies that a run has."""
    is_copy = path.parent.name == KEPT_AUDIO or not ids_of(path.name).isdisjoint(known)
    return is_copy and Path(path.name.removesuffix(".part")).suffix.lower() in RECORDINGS


def forget(database: Database, traces: Traces, pending: Sequence[Pending], missing: Collection[Missing]) -> None:
    """Drop what was kept for the search, but for what is missing, and search the database for that in its turn.

    Raises:
        StoreError: it is still on the disk, and is kept, so that deleting again finds it.
    """
    with database.writing() as connection:
        for deletion in pending:
            deletion.settle(connection, missing)
        pieces = pieces_of(connection, pending)
    try:
        database.forget_settings()
        if _left_in(database, replace(traces, phrases=pieces)):
            raise StoreError("what was kept of the deleted call is still in the store; delete it again")
    except StoreError:
        with database.writing() as connection:
            for deletion in pending:
                deletion.put(connection)
        raise


def _left_in(database: Database, traces: Traces) -> list[Path]:
    """The files of the database that hold any of it."""
    if any(map(traces.in_database, database.files())):
        # A page of the file that was rearranged may keep an old copy in its gap.
        database.tidy(whole=True)
    return list(filter(traces.in_database, database.files()))


def _prove_rows(connection: Connection, traces: Traces, names: Collection[str]) -> None:
    for batch in batches(names):
        wanted = select(func.count()).select_from(calls).where(calls.c.call_id.in_(batch))
        if connection.execute(wanted).scalar_one():
            raise StoreError("a deleted call has come back while it was deleted; delete it again")
    if index.orphans(connection):
        raise StoreError("the index still has a deleted call; delete it again")
    if connection.dialect.name == "sqlite":
        # Its files are searched as a whole.
        return
    for phrase in traces.phrases:
        noted = (decisions.c.note, objections.c.note, calibrations.c.name)
        for column in (texts.c.words, verdicts.c.body, verdicts.c.facts, *noted):
            if connection.execute(select(column).where(column.contains(phrase, autoescape=True)).limit(1)).first():
                raise StoreError("words of the deleted call are still in the store, with another call")
