"""Calls removed: what exports say of them, their rows; then the database is tidied, and searched for what is left."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from ausweis.errors import StoreError
from ausweis.journal import part_of
from ausweis.store import audit_log, index
from ausweis.store.calibrations import forget_calls
from ausweis.store.database import PENDING, Database
from ausweis.store.exporting import case_id
from ausweis.store.exports import KINDS, Kind, clean_answers, clean_lines, ids_of, of_kind, recordings_of
from ausweis.store.index import drop
from ausweis.store.key import Key
from ausweis.store.packing import run_row
from ausweis.store.rows import Deleted
from ausweis.store.schema import (
    artefact_calls,
    artefacts,
    audio,
    batches,
    calls,
    decisions,
    failures,
    objections,
    runs,
    settings,
    texts,
    verdicts,
)
from ausweis.store.traces import Traces, said_elsewhere, sentences, words_of

UNKNOWN = 0
"""The key of a call that the store does not have."""
_UNTIDY = "untidy"
"""The setting that is there while the files of the database may have something of rows that are gone."""
_SEARCHED_CALLS = 50
"""Of so many calls, evenly spaced, the words are searched for."""
_SENTENCES = 4
"""Of each."""
_LINE = re.compile(r"(?:\[\d+\]|:\d+)+$")
"""What of a place stands behind the file."""


@dataclass(frozen=True)
class _Places:
    """Where something of the calls may stand: what may be about any call, by kinds, and pages about these.

    `audio`: recordings of the user's own. `missing`: what is not where it was though its folder is, as that of a disk
    that is not mounted. `dropped`: what is said to be no more.
    """

    of_any: dict[Kind, set[Path]]
    reports: set[Path]
    audio: set[Path]
    missing: set[Path]
    dropped: set[Path]


def delete_one(
    database: Database, key: Key, call_id: str, *, gone: Sequence[Path] = (), by: str = "ausweis"
) -> Deleted:
    """Remove one call, with what is exported of it; then tidy the files of the database, and search them.

    Raises:
        AusweisError: as `delete_calls`; or there is no such call.
    """
    with database.reading() as connection:
        number = connection.execute(select(calls.c.key).where(calls.c.call_id == call_id)).scalar()
    return delete_calls(database, key, {number or UNKNOWN: call_id}, gone=gone, by=by, whole=False)


def expire(
    database: Database, key: Key, days: int, *, today: date, gone: Sequence[Path] = (), by: str = "ausweis"
) -> Deleted:
    """Remove all calls of more than so many days ago, likewise, and what failed in runs of those days."""
    day = date.fromordinal(max(1, today.toordinal() - days))
    with database.writing() as connection:
        forget_old_failures(connection, day)
        rows = connection.execute(select(calls.c.key, calls.c.call_id).where(calls.c.day < day))
        ids = {row.key: row.call_id for row in rows}
    return delete_calls(database, key, ids, gone=gone, by=by, whole=True)


def delete_calls(
    database: Database, key: Key, ids: Mapping[int, str], *, gone: Sequence[Path], by: str, whole: bool
) -> Deleted:
    """Remove calls, ids by keys: out of exports first, so that a fault leaves the call in the store.

    `gone`: exports that are no more, or folders above them. With `whole`, the database is written anew.

    Raises:
        RunError: recorded answers cannot be read, or are being written.
        StoreError: an export is not where it was, or cannot be changed: then the calls are still there. Or others use
            the database, or something of the calls is left in it: deleting again tidies and searches again.
    """
    with database.reading() as connection:
        untidy = connection.execute(select(settings.c.name).where(settings.c.name == _UNTIDY)).first() is not None
        places = _places(connection, ids, gone)
        words = words_of(connection, list(ids))
        traces = _traces(connection, words, ids, places.reports)
        failed = _failed(connection, ids.values())
    removed = _clean(places, frozenset(ids.values()), [text for _, text in words], key)
    if set(ids) == {UNKNOWN} and not removed and not failed and not untidy:
        raise StoreError("there is no call with this id in the store", code="call_unknown")
    with database.writing() as connection:
        _delete_rows(connection, key, ids, by, known=bool(removed or failed))
        connection.execute(delete(artefacts).where(artefacts.c.path.in_(map(str, places.reports | places.dropped))))
        if not untidy:
            connection.execute(insert(settings), {"name": _UNTIDY, "value": ""})
    # Of what an earlier deletion left, nobody knows the words any more.
    database.tidy(whole=whole or untidy or not database.is_sqlite)
    _search(database, traces)
    with database.writing() as connection:
        connection.execute(delete(settings).where(settings.c.name == _UNTIDY))
    known = len(ids) - (UNKNOWN in ids)
    return Deleted(
        known,
        removed=(*(("store",) if known or failed or untidy else ()), *sorted(map(str, removed))),
        kept=tuple(sorted(str(path) for path in places.audio if _may_be_there(path))),
        missing=tuple(sorted(map(str, places.missing - removed))),
    )


def _places(connection: Connection, ids: Mapping[int, str], gone: Sequence[Path]) -> _Places:
    """All that may hold something of the calls.

    Raises:
        StoreError: one is not where it was.
    """
    of_any = {kind: of_kind(connection, kind) for kind in KINDS}
    heard, reports = set[Path](), set[Path]()
    for batch in batches(ids):
        own = select(audio.c.path).where(audio.c.call_key.in_(batch))
        heard |= set(map(Path, connection.execute(own).scalars()))
        shown = select(artefacts.c.path).join(artefact_calls).where(artefact_calls.c.call_key.in_(batch))
        reports |= set(map(Path, connection.execute(shown.distinct()).scalars()))
    every = reports.union(*of_any.values())
    away = {path for path in every if not _is_folder(path.parent)}
    missing = {path for path in every - away if not _may_be_there(path)}
    above = [place for folder in gone for place in (folder.absolute(), folder.resolve())]
    dropped = {path for path in away | missing if any(path.is_relative_to(folder) for folder in above)}
    if away := away - dropped:
        message = "the folder that this was written to is not there, and it may hold the call; see that it is there, or"
        message += " say --gone if it was removed for good, and delete again"
        raise StoreError(message, place=str(min(away)), code="delete_away")
    heard = {path for path in heard if path.parent not in of_any["recordings"]}
    return _Places(of_any, reports, heard, missing - dropped, dropped)


def _traces(
    connection: Connection, words: Sequence[tuple[int, str]], ids: Mapping[int, str], reports: Iterable[Path]
) -> Traces:
    """What is searched for: sentences that no other call has, and the ids."""
    phrases: dict[str, None] = {}
    for _, text in words[:: max(1, len(words) // _SEARCHED_CALLS)]:
        own = (part for part in sentences([text]) if not said_elsewhere(connection, part, dict(ids)))
        phrases |= dict.fromkeys(part for _, part in zip(range(_SENTENCES), own, strict=False))
    names = frozenset(ids.values())
    others: list[str] = []
    for name in names if len(names) <= _SEARCHED_CALLS else ():
        # Users name files, and folders, as they like.
        for column, stays in (
            (calls.c.call_id, calls.c.key.not_in(ids)),
            (audio.c.path, audio.c.call_key.not_in(ids)),
            (artefacts.c.path, artefacts.c.path.not_in(map(str, reports))),
        ):
            others += connection.execute(select(column).where(column.contains(name, autoescape=True), stays)).scalars()
    return Traces(names, tuple(phrases), tuple(others))


def _clean(places: _Places, ids: frozenset[str], words: Sequence[str], key: Key) -> set[Path]:
    """Take the calls out of all files; those that were changed or removed."""
    removed: set[Path] = set()
    # A name may have been one of cases before, and is one of verdicts now.
    named = ids | {case_id(key, name) for name in ids}
    for path in sorted(places.of_any["cases"] | places.of_any["verdicts"]):
        removed |= set(clean_lines(path, named))
    for folder in sorted(places.of_any["answers"]):
        removed |= set(clean_answers(folder, words))
    copies = (path for folder in sorted(places.of_any["recordings"]) for path in recordings_of(folder, ids))
    # A page shows many calls, and cannot be made again without this one here: it goes whole; and with it what a killed
    # command was about to put in its place.
    pages = (path for page in sorted(places.reports - places.dropped) for path in (part_of(page), page))
    for path in (*copies, *pages):
        try:
            path.unlink()
            removed.add(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"the file cannot be removed ({error.strerror})", place=str(path)) from None
    return removed


def _delete_rows(connection: Connection, key: Key, ids: Mapping[int, str], by: str, *, known: bool) -> None:
    for batch in batches(ids):
        joined = select(calls.c.key, calls.c.call_id, runs).outerjoin(runs, runs.c.key == calls.c.run_key)
        rows = connection.execute(joined.where(calls.c.key.in_(batch))).all()
        keys = {
            kind: connection.execute(select(table.c.key).where(table.c.call_key.in_(batch))).scalars().all()
            for kind, table in (("verdict", verdicts), ("decision", decisions), ("objection", objections))
        }
        drop(connection, batch)
        for table in (objections, decisions, verdicts, texts, audio, artefact_calls):
            connection.execute(delete(table).where(table.c.call_key.in_(batch)))
        forget_calls(connection, key, batch, (ids[one] for one in batch))
        connection.execute(delete(calls).where(calls.c.key.in_(batch)))
        for kind, numbers in (("call", batch), ("text", batch), *keys.items()):
            audit_log.digest_rows(connection, key, kind, numbers)
        for row in rows:
            run = None if row.started is None else run_row(row)
            audit_log.append(connection, key, "deleted", by, call_id=row.call_id, run=run)
    for batch in batches(_failed(connection, ids.values())):
        connection.execute(delete(failures).where(failures.c.key.in_(batch)))
    if UNKNOWN in ids and (known or connection.info.get(PENDING)):
        # Last, since its id may have been taken out of the name of a calibration session.
        audit_log.append(connection, key, "deleted", by, call_id=ids[UNKNOWN])
    index.settle(connection)


def _failed(connection: Connection, ids: Iterable[str]) -> list[int]:
    """The keys of failures of these calls, and of those in files or folders that are named as one of them is."""
    names = frozenset(ids)

    def is_named(place: str) -> bool:
        parts = Path(_LINE.sub("", place)).parts
        return any(not names.isdisjoint((part, *ids_of(part))) for part in parts)

    rows = connection.execute(select(failures.c.key, failures.c.call_id, failures.c.place)).all()
    return [row.key for row in rows if row.call_id in names or is_named(row.place or "")]


def forget_old_failures(connection: Connection, day: date) -> None:
    """Failures of runs that began before a day, and what was copied of recordings in which nobody says anything."""
    old = failures.c.run_key.in_(select(runs.c.key).where(runs.c.started < day.isoformat()))
    failed = select(failures.c.call_id).where(old, failures.c.call_id.is_not(None))
    names = frozenset(connection.execute(failed.where(failures.c.call_id.not_in(select(calls.c.call_id)))).scalars())
    for folder in of_kind(connection, "recordings"):
        for path in recordings_of(folder, names):
            path.unlink(missing_ok=True)
    connection.execute(delete(failures).where(old))


def _search(database: Database, traces: Traces) -> None:
    """See that nothing of the calls is left in the index, or in the files of the database.

    Raises:
        StoreError: something is.
    """
    with database.reading() as connection:
        if index.orphans(connection):
            raise StoreError("the index still has a deleted call; delete it again", place=database.place)
    if not any(map(traces.in_database, database.files())):
        return
    # A page of the file that was rearranged may keep an old copy in its gap.
    database.tidy(whole=True)
    if any(map(traces.in_database, database.files())):
        message = "words of the deleted call, or its id, are still in the store: in what was said or noted of another"
        raise StoreError(f"{message} call; delete that too", place=database.place, code="delete_words")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise StoreError(f"the folder cannot be read ({error.strerror})", place=str(path)) from None


def _may_be_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True
