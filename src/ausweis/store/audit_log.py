"""The audit log: who did what on which policy, prompts and model; and a digest of each row that reports rest on.

Entries are only appended, each hashed with the one before. Hashes are keyed (HMAC-SHA256, the key is not in the
database): who can write the database, but has no key, can forge neither an entry nor a digest. That the last entries
were cut off shows by a hash that was noted down before.

A row that was changed, removed or added does not fit its digest. Each entry holds the sum of all digests, hashed once
more and hidden by a number that only the key gives: rows that were removed with their digests, or put back as they were
before, do not fit it (MSet-Add-Hash; Clarke et al., Incremental Multiset Hash Functions, ASIACRYPT 2003). Digests of
deleted calls go with them, and with their salts all that a sum could tell of them.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    desc,
    insert,
    inspect,
    select,
    true,
    type_coerce,
)
from sqlalchemy.types import NullType

from ausweis.errors import NoCallError, StoreError
from ausweis.provenance import ModelProvenance, PolicyProvenance, PromptProvenance, now
from ausweis.store.database import PENDING, SOME
from ausweis.store.key import Key, canonical
from ausweis.store.packing import run_row
from ausweis.store.rows import LogEntry, RunRow, What
from ausweis.store.schema import (
    BATCH,
    audio,
    audit_log,
    batches,
    calibrations,
    calls,
    decisions,
    objections,
    reviewers,
    row_digests,
    runs,
    samples,
    texts,
    verdicts,
)

_MODULUS = 1 << 256
_SALT = 16
"""Hex digits of a digest that are by chance: who has the key cannot try what a deleted call may have said."""
_LAST = select(audit_log.c.seq, audit_log.c.rows, audit_log.c.hash).order_by(desc(audit_log.c.seq)).limit(1)
_ENTER = insert(audit_log)
_OWN = (row_digests.c.kind == bindparam("of_kind"), row_digests.c.number.in_(SOME))
_DIGESTS = select(row_digests.c.number, row_digests.c.digest).where(*_OWN)
_DROP_DIGESTS, _ADD_DIGESTS = delete(row_digests).where(*_OWN), insert(row_digests)
_HEARD = select(audio.c.call_key, audio.c.path).where(audio.c.call_key.in_(SOME)).order_by(audio.c.path)


class _Kind(NamedTuple):
    """A table, the column that tells its rows apart, what a row holds, and the column that names its call."""

    table: Table
    key: Column[Any]
    words: str
    call: Column[Any] | None = None


_KINDS = {
    "run": _Kind(runs, runs.c.key, "the run"),
    "sample": _Kind(samples, samples.c.key, "the sample"),
    "calibration": _Kind(calibrations, calibrations.c.key, "the calibration session"),
    "call": _Kind(calls, calls.c.key, "the call", calls.c.key),
    "text": _Kind(texts, texts.c.call_key, "the text", texts.c.call_key),
    "verdict": _Kind(verdicts, verdicts.c.key, "the verdict with its facts", verdicts.c.call_key),
    "decision": _Kind(decisions, decisions.c.key, "the decision", decisions.c.call_key),
    "objection": _Kind(objections, objections.c.key, "the objection", objections.c.call_key),
    "reviewer": _Kind(reviewers, reviewers.c.key, "the reviewer"),
}
_FOLLOW = frozenset({"state", "right_outcome", "right_violations", "right_incidents"})
"""Columns that follow from decisions, and are held against them."""


def append(
    connection: Connection,
    key: Key,
    what: What,
    who: str,
    *,
    call_id: str | None = None,
    run: RunRow | None = None,
    content: str | None = None,
    at: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Add an entry, in a transaction that writes: its number. `detail` stays in it for good, and is read in clear."""
    last = connection.execute(_LAST).first()
    seq = last.seq + 1 if last else 1
    total = (_sum_of(key, last) + connection.info.pop(PENDING, 0)) % _MODULUS
    row: dict[str, Any] = {
        "seq": seq,
        "at": at or now(),
        "who": who,
        "what": what,
        "call": None if call_id is None else key.call(call_id),
        "policy": None if run is None else run.policy.model_dump_json(),
        "prompts": None if run is None else canonical([prompt.model_dump() for prompt in run.prompts]),
        "model": None if run is None else run.model.model_dump_json(),
        "content": None if content is None else key.content(content),
        "detail": None if detail is None else canonical(dict(detail)),
        "rows": f"{(total + _mask(key, seq)) % _MODULUS:064x}",
        "previous": last.hash if last else "",
    }
    connection.execute(_ENTER, row | {"hash": key.link(canonical(row))})
    return int(seq)


