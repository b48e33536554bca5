"""Run folders into the store, a thousand calls a transaction. What is there already, as it is, is not written again."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from pydantic import ValidationError
from sqlalchemy import Connection, bindparam, func, insert, select, update

from ausweis.batch.manifest import RunManifest, now, read_manifest
from ausweis.batch.state import FACTS_FILE, VERDICTS_FILE, call_id_of, facts_of, verdict_of
from ausweis.calls.call import Call
from ausweis.errors import RunError
from ausweis.journal import Line, lines
from ausweis.judging.verdict import Verdict
from ausweis.store import chain, deciding
from ausweis.store.database import Database
from ausweis.store.inputs import texts_of
from ausweis.store.key import Key
from ausweis.store.packing import pack, run_row, run_values, verdict_values
from ausweis.store.rows import Imported, RunRow
from ausweis.store.tables import audio as audio_table
from ausweis.store.tables import calls as calls_table
from ausweis.store.tables import runs, texts, verdicts
from ausweis.store.texts import add_texts, batches, moment_of

__all__ = ["RECORDINGS", "import_run"]

RECORDINGS = "recordings"
"""The folder in a run folder where recordings are copied to."""


class _Read(NamedTuple):
    """A verdict of a run as it was read, its facts' line, and how many turns the call has."""

    verdict: dict[str, Any]
    facts: str | None
    turns: int
    digest: str


@dataclass
class _Counts:
    new: int = 0
    same: int = 0
    replaced: int = 0


@dataclass
class _Import:
    key: Key
    run: RunRow
    manifest: RunManifest
    audio: Mapping[str, tuple[Path, ...]]
    counts: _Counts = field(default_factory=_Counts)

    def write(self, connection: Connection, read: Sequence[_Read]) -> None:
        """One batch, each call of it once."""
        there = self._there(connection, [one.verdict["call_id"] for one in read])
        digests = self._digests(connection, [row.key for row in there.values()])
        new, old = [], []
        for one in read:
            row = there.get(one.verdict["call_id"])
            if row is None:
                new.append(one)
            elif digests.get(row.key) == one.digest:
                self.counts.same += 1
            else:
                self.counts.replaced += row.key in digests
                self.counts.new += row.key not in digests
                old.append(one)
        self.counts.new += len(new)
        if new:
            connection.execute(insert(calls_table), [self._new_call(one) for one in new])
            there |= self._there(connection, [one.verdict["call_id"] for one in new])
        if new or old:
            self._verdicts(connection, [*new, *old], there, digests)
            self._point(connection, [*new, *old], there)
        self._audio(connection, {name: row.key for name, row in there.items()})

    def _there(self, connection: Connection, ids: list[str]) -> dict[str, Any]:
        wanted = select(
            calls_table.c.key,
            calls_table.c.call_id,
            calls_table.c.started_at,
            calls_table.c.says,
            calls_table.c.state,
            runs.c.started,
            runs.c.key.label("run"),
        ).select_from(calls_table.outerjoin(runs, calls_table.c.run_key == runs.c.key))
        return {row.call_id: row for row in connection.execute(wanted.where(calls_table.c.call_id.in_(ids)))}

    def _digests(self, connection: Connection, keys: list[int]) -> dict[int, str]:
        wanted = select(verdicts.c.call_key, verdicts.c.digest)
        wanted = wanted.where(verdicts.c.run_key == self.run.key, verdicts.c.call_key.in_(keys))
        return {row.call_key: row.digest for row in connection.execute(wanted)}

    def _new_call(self, one: _Read) -> dict[str, Any]:
        return {
            "call_id": one.verdict["call_id"],
            "language": self.manifest.inputs.language,
            "turns": one.turns,
            "state": "open",
            **moment_of(None, self.run.started)._asdict(),
        }

    def _verdicts(
        self, connection: Connection, read: Sequence[_Read], there: Mapping[str, Any], digests: Mapping[int, str]
    ) -> None:
        rows = []
        for one in read:
            values = {"digest": one.digest, "says": verdict_values(one.verdict, self.run)["says"]}
            values |= {"body": pack(one.verdict, self.run), "facts": one.facts}
            rows.append({"run_key": self.run.key, "call_key": there[one.verdict["call_id"]].key, **values})
        replaced = [row["call_key"] for row in rows if row["call_key"] in digests]
        if replaced:
            gone = verdicts.delete().where(verdicts.c.run_key == self.run.key, verdicts.c.call_key.in_(replaced))
            connection.execute(gone)
        connection.execute(insert(verdicts), rows)

    def _point(self, connection: Connection, read: Sequence[_Read], there: Mapping[str, Any]) -> None:
        """Make these verdicts count, for calls that no later run has judged."""
        rows = []
        for one in read:
            row = there[one.verdict["call_id"]]
            if row.started is None or (row.started, row.run) <= (self.run.started, self.run.key):
                values = verdict_values(one.verdict, self.run)
                state = row.state if row.says in (None, values["says"]) else self._state(connection, row.key, values)
                day = {} if row.started_at else moment_of(None, self.run.started)._asdict()
                rows.append({"b_key": row.key, "run_key": self.run.key, "state": state, **values, **day})
        for with_day in (False, True):
            some = [row for row in rows if ("day" in row) is with_day]
            if some:
                names = [name for name in some[0] if name != "b_key"]
                statement = update(calls_table).where(calls_table.c.key == bindparam("b_key"))
                connection.execute(statement.values({name: bindparam(name) for name in names}), some)
        keys = [row["b_key"] for row in rows]
        current = select(verdicts.c.key).where(
            verdicts.c.call_key == calls_table.c.key, verdicts.c.run_key == self.run.key
        )
        pointed = update(calls_table).where(calls_table.c.key.in_(keys))
        connection.execute(pointed.values(verdict_key=current.scalar_subquery()))

    def _state(self, connection: Connection, key: int, values: Mapping[str, Any]) -> str:
        return deciding.state_of(deciding.decisions_of(connection, key, says=values["says"]))

    def _audio(self, connection: Connection, keys: Mapping[str, int]) -> None:
        wanted = {(keys[name], str(path.absolute())) for name in keys for path in self.audio.get(name, ())}
        if not wanted:
            return
        there = select(audio_table.c.call_key, audio_table.c.path)
        there = there.where(audio_table.c.call_key.in_([key for key, _ in wanted]))
        wanted -= {(row.call_key, row.path) for row in connection.execute(there)}
        if wanted:
            rows = [{"call_key": key, "path": path} for key, path in sorted(wanted)]
            connection.execute(insert(audio_table), rows)


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
    with database.writing() as connection:
        run = _run(connection, manifest, folder)
    for found in batches(calls):
        with database.writing() as connection:
            add_texts(connection, key, list({call.id: call for call in found}.values()), run.started)
    work = _Import(key, run, manifest, _audio_of(folder, audio))
    for read in batches(_read(folder)):
        # The last line of a call is the one that counts.
        once = list({one.verdict["call_id"]: one for one in read}.values())
        with database.writing() as connection:
            work.write(connection, once)
    texts_of(database, key, run, folder, manifest)
    with database.writing() as connection:
        if work.counts.new or work.counts.replaced:
            chain.append(connection, key, "imported", by, run=run, content=f"{work.counts}")
        without = _without_text(connection, run)
    return Imported(run, work.counts.new, work.counts.same, work.counts.replaced, without)


