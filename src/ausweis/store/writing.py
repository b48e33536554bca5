"""What becomes of the calls of a run, written as it comes: text, facts and verdict of a call in one transaction.

Statements are built once, since building them takes longer than SQLite needs to run them.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, desc, insert, select, update

from ausweis.calls.call import Call, call_sha256
from ausweis.calls.failure import Failure
from ausweis.facts import Facts, facts_line
from ausweis.judging.verdict import Verdict
from ausweis.policies import Policy
from ausweis.provenance import RunProvenance, now
from ausweis.store import audit_log
from ausweis.store.database import SOME, Database
from ausweis.store.decisions import NOTHING_DECIDED, decisions_of, right_values
from ausweis.store.exports import recordings_of
from ausweis.store.index import drop, renew
from ausweis.store.key import Key
from ausweis.store.packing import (
    call_of,
    call_values,
    moment_of,
    nameless,
    names_moment,
    pack,
    run_row,
    run_values,
    text_row,
    unpack,
    verdict_values,
)
from ausweis.store.rows import Judged, RunRow
from ausweis.store.schema import audio, calls, failures, runs, texts, verdicts

Audio = Mapping[str, Sequence[Path]]
"""The recordings of calls, by their ids."""
_NOTHING_JUDGED: dict[str, None] = dict.fromkeys(
    (
        *("verdict_key", "run_key", "outcome", "risk", "confidence", "needs_review", "to_review"),
        *("first_violation_turn", "severity", "violations", "incidents", "weight", "looked_for"),
    )
)
"""The columns of `calls` that are the verdict's, but for `says`, of a call that has none."""
_THERE = (
    select(
        *(calls.c[name] for name in ("key", "call_id", "day", "at", "started_at", "says", "verdict_key")),
        *(texts.c.words, texts.c.body, texts.c.recording),
    )
    .outerjoin_from(calls, texts, texts.c.call_key == calls.c.key)
    .where(calls.c.call_id.in_(SOME))
)
_JUDGED = select(*(calls.c[name] for name in ("key", "call_id", "says", *NOTHING_DECIDED)))
_JUDGED = _JUDGED.where(calls.c.call_id.in_(SOME))
_SETTLED = (
    select(verdicts, calls.c.verdict_key, texts.c.words, texts.c.body.label("text"), texts.c.recording)
    .join_from(verdicts, calls, calls.c.key == verdicts.c.call_key)
    .join(runs, runs.c.key == verdicts.c.run_key)
    .outerjoin(texts, texts.c.call_key == calls.c.key)
    .where(calls.c.call_id == bindparam("id"), verdicts.c.made_of == bindparam("read"))
    .where(runs.c.system == bindparam("made_by"))
    .order_by(desc(verdicts.c.key))
    .limit(1)
)
_ADD_CALLS = insert(calls).returning(calls.c.call_id, calls.c.key)
_SET = update(calls).where(calls.c.key == bindparam("b_key"))
_ADD_TEXTS, _DROP_TEXTS = insert(texts), delete(texts).where(texts.c.call_key.in_(SOME))
_ADD_VERDICTS = insert(verdicts).returning(verdicts.c.call_key, verdicts.c.key)
_DROP_VERDICTS = (
    delete(verdicts)
    .where(verdicts.c.run_key == bindparam("run"), verdicts.c.call_key.in_(SOME))
    .returning(verdicts.c.key)
)
_of_series = failures.c.run_key.in_(select(runs.c.key).where(runs.c.series == bindparam("of_series")))
_earlier = (failures.c.run_key != bindparam("run")) & (failures.c.kind != "duplicate")
_DROP_MENDED = delete(failures).where(failures.c.call_id.in_(SOME), _of_series, _earlier | failures.c.place.is_(None))
"""Failures of a series that do not stand once these calls were read; those of other files of this run that claim the
same id do."""


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

    `started`, in UTC, is now by default.

    Raises:
        StoreError: the store cannot be read or written; then nothing is written of what was given.
    """

    def __init__(
        self,
        database: Database,
        key: Key,
        origin: RunProvenance,
        *,
        by: str = "ausweis",
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
        """What was made of this text of the call before by the same policy, model, templates and learned parts."""
        if not self.system:
            return None
        asked = {"id": call.id, "read": call_sha256(call), "made_by": self.system}
        with self._database.reading() as connection:
            row = connection.execute(_SETTLED, asked).first()
            if row is None:
                return None
            told = {"words": row.words, "body": row.text, "recording": row.recording}
            verdict, facts = unpack(row.body, self.run), Facts.model_validate_json(row.facts)
        return Settled(verdict, facts, row.verdict_key == row.key and told == text_row(nameless(call, self._key)))

    def heard(self, recording: str) -> Call | None:
        """The call of the recording with this key, as it was transcribed before."""
        wanted = select(texts, calls.c.call_id).join(calls, calls.c.key == texts.c.call_key)
        with self._database.reading() as connection:
            row = connection.execute(wanted.where(texts.c.recording == recording).limit(1)).first()
            return None if row is None else call_of(row, row.call_id)

    def add(self, call: Call, facts: Facts, verdict: Verdict, recordings: Sequence[Path] = ()) -> None:
        """A call that was read and judged."""
        self.add_all([(call, facts, verdict)], {call.id: recordings})

    def add_all(self, batch: Sequence[tuple[Call, Facts, Verdict]], recordings: Audio | None = None) -> None:
        """Calls that were read and judged, each once, in one transaction."""
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
            if failure.was_read:
                self._mend(connection, [str(failure.call_id)])
            else:
                earlier = (failures.c.place == failure.place, failures.c.run_key != self.run.key)
                connection.execute(delete(failures).where(*earlier))
            connection.execute(insert(failures), {"run_key": self.run.key, **row})

    def forget_failures(self, files: Collection[str]) -> None:
        """Drop what failed in earlier runs while these files were read: this run read them to their end."""
        with self._database.writing() as connection:
            rows = connection.execute(select(failures).where(failures.c.run_key != self.run.key)).all()
            told = [(row.key, Failure(call_id=row.call_id, place=row.place, kind=row.kind, message="")) for row in rows]
            mended = [number for number, failure in told if not failure.was_read and failure.is_in(files)]
            connection.execute(delete(failures).where(failures.c.key.in_(mended)))

    def _mend(self, connection: Connection, ids: Collection[str]) -> None:
        connection.execute(_DROP_MENDED, {"some": list(ids), "of_series": self.run.series, "run": self.run.key})

    def _write(self, said: Sequence[Call], judged: Sequence[Judged], recordings: Audio) -> None:
        with self._database.writing() as connection:
            changed, displaced = add_texts(connection, self._key, said, self.run.started)
            self.displaced += displaced
            ids = {call.id for call in said}
            numbers = add_verdicts(connection, self._key, self.run, judged, checked=ids)
            heard = _hear(connection, recordings)
            audit_log.digest_rows(connection, self._key, "call", {*changed.values(), *numbers, *heard})
            renew(connection, ids | {one.facts.call_id for one in judged})
            if judged:
                self._mend(connection, [one.facts.call_id for one in judged])
            if changed or judged or heard:
                # With what it tells of, so that no fault leaves rows without it.
                content = f"{len(judged)} verdicts, {len(changed)} texts"
                audit_log.append(connection, self._key, "scored", self._by, content=content)


def system_of(origin: RunProvenance, series: str = "") -> str:
    """A hash of all that a verdict depends on besides the text of its call, and of the series of runs that it is of."""
    return hashlib.sha256(json.dumps([origin.parts(), series], sort_keys=True).encode()).hexdigest()[:32]


def add_texts(connection: Connection, key: Key, batch: Sequence[Call], today: str) -> tuple[dict[str, int], int]:
    """Put calls in, or in the place of what is there under their ids; each id once.

    Gives the keys of those that changed, by ids, and how many took the place of a judged call. `today`, a time in UTC,
    is the day of calls that name none, unless they are there already. The verdict of another call, or another text of
    it, under an id that is there counts no more. Texts get digests: make those of the calls that changed after, and
    add an entry to the audit log.

    Raises:
        StoreError: a call that is there does not fit its digest.
    """
    if not batch:
        return {}, 0
    named = {call.id: nameless(call, key) for call in batch}
    there = {row.call_id: row for row in connection.execute(_THERE, {"some": list(named)})}
    for kind in ("call", "text"):
        audit_log.check_rows(connection, key, kind, [row.key for row in there.values()])
    rows = {name: text_row(call) for name, call in named.items()}
    same = {name for name, row in there.items() if all(getattr(row, own) == told for own, told in rows[name].items())}
    named = {name: call for name, call in named.items() if name not in same}
    rows = {name: rows[name] for name in named}
    old = {name: row for name, row in there.items() if name in rows}
    displaced = {name for name, row in old.items() if _is_other(named[name], rows[name], row)}
    new, set_anew = [], []
    for name, call in named.items():
        values = call_values(call) | moment_of(call.started_at, today)
        if name not in old:
            new.append(values)
            continue
        kept = old[name]
        if name not in displaced and not names_moment(call.started_at) and names_moment(kept.at):
            values |= {"day": kept.day, "at": kept.at}
        set_anew.append({**values, "b_key": kept.key})
    keys = {name: row.key for name, row in old.items()}
    if new:
        keys |= {row.call_id: row.key for row in connection.execute(_ADD_CALLS, new)}
    if old:
        connection.execute(_SET, set_anew)
        drop(connection, [row.key for row in old.values()])
        connection.execute(_DROP_TEXTS, {"some": [row.key for row in old.values()]})
    if rows:
        connection.execute(_ADD_TEXTS, [{"call_key": keys[name], **row} for name, row in rows.items()])
    if displaced:
        # These are of the call that was there before.
        connection.execute(delete(audio).where(audio.c.call_key.in_([keys[name] for name in displaced])))
        nothing = {**_NOTHING_JUDGED, **NOTHING_DECIDED, "sample_key": None, "assigned": None}
        for name in displaced:
            says = _reopened(old[name].says, f"{named[name].started_at}\n{rows[name]['words']}")
            connection.execute(_SET, {**nothing, "says": says, "b_key": keys[name]})
    audit_log.digest_rows(connection, key, "text", keys.values())
    return keys, sum(old[name].verdict_key is not None for name in displaced)


def _reopened(says: str | None, by: str) -> str | None:
    """What a verdict says, of another call than before under the id: no decision about that one counts any more."""
    # Hash the old value too, so that restoring a transcript does not revive old decisions.
    since = hashlib.sha256(f"{says}\n{by}".encode()).hexdigest()[:16]
    return says and f"{says.partition(':')[0]}:{since}"


def _is_other(call: Call, row: dict[str, Any], there: Any) -> bool:
    """Whether what is there under the id is another call, or another text of it."""
    moved = None not in (there.started_at, call.started_at) and there.started_at != call.started_at
    return moved or (there.words is not None and _said(there.words, there.body) != _said(row["words"], row["body"]))


def _said(words: str, body: str) -> tuple[str, list[tuple[str, int]]]:
    """The words with the speaker and the length of each turn."""
    return words, [(speaker, length) for speaker, _, _, length, *_ in json.loads(body)["turns"]]


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
    there = {row.call_id: row for row in connection.execute(_JUDGED, {"some": [one.facts.call_id for one in batch]})}
    keys = [row.key for row in there.values()]
    audit_log.check_rows(connection, key, "call", [row.key for row in there.values() if row.call_id not in checked])
    replaced = connection.execute(_DROP_VERDICTS, {"run": run.key, "some": keys}).scalars().all()
    rows, columns = [], []
    for facts, verdict, made_of in batch:
        call, kept = there[facts.call_id], facts_line(facts)
        said = verdict_values(verdict, run, kept)
        says = {"says": said["says"], "body": pack(verdict, run), "facts": kept, "made_of": made_of}
        rows.append({"run_key": run.key, "call_key": call.key, **says})
        columns.append({"b_key": call.key, "run_key": run.key, **said, **_standing(connection, said["says"], call)})
    numbers = {row.call_key: row.key for row in connection.execute(_ADD_VERDICTS, rows)}
    audit_log.digest_rows(connection, key, "verdict", [*replaced, *numbers.values()])
    connection.execute(_SET, [row | {"verdict_key": numbers[row["b_key"]]} for row in columns])
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
