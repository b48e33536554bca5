"""Run folders into the store, a thousand calls a transaction. What is there already, as it is, is not written again."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import Connection, func, insert, select

from ausweis.audio.kept import KEPT_AUDIO
from ausweis.batch.manifest import RunManifest, read_manifest
from ausweis.batch.state import FACTS_FILE, VERDICTS_FILE, facts_of, verdict_of
from ausweis.calls.call import Call
from ausweis.errors import RunError
from ausweis.journal import lines
from ausweis.judging.verdict import Verdict
from ausweis.store import chain, sealing
from ausweis.store.batching import batches
from ausweis.store.copies import ids_of, is_half
from ausweis.store.database import Database
from ausweis.store.inputs import texts_of
from ausweis.store.key import Key
from ausweis.store.packing import run_row, run_values, verdict_values
from ausweis.store.rows import Added, Imported, RunRow
from ausweis.store.tables import runs, texts, verdicts
from ausweis.store.texts import add_texts, moment_of
from ausweis.store.verdict_rows import ReadVerdict, VerdictWriter

__all__ = ["import_run"]


def import_run(
    database: Database,
    key: Key,
    folder: Path,
    calls: Iterable[Call],
    audio: Mapping[str, tuple[Path, ...]],
    by: str,
) -> Imported:
    """See `Store.import_run`."""
    manifest = read_manifest(folder)
    if manifest is None:
        raise RunError("there is no run here: run.json is missing", place=str(folder))
    try:
        moment_of(None, manifest.started)
    except (ValueError, OverflowError):
        raise RunError("run.json does not say when the run began; put that back", place=str(folder)) from None
    with database.writing() as connection:
        run = _run(connection, key, manifest, folder, by)
    misfits: list[Call] = []
    left: list[Call] = []
    added = _add(database, key, calls, run, misfits, by)
    work = VerdictWriter(key, run, manifest, _audio_of(folder, audio))
    for read in batches(_read(folder, run)):
        # The last line of a call is the one that counts.
        once = list({one.verdict["call_id"]: one for one in read}.values())
        with database.writing() as connection:
            if work.write(connection, once):
                # With what it tells of, so that no fault leaves verdicts without it.
                chain.append(connection, key, "imported", by, run=run, content=f"{work.counts}")
    # Those of verdicts that came just now.
    again = _add(database, key, misfits, run, left, by)
    texts_of(database, key, run, folder, manifest, by)
    with database.reading() as connection:
        without = _without_text(connection, run)
    displaced = added.displaced + again.displaced + work.counts.displaced
    return Imported(run, work.counts.new, work.counts.same, work.counts.replaced, without, displaced, len(left))


def _add(database: Database, key: Key, calls: Iterable[Call], run: RunRow, misfits: list[Call], by: str) -> Added:
    added = Added(0)
    for found in batches(calls):
        once = {call.id: call for call in found}
        with database.writing() as connection:
            some = add_texts(connection, key, list(once.values()), run.started, by)
        misfits += [once[name] for name in sorted(some.misfits)]
        added += some
    return added


def _run(connection: Connection, key: Key, manifest: RunManifest, folder: Path, by: str) -> RunRow:
    values = run_values(manifest, str(folder.absolute()))
    wanted = select(runs).where(runs.c.folder == values["folder"], runs.c.started == values["started"])
    row = connection.execute(wanted).first()
    if row is None:
        connection.execute(insert(runs), values)
        row = connection.execute(wanted).one()
        sealing.seal(connection, key, "run", [row.key])
        chain.append(connection, key, "imported", by, run=run_row(row))
    return run_row(row)


def _read(folder: Path, run: RunRow) -> Iterator[ReadVerdict]:
    path = folder / VERDICTS_FILE
    facts = _Facts(folder / FACTS_FILE)
    for line in lines(path):
        verdict = verdict_of(line, path)
        try:
            Verdict.model_validate_json(line.data)
        except ValidationError:
            message = "the line holds no verdict that this version of ausweis can read"
            raise RunError(message, place=f"{path}:{line.number}") from None
        data, turns = facts.of(verdict["call_id"])
        digest = hashlib.sha256(line.data + b"\n" + data).hexdigest()[:32]
        values = verdict_values(verdict, run)
        yield ReadVerdict(verdict, values, data.decode("utf-8") or None, turns, digest)


class _Facts:
    """The facts of a run, found as verdicts go on: both files have about the same order, so little is held."""

    def __init__(self, path: Path) -> None:
        self._found = ((facts_of(line, path), line.data) for line in lines(path))
        # Of a run of several processes, which may be far out of order, more.
        self._waiting: dict[str, tuple[bytes, int]] = {}

    def of(self, call_id: str) -> tuple[bytes, int]:
        """The line of a call's facts and how many turns it has; nothing and 0 where there are none."""
        if call_id in self._waiting:
            return self._waiting.pop(call_id)
        for facts, data in self._found:
            if facts.call_id == call_id:
                return data, facts.turns
            self._waiting[facts.call_id] = data, facts.turns
        return b"", 0


def _audio_of(folder: Path, audio: Mapping[str, tuple[Path, ...]]) -> dict[str, tuple[Path, ...]]:
    found = dict(audio)
    for path in _recordings(folder / KEPT_AUDIO):
        if not is_half(path.name):
            for name in ids_of(path.name):
                found[name] = (*found.get(name, ()), path)
    return found


def _recordings(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise RunError(f"the folder cannot be read ({error.strerror})", place=str(folder)) from None


def _without_text(connection: Connection, run: RunRow) -> int:
    joined = verdicts.outerjoin(texts, texts.c.call_key == verdicts.c.call_key)
    wanted = select(func.count()).select_from(joined)
    return connection.execute(wanted.where(verdicts.c.run_key == run.key, texts.c.call_key.is_(None))).scalar_one()