def _run(connection: Connection, manifest: RunManifest, folder: Path) -> RunRow:
    values = run_values(manifest, str(folder.absolute()))
    wanted = select(runs).where(runs.c.folder == values["folder"], runs.c.started == values["started"])
    row = connection.execute(wanted).first()
    if row is None:
        connection.execute(insert(runs), values | {"started": values["started"] or now()})
        row = connection.execute(wanted).one()
    return run_row(row)


def _read(folder: Path) -> Iterator[_Read]:
    path = folder / VERDICTS_FILE
    facts = _Facts(folder / FACTS_FILE)
    for line in lines(path):
        verdict = verdict_of(line, path)
        try:
            Verdict.model_validate_json(line.data)
        except ValidationError:
            message = "the line holds no verdict that this version of ausweis can read"
            raise RunError(message, place=f"{path}:{line.number}") from None
        found = facts.of(verdict["call_id"])
        turns = 0 if found is None else facts_of(found, facts.path).turns
        data = b"" if found is None else found.data
        digest = hashlib.sha256(line.data + b"\n" + data).hexdigest()[:32]
        yield _Read(verdict, None if found is None else data.decode("utf-8"), turns, digest)


class _Facts:
    """The facts of a run, found as verdicts go on: both files have about the same order, so little is held."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = lines(path)
        self._waiting: dict[str, Line] = {}

    def of(self, call_id: str) -> Line | None:
        """The line of a call."""
        if call_id in self._waiting:
            return self._waiting.pop(call_id)
        for line in self._lines:
            name = call_id_of(line, self.path)
            if name == call_id:
                return line
            # Only where it is: a run of several processes may be far out of order.
            self._waiting[name] = line
        return None


def _audio_of(folder: Path, audio: Mapping[str, tuple[Path, ...]]) -> dict[str, tuple[Path, ...]]:
    found = dict(audio)
    kept = folder / RECORDINGS
    for path in sorted(kept.iterdir()) if kept.is_dir() else ():
        if not path.name.startswith("."):
            for name in {unquote(path.stem), unquote(path.stem).removesuffix(".agent").removesuffix(".caller")}:
                found[name] = (*found.get(name, ()), path)
    return found


def _without_text(connection: Connection, run: RunRow) -> int:
    joined = verdicts.outerjoin(texts, texts.c.call_key == verdicts.c.call_key)
    wanted = select(func.count()).select_from(joined)
    return connection.execute(wanted.where(verdicts.c.run_key == run.key, texts.c.call_key.is_(None))).scalar_one()
