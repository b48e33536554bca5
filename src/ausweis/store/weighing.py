"""Calls of a store that another version made, weighed anew: by what is harm now, in the order in which it is told."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from ausweis.errors import StoreError
from ausweis.judging.harm import found_in
from ausweis.store import sealing
from ausweis.store.key import Key
from ausweis.store.packing import harm_values
from ausweis.store.tables import batches, calls, verdicts

__all__ = ["weigh"]


def weigh(connection: Connection, key: Key, *, sealed: bool) -> None:
    """Weigh all calls, and seal those anew that are as they were sealed; add an entry to the chain after.

    `sealed`: whether the store has seals. A call that was changed behind its back keeps a seal that does not fit.
    """
    wanted = select(calls.c.key).where(calls.c.verdict_key.is_not(None)).order_by(calls.c.key)
    for batch in batches(connection.execute(wanted).scalars().all()):
        sound = _as_sealed(connection, key, batch) if sealed else []
        said = select(calls.c.key, calls.c.risk, verdicts.c.body).join(verdicts, verdicts.c.key == calls.c.verdict_key)
        rows = [_values(row) for row in connection.execute(said.where(calls.c.key.in_(batch)))]
        if rows:
            names = [name for name in rows[0] if name != "b_key"]
            statement = update(calls).where(calls.c.key == bindparam("b_key"))
            connection.execute(statement.values({name: bindparam(name) for name in names}), rows)
        if sound:
            sealing.seal(connection, key, "call", sound)


def _as_sealed(connection: Connection, key: Key, numbers: Sequence[int]) -> Sequence[int]:
    """Those that fit their seals."""
    try:
        sealing.check(connection, key, "call", numbers)
    except StoreError:
        middle = len(numbers) // 2
        halves = (numbers[:middle], numbers[middle:]) if middle else ()
        return [number for half in halves for number in _as_sealed(connection, key, half)]
    return numbers


def _values(row: Any) -> dict[str, Any]:
    return {"b_key": row.key, **harm_values(found_in(json.loads(row.body)), row.risk)}
