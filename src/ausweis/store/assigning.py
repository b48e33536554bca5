"""Whom a lead assigns calls to. It tells who should review them; anybody may decide them all the same."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from ausweis.errors import StoreError
from ausweis.store import audit_log
from ausweis.store.key import Key
from ausweis.store.schema import batches, calls

__all__ = ["assign"]

_MAX_NAME = 100


def assign(connection: Connection, key: Key, call_keys: Sequence[int], *, to: str, by: str) -> int:
    """Assign calls to a reviewer, or with `to` empty to nobody any more: how many that changed.

    Each of those is an entry of the audit log, with the name.

    Raises:
        StoreError: no call is named, the name is none, or a row was changed behind the store's back.
    """
    to = " ".join(to.split())
    if not call_keys:
        raise StoreError("choose the calls that are to be assigned", code="assign_nothing")
    if len(to) > _MAX_NAME or not to.isprintable():
        raise StoreError(f"a name has at most {_MAX_NAME} letters", code="name_wrong", most=_MAX_NAME)
    changed = 0
    for batch in batches(sorted(set(call_keys))):
        wanted = select(calls.c.key, calls.c.call_id).where(calls.c.key.in_(batch), calls.c.outcome.is_not(None))
        rows = connection.execute(wanted.where(calls.c.assigned.is_distinct_from(to or None))).all()
        keys = [row.key for row in rows]
        audit_log.check_rows(connection, key, "call", keys)
        connection.execute(update(calls).where(calls.c.key.in_(keys)).values(assigned=to or None))
        audit_log.digest_rows(connection, key, "call", keys)
        for row in rows:
            audit_log.append(connection, key, "assigned", by, call_id=row.call_id, detail={"to": to})
        changed += len(rows)
    return changed
