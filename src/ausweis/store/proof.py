"""The proof that nothing of deleted calls is left; then what was kept for it goes, too."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, func, select

from ausweis.errors import StoreError
from ausweis.store.batching import batches
from ausweis.store.database import Database
from ausweis.store.pending import Missing, Pending, pieces_of
from ausweis.store.run_files import OWN_NAMES, files_below
from ausweis.store.tables import calls, decisions, texts, verdicts
from ausweis.store.traces import Traces

__all__ = ["forget", "prove"]


def prove(database: Database, traces: Traces, names: Collection[str], folders: Iterable[Path]) -> None:
    """Search the database, and all files in or below these folders, for calls of these names.

    Raises:
        StoreError: something of them is left, or cannot be read.
        OSError: a folder cannot be read.
    """
    with database.reading() as connection:
        _prove_rows(connection, traces, names)
    left = _left_in(database, traces)
    for folder in sorted(set(folders)):
        for path in files_below(folder):
            is_named = path.name not in OWN_NAMES and traces.in_name(path)
            if path not in left and (is_named or traces.in_file(path)):
                left.append(path)
    if left:
        shown = ", ".join(map(str, left[:5])) + (f" and {len(left) - 5} more" if left[5:] else "")
        raise StoreError(
            f"words of the deleted call, or its id, are still in {shown}; remove them there, and delete it again"
        )


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
    if any(traces.in_file(path, database=True) for path in database.files()):
        # A page of the file that was rearranged may keep an old copy in its gap.
        database.tidy(whole=True)
    return [path for path in database.files() if traces.in_file(path, database=True)]


def _prove_rows(connection: Connection, traces: Traces, names: Collection[str]) -> None:
    for batch in batches(names):
        wanted = select(func.count()).select_from(calls).where(calls.c.call_id.in_(batch))
        if connection.execute(wanted).scalar_one():
            raise StoreError("a deleted call has come back while it was deleted; delete it again")
    if connection.dialect.name == "sqlite":
        # Its files are searched as a whole.
        return
    for phrase in traces.phrases:
        for column in (texts.c.words, verdicts.c.body, verdicts.c.facts, decisions.c.note):
            if connection.execute(select(column).where(column.contains(phrase, autoescape=True)).limit(1)).first():
                raise StoreError("words of the deleted call are still in the store, with another call")