def add_row(
    connection: Connection, key: Key, kind: str, row: Mapping[str, Any], what: What, who: str, call: Any
) -> int:
    """Add a row about a call, given as its row of `calls`, with its digest and an entry: its key."""
    table, column, *_ = _KINDS[kind]
    made: int = connection.execute(insert(table).returning(column), row).scalar_one()
    digest_rows(connection, key, kind, [made])
    run = run_row(connection.execute(select(runs).where(runs.c.key == call.run_key)).one())
    content = canonical(row)
    append(connection, key, what, who, call_id=call.call_id, run=run, content=content, at=row["at"])
    return made


def log(
    connection: Connection, secret: Key, what: What, *, who: str, key: int | None = None, content: str | None = None
) -> None:
    """Add an entry, such as that somebody looked at a call, by its key, unmasked.

    `content`: what it was about besides, of which the log keeps a keyed hash.

    Raises:
        NoCallError: there is no such call, or it has no verdict.
    """
    if key is None:
        append(connection, secret, what, who, content=content)
        return
    wanted = select(calls.c.call_id, runs).join(runs, runs.c.key == calls.c.run_key).where(calls.c.key == key)
    row = connection.execute(wanted).first()
    if row is None:
        raise NoCallError("there is no such call in the store")
    append(connection, secret, what, who, call_id=row.call_id, run=run_row(row), content=content)


def entries(connection: Connection, *, limit: int | None = None, before: int | None = None) -> list[LogEntry]:
    """The entries, the latest first; with `before`, those of smaller numbers."""
    wanted = select(audit_log).order_by(desc(audit_log.c.seq)).limit(limit)
    wanted = wanted if before is None else wanted.where(audit_log.c.seq < before)
    return [_entry(row) for row in connection.execute(wanted)]


def unvouched(connection: Connection) -> list[str]:
    """The tables whose rows have no digests. What nobody reports on; or it is made anew."""
    names = {name for name in inspect(connection).get_table_names() if not name.startswith("found_")}
    vouched = (audit_log, row_digests, audio, *(kind.table for kind in _KINDS.values()))
    return sorted(names - {table.name for table in vouched})


def verify(connection: Connection, key: Key, head: str | None) -> int:
    """Walk through the log, then hold all rows against it; the number of entries.

    Raises:
        StoreError: an entry or row is not what was written, is missing, was added, or put back as it was before.
    """
    last, heads_seen = None, head is None
    for row in connection.execute(select(audit_log).order_by(audit_log.c.seq)):
        seq, previous = (last.seq + 1, last.hash) if last else (1, "")
        wanted = key.link(canonical({name: part for name, part in row._mapping.items() if name != "hash"}))
        if (row.seq, row.previous, row.hash) != (seq, previous, wanted):
            raise StoreError(f"the audit log is broken at entry {seq}: it was changed, or one before it is missing")
        heads_seen = heads_seen or row.hash == head
        last = row
    number = last.seq if last else 0
    if not heads_seen:
        message = f"the audit log ends at entry {number}, and the head that was noted down is not in it: it was cut off"
        raise StoreError(message)
    total = 0
    for kind, (_, column, *_) in _KINDS.items():
        digested = select(row_digests.c.number).where(row_digests.c.kind == kind)
        numbers = connection.execute(select(column).union(digested)).scalars().all()
        for batch in batches(sorted(numbers), BATCH):
            total += sum(_number(key, kind, *held) for held in _compare(connection, key, kind, batch).items())
    if total % _MODULUS != _sum_of(key, last):
        raise StoreError(
            "rows are not those of the last entry of the audit log: some are missing with their digests, or were put "
            "back as they were before; put a backup in the place of the store"
        )
    return int(number)


