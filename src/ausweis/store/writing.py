"""What becomes of the calls of a run, written as it comes: text, facts and verdict of a call in one transaction."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, delete, desc, insert, select, update

from ausweis.calls.call import Call, call_sha256
from ausweis.calls.failure import Failure
from ausweis.facts import Facts, facts_line
from ausweis.judging.verdict import Verdict
from ausweis.policies import Policy
from ausweis.provenance import RunProvenance, now
from ausweis.store import audit_log
from ausweis.store.database import Database
from ausweis.store.decisions import NOTHING_DECIDED, decisions_of, right_values
from ausweis.store.exports import recordings_of
from ausweis.store.index import renew
from ausweis.store.key import Key
from ausweis.store.packing import call_of, pack, run_row, run_values, unpack, verdict_values
from ausweis.store.rows import Judged, RunRow
from ausweis.store.schema import audio, calls, failures, runs, texts, verdicts
from ausweis.store.texts import add_texts, nameless, text_row

__all__ = ["Audio", "RunWriter", "Settled"]

Audio = Mapping[str, Sequence[Path]]
"""The recordings of calls, by their ids."""


class Settled(NamedTuple):
    """What a run of the same system made of a call. `counts`: it is what the store says of the call today."""

    verdict: Verdict
    facts: Facts
    counts: bool


class RunWriter:
    """Writes what becomes of calls. The verdict that was written last counts.

    `system`: the same for all runs that make the same of a call; empty for one whose verdicts no run may take over.
    `series`: tells such runs apart all the same. `copies`: a folder of copied recordings. `policy`: which judges, kept
    so that its rules can be told. `displaced`: how many calls came in the place of another call, or another text of it,
    under the same id, about which people may have decided.

    Raises:
        StoreError: the store cannot be written.
    """

    def __init__(
        self,
        database: Database,
        key: Key,
        origin: RunProvenance,
        *,
        by: str,
        system: str | None = None,
        series: str = "",
        started: str | None = None,
        copies: Path | None = None,
        policy: Policy | None = None,
    ) -> None:
        self._copies = copies
        self._database = database
        self._key = key
        self._by = by
        self.displaced = 0
        self.system = system_of(origin, series) if system is None else system
        values = run_values(origin, started or now(), policy) | {"system": self.system, "series": series}
        with database.writing() as connection:
            number = connection.execute(insert(runs).returning(runs.c.key), values).scalar_one()
            self.run: RunRow = run_row(connection.execute(select(runs).where(runs.c.key == number)).one())
            audit_log.digest_rows(connection, key, "run", [number])
            audit_log.append(connection, key, "scored", by, run=self.run)

    def settled(self, call: Call) -> Settled | None:
        """What was made of this text of the call before by the same policy, model, templates and learned parts.

        Raises:
            StoreError: it cannot be read.
        """
        if not self.system:
            return None
        joined = verdicts.join(calls, calls.c.key == verdicts.c.call_key).join(runs, runs.c.key == verdicts.c.run_key)
        wanted = select(verdicts, calls.c.verdict_key, texts.c.words, texts.c.body.label("text"), texts.c.recording)
        wanted = wanted.select_from(joined.outerjoin(texts, texts.c.call_key == calls.c.key))
        wanted = wanted.where(calls.c.call_id == call.id, verdicts.c.made_of == call_sha256(call))
        wanted = wanted.where(runs.c.system == self.system).order_by(desc(verdicts.c.key)).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(wanted).first()
            if row is None:
                return None
            told = {"words": row.words, "body": row.text, "recording": row.recording}
            verdict, facts = unpack(row.body, self.run), Facts.model_validate_json(row.facts)
        return Settled(verdict, facts, row.verdict_key == row.key and told == text_row(nameless(call, self._key)))

    def heard(self, recording: str) -> Call | None:
        """The call of the recording with this key, as it was transcribed before.

        Raises:
            StoreError: it cannot be read.
        """
        wanted = select(texts, calls.c.call_id).join(calls, calls.c.key == texts.c.call_key)
        with self._database.reading() as connection:
            row = connection.execute(wanted.where(texts.c.recording == recording).limit(1)).first()
            return None if row is None else call_of(row, row.call_id)

    def add(self, call: Call, facts: Facts, verdict: Verdict, recordings: Sequence[Path] = ()) -> None:
        """A call that was read and judged.

        Raises:
            StoreError: it cannot be written; then nothing of it is.
        """
        self.add_all([(call, facts, verdict)], {call.id: recordings})

    def add_all(self, batch: Sequence[tuple[Call, Facts, Verdict]], recordings: Audio | None = None) -> None:
        """Calls that were read and judged, each once, in one transaction.

        Raises:
            StoreError: they cannot be written; then nothing of them is.
        """
        judged = [Judged(facts, said, call_sha256(call)) for call, facts, said in batch]
        heard = {
            name: [*paths, *(recordings_of(self._copies, frozenset((name,))) if self._copies and paths else ())]
            for name, paths in (recordings or {}).items()
        }
        self._write([call for call, _, _ in batch], judged, heard)

    def add_text(self, call: Call) -> None:
        """A call without a verdict: one that is still to be read, or could not be."""
        self._write([call], [], {})

    def judge_anew(self, batch: Sequence[Judged]) -> None:
        """Other verdicts on the facts of calls that are there."""
        self._write([], batch, {})

    def add_failure(self, failure: Failure, call: Call | None = None) -> None:
        """Why a call has no verdict; its text, where that is known, so that deletion finds what it left behind."""
        if call is not None:
            # First: a failure without its text would let recorded answers about it outlive a deletion.
            self.add_text(call)
        row = {name: getattr(failure, name) for name in ("call_id", "place", "kind", "message")}
        with self._database.writing() as connection:
            earlier = (failures.c.place == failure.place) & (failures.c.run_key != self.run.key)
            same = self._mended([str(failure.call_id)]) if failure.was_read else earlier
            connection.execute(delete(failures).where(same))
            connection.execute(insert(failures), {"run_key": self.run.key, **row})

    def forget_failures(self, files: Collection[str]) -> None:
        """Drop what failed in earlier runs while these files were read: this run read them to their end."""
        with self._database.writing() as connection:
            rows = connection.execute(select(failures).where(failures.c.run_key != self.run.key)).all()
            told = [(row.key, Failure(call_id=row.call_id, place=row.place, kind=row.kind, message="")) for row in rows]
            mended = [number for number, failure in told if not failure.was_read and failure.is_in(files)]
            connection.execute(delete(failures).where(failures.c.key.in_(mended)))

    def _mended(self, ids: Collection[str]) -> ColumnElement[bool]:
        """The failures of this series that do not stand once these calls were read from their files.

        Those of other files of this run that claim the same id do.
        """
        same = failures.c.run_key.in_(select(runs.c.key).where(runs.c.series == self.run.series))
        earlier = (failures.c.run_key != self.run.key) & (failures.c.kind != "duplicate")
        return failures.c.call_id.in_(ids) & same & (earlier | failures.c.place.is_(None))

    def _write(self, said: Sequence[Call], judged: Sequence[Judged], recordings: Audio) -> None:
        with self._database.writing() as connection:
            held = _decided(connection, [call.id for call in said])
            changed = add_texts(connection, self._key, said, self.run.started)
            self.displaced += len(held - _decided(connection, held)) if held else 0
            ids = {call.id for call in said}
            numbers = add_verdicts(connection, self._key, self.run, judged, checked=ids)
            heard = _hear(connection, recordings)
            audit_log.digest_rows(connection, self._key, "call", {*changed.values(), *numbers, *heard})
            renew(connection, ids | {one.facts.call_id for one in judged})
            failed = [one.facts.call_id for one in judged]
            connection.execute(delete(failures).where(self._mended(failed)))
            if changed or judged or heard:
                # With what it tells of, so that no fault leaves rows without it.
                content = f"{len(judged)} verdicts, {len(changed)} texts"
                audit_log.append(connection, self._key, "scored", self._by, content=content)


def system_of(origin: RunProvenance, series: str = "") -> str:
    """A hash of all that a verdict depends on besides the text of its call, and of the series of runs that it is of."""
    return hashlib.sha256(json.dumps([origin.parts(), series], sort_keys=True).encode()).hexdigest()[:32]


def _decided(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Those of these calls that have a verdict."""
    wanted = select(calls.c.call_id).where(calls.c.call_id.in_(list(ids)), calls.c.verdict_key.is_not(None))
    return set(connection.execute(wanted).scalars())


