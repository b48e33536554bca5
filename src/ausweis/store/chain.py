"""The chain: who did what on which policy, prompts and model. Entries are only appended, each bound to the one before.

An entry's hash is keyed (HMAC-SHA256, the key is not in the database), so whoever can write the database, but has no
key, cannot forge one. That the last entries were cut off shows by a head that was noted down before.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Table, desc, insert, inspect, select

from ausweis.batch.manifest import now
from ausweis.errors import StoreError
from ausweis.provenance import ModelProvenance, PolicyProvenance, PromptProvenance
from ausweis.store import sealing
from ausweis.store.key import Key, canonical
from ausweis.store.rows import ChainEntry, RunRow, What
from ausweis.store.tables import calls, chain, decisions, objections

__all__ = ["What", "append", "covered", "decision_content", "entries", "objection_content", "unvouched", "verify"]

_LINKED = ("seq", "at", "who", "what", "call", "policy", "prompts", "model", "content", "previous")


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
    last = connection.execute(select(chain.c.seq, chain.c.hash).order_by(desc(chain.c.seq)).limit(1)).first()
    row: dict[str, Any] = {
        "seq": last.seq + 1 if last else 1,
        "at": at or now(),
        "who": who,
        "what": what,
        "call": None if call_id is None else key.call(call_id),
        "policy": None if run is None else run.policy.model_dump_json(),
        "prompts": None if run is None else canonical([prompt.model_dump() for prompt in run.prompts]),
        "model": None if run is None else run.model.model_dump_json(),
        "content": None if content is None else key.content(content),
        "previous": last.hash if last else "",
        "sealed": sealing.top(connection, key),
    }
    if detail is not None:
        row["detail"] = canonical(dict(detail))
    row["hash"] = key.link(canonical(row))
    connection.execute(insert(chain), row)
    return int(row["seq"])


def entries(connection: Connection, *, limit: int | None = None) -> list[ChainEntry]:
    """The entries of the chain, the latest first."""
    return [_entry(row) for row in connection.execute(select(chain).order_by(desc(chain.c.seq)).limit(limit))]


def covered(connection: Connection) -> ChainEntry | None:
    """The entry from which on all rows are sealed, in a store from before; what was there is as it stood then."""
    row = connection.execute(select(chain).where(chain.c.what == "covered").order_by(chain.c.seq).limit(1)).first()
    return None if row is None else _entry(row)


def unvouched(connection: Connection) -> list[str]:
    """The tables whose rows neither entries nor seals vouch for. What nobody reports on; or it is made anew."""
    names = {name for name in inspect(connection).get_table_names() if not name.startswith("found_")}
    return sorted(names - {table.name for table in (chain, decisions, objections, *sealing.SEALED)})


def verify(connection: Connection, key: Key, head: str | None) -> int:
    """Walk through the chain, then hold decisions and all other rows against it; the number of entries.

    Raises:
        StoreError: an entry, decision or row is not what was written, is missing, or hangs on another call.
    """
    previous, sealed, seq, heads_seen = "", None, 0, head is None
    decided: dict[int, tuple[str | None, str | None]] = {}
    objected: dict[int, tuple[str | None, str | None]] = {}
    deleted: dict[str | None, int] = {}
    for row in connection.execute(select(chain).order_by(chain.c.seq)):
        seq += 1
        # Entries from before rows were sealed were linked without it, and so are those that tell nothing more.
        linked = (*_LINKED, *(name for name in ("sealed", "detail") if getattr(row, name) is not None))
        wanted = key.link(canonical({name: getattr(row, name) for name in linked}))
        if row.seq != seq or row.previous != previous or row.hash != wanted:
            raise StoreError(f"the chain is broken at entry {seq}: it was changed, or one before it is missing")
        previous, sealed = row.hash, row.sealed
        heads_seen = heads_seen or row.hash == head
        if row.what in ("decided", "settled", "withdrawn"):
            decided[row.seq] = (row.content, row.call)
        elif row.what in ("objected", "objection_ruled"):
            objected[row.seq] = (row.content, row.call)
        elif row.what == "deleted":
            deleted[row.call] = row.seq
    if not heads_seen:
        raise StoreError(
            f"the chain ends at entry {seq}, and the head that was noted down is not in it: it was cut off"
        )
    _verify_rows(connection, key, _Vouched("a decision", decisions, decision_content), decided, deleted)
    _verify_rows(connection, key, _Vouched("an objection", objections, _objection_row), objected, deleted)
    sealing.verify(connection, key, sealed)
    return seq


def decision_content(row: Any) -> str:
    """What of a decision its entry vouches for."""
    names = ("call_key", "verdict_key", "says", "reviewer", "choice", "outcome", "violations", "note", "at")
    # What an older version did not know is empty, and its decisions were vouched for without it.
    flags = ("incidents", "settles", "blind", "hasty", "calibration_key", "coaching")
    more = [name for name in flags if getattr(row, name) is not None]
    return canonical({name: getattr(row, name) for name in (*names, *more)})


def objection_content(row: Mapping[str, Any]) -> str:
    """What of an objection, or of a ruling on one, its entry vouches for."""
    names = ("call_key", "kind", "raised_key", "side", "note", "ruling", "who", "at")
    deadline = row["deadline"]
    return canonical({name: row[name] for name in names} | {"deadline": None if deadline is None else str(deadline)})


def _objection_row(row: Any) -> str:
    return objection_content(row._mapping)


class _Vouched(NamedTuple):
    """Rows that entries of the chain vouch for: what one is called, their table, and what of a row is vouched for."""

    word: str
    table: Table
    content: Callable[[Any], str]


def _verify_rows(
    connection: Connection,
    key: Key,
    kind: _Vouched,
    written: dict[int, tuple[str | None, str | None]],
    deleted: dict[str | None, int],
) -> None:
    """`written`: hashes of content and call by entry; `deleted`: the last entry that says so, by the call's hash."""
    one, table, content_of = kind
    word = one.split()[1]
    wanted = select(table, calls.c.call_id).join(calls, calls.c.key == table.c.call_key)
    for row in connection.execute(wanted.order_by(table.c.seq)):
        content, call = written.pop(row.seq, (None, None))
        if content != key.content(content_of(row)):
            raise StoreError(f"{one} is not the one of entry {row.seq} of the chain: it was changed or added")
        if call != key.call(row.call_id):
            raise StoreError(f"the {word} of entry {row.seq} of the chain is not with its call: that was exchanged")
    lost = [seq for seq, (_, call) in written.items() if seq > deleted.get(call, 0)]
    if lost:
        raise StoreError(f"the {word} of entry {min(lost)} of the chain is missing, and its call was not deleted since")


def _entry(row: Row[Any]) -> ChainEntry:
    return ChainEntry(
        seq=row.seq,
        at=row.at,
        who=row.who,
        what=row.what,
        call=row.call,
        policy=PolicyProvenance.model_validate_json(row.policy) if row.policy else None,
        prompts=tuple(map(PromptProvenance.model_validate, json.loads(row.prompts or "[]"))),
        model=ModelProvenance.model_validate_json(row.model) if row.model else None,
        content=row.content,
        previous=row.previous,
        hash=row.hash,
        detail=json.loads(row.detail) if row.detail else None,
    )