def digest_rows(connection: Connection, key: Key, kind: str, numbers: Iterable[int]) -> bool:
    """Keep digests of rows as they are now, in a transaction that writes; whether any is not as it was.

    Those that are no more lose their digests. `check_rows` before they are changed; add an entry to the log after.
    """
    delta, is_other = 0, False
    for batch in batches(sorted(numbers)):
        now_, before = _held(connection, key, kind, batch)
        changed = [number for number in batch if now_.get(number) != before.get(number)]
        is_other = is_other or bool(changed)
        if gone := [number for number in changed if number in before]:
            connection.execute(_DROP_DIGESTS, {"of_kind": kind, "some": gone})
            delta -= sum(_number(key, kind, number, before[number]) for number in gone)
        if kept := [number for number in changed if number in now_]:
            rows = [{"kind": kind, "number": number, "digest": now_[number]} for number in kept]
            connection.execute(_ADD_DIGESTS, rows)
            delta += sum(_number(key, kind, number, now_[number]) for number in kept)
    connection.info[PENDING] = connection.info.get(PENDING, 0) + delta
    return is_other


def check_rows(connection: Connection, key: Key, kind: str, numbers: Iterable[int]) -> None:
    """Hold rows against their digests, before these are made anew.

    Raises:
        StoreError: one was changed, removed or added since; it names the row, and its call.
    """
    for batch in batches(numbers):
        _compare(connection, key, kind, batch)


def _compare(connection: Connection, key: Key, kind: str, numbers: Sequence[int]) -> Mapping[int, str]:
    digests, before = _held(connection, key, kind, numbers)
    for number in sorted(digests.keys() | before.keys()):
        if digests.get(number) != before.get(number):
            what = "is missing" if number not in digests else "was changed" if number in before else "was added"
            raise StoreError(
                f"{_told(connection, kind, number)} {what} behind the store's back; put a backup in its place, "
                "or delete the call and score it again",
                code="store_damaged",
            )
    return digests


def _told(connection: Connection, kind: str, number: int) -> str:
    """Which row it is, and of which call."""
    table, column, words, call = _KINDS[kind]
    wanted = select(calls.c.call_id).limit(1)
    if kind in ("call", "text"):
        wanted = wanted.where(calls.c.key == number)
    elif call is not None:
        of = select(call).where(column == number).scalar_subquery()
        counting = calls.c.verdict_key == number if kind == "verdict" else ~true()
        wanted = wanted.where((calls.c.key == of) | counting)
    call_id = None if call is None else connection.execute(wanted).scalar()
    of_call = f" of {call_id}" if call_id and kind != "call" else f" {call_id}" if call_id else ""
    return f"{words}{of_call} (row {number} of {table.name})"


@cache
def _rows_of(kind: str) -> Select[Any]:
    """Rows by their numbers, as they are kept: what was changed need not be of its type."""
    table, column, *_ = _KINDS[kind]
    columns = (type_coerce(own, NullType()) for own in table.columns if own.name not in _FOLLOW)
    return select(column, *columns).where(column.in_(SOME))


def _held(connection: Connection, key: Key, kind: str, numbers: Sequence[int]) -> tuple[dict[int, str], dict[int, str]]:
    """By their numbers, what the digests of rows would be, and what they are: the same where nothing was changed."""
    some = {"some": numbers}
    before = {row.number: row.digest for row in connection.execute(_DIGESTS, some | {"of_kind": kind})}
    heard: dict[int, list[str]] = {}
    for call, path in connection.execute(_HEARD, some) if kind == "call" else ():
        heard.setdefault(call, []).append(path)
    digests = {}
    for number, *values in connection.execute(_rows_of(kind), some):
        salt = before.get(number, "")[:_SALT] or os.urandom(_SALT // 2).hex()
        # As Python writes it, in ASCII: no two rows are written alike, and JSON takes longer.
        digests[number] = salt + key.row(ascii([kind, salt, values, heard.get(number, [])]))
    return digests, before


def _number(key: Key, kind: str, number: int, digest: str) -> int:
    """What a digest adds to the sum, which nobody without the key can tell."""
    return int(key.sum(f"{kind} {number} {digest}"), 16)


def _mask(key: Key, seq: int) -> int:
    return int(key.sum(f"entry {seq}"), 16)


def _sum_of(key: Key, entry: Any) -> int:
    return 0 if entry is None else (int(entry.rows, 16) - _mask(key, entry.seq)) % _MODULUS


def _entry(row: Row[Any]) -> LogEntry:
    values = {name: value for name, value in row._mapping.items() if name != "rows"}
    return LogEntry(
        **values
        | {
            "policy": PolicyProvenance.model_validate_json(row.policy) if row.policy else None,
            "prompts": tuple(map(PromptProvenance.model_validate, json.loads(row.prompts or "[]"))),
            "model": ModelProvenance.model_validate_json(row.model) if row.model else None,
            "detail": json.loads(row.detail) if row.detail else None,
        }
    )