def add_verdicts(
    connection: Connection, key: Key, run: RunRow, batch: Sequence[Judged], *, checked: Collection[str]
) -> list[int]:
    """Verdicts on calls whose text is there, each call once: they count from now on. The keys of the calls.

    `checked`: calls that were held against their digests in this transaction. Verdicts get digests: make those of the
    calls after, and renew what is masked, which depends on facts and verdict.

    Raises:
        StoreError: a call does not fit its digest.
    """
    if not batch:
        return []
    names = ("key", "call_id", "says", *NOTHING_DECIDED)
    wanted = select(*(calls.c[name] for name in names))
    wanted = wanted.where(calls.c.call_id.in_([judged.facts.call_id for judged in batch]))
    there = {row.call_id: row for row in connection.execute(wanted)}
    keys = [row.key for row in there.values()]
    audit_log.check_rows(connection, key, "call", [row.key for row in there.values() if row.call_id not in checked])
    own = (verdicts.c.run_key == run.key, verdicts.c.call_key.in_(keys))
    replaced = connection.execute(select(verdicts.c.key).where(*own)).scalars().all()
    if replaced:
        connection.execute(delete(verdicts).where(*own))
    rows, columns = [], []
    for facts, verdict, made_of in batch:
        call, kept = there[facts.call_id], facts_line(facts)
        said = verdict_values(verdict, run, kept)
        says = {"says": said["says"], "body": pack(verdict, run), "facts": kept, "made_of": made_of}
        rows.append({"run_key": run.key, "call_key": call.key, **says})
        columns.append({"b_key": call.key, "run_key": run.key, **said, **_standing(connection, said["says"], call)})
    made = insert(verdicts).returning(verdicts.c.call_key, verdicts.c.key)
    numbers = {row.call_key: row.key for row in connection.execute(made, rows)}
    audit_log.digest_rows(connection, key, "verdict", [*replaced, *numbers.values()])
    columns = [row | {"verdict_key": numbers[row["b_key"]]} for row in columns]
    statement = update(calls).where(calls.c.key == bindparam("b_key"))
    connection.execute(statement.values({name: bindparam(name) for name in columns[0] if name != "b_key"}), columns)
    return keys


def _standing(connection: Connection, says: str, call: Any) -> dict[str, Any]:
    """What the call's verdict says now, and what was decided about one that says the same."""
    _, sign, since = (call.says or "").partition(":")
    says += sign + since
    if call.says in (None, says):
        return {"says": says, **{name: getattr(call, name) for name in NOTHING_DECIDED}}
    return {"says": says, **right_values(decisions_of(connection, call.key, says=says))}


def _hear(connection: Connection, recordings: Audio) -> set[int]:
    """Keep where the recordings of calls are; the keys of those of which one was not known."""
    wanted = {name: [str(path.absolute()) for path in paths] for name, paths in recordings.items() if paths}
    if not wanted:
        return set()
    named = select(calls.c.call_id, calls.c.key).where(calls.c.call_id.in_(wanted))
    keys = {row.call_id: row.key for row in connection.execute(named)}
    known = select(audio.c.call_key, audio.c.path).where(audio.c.call_key.in_(keys.values()))
    there = {(row.call_key, row.path) for row in connection.execute(known)}
    new = {(keys[name], path) for name, paths in wanted.items() for path in paths} - there
    if new:
        connection.execute(insert(audio), [{"call_key": number, "path": path} for number, path in sorted(new)])
    return {number for number, _ in new}
