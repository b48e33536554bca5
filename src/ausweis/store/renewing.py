"""Calls of a store that another version made: what their rows tell of verdicts, facts and decisions, made anew.

So they are in the order of today, and counted by what people said about them.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from ausweis.errors import StoreError
from ausweis.judging.harm import found_in
from ausweis.store import sealing
from ausweis.store.decided import decisions_of
from ausweis.store.holding import right_values
from ausweis.store.key import Key
from ausweis.store.packing import asked_for, harm_values
from ausweis.store.tables import batches, calls, decisions, verdicts

__all__ = ["renew"]


def renew(connection: Connection, key: Key, *, sealed: bool) -> None:
    """Renew all calls, and seal those anew that are as they were sealed; add an entry to the chain after.

    `sealed`: whether the store has seals. A call that was changed behind its back keeps a seal that does not fit.
    """
    wanted = select(calls.c.key).where(calls.c.verdict_key.is_not(None)).order_by(calls.c.key)
    for batch in batches(connection.execute(wanted).scalars().all()):
        sound = _as_sealed(connection, key, batch) if sealed else []
        joined = select(calls.c.key, verdicts.c.body, verdicts.c.facts)
        joined = joined.join(verdicts, verdicts.c.key == calls.c.verdict_key).where(calls.c.key.in_(batch))
        _write(connection, [_of_verdict(row) for row in connection.execute(joined)])
        _write(connection, _of_decisions(connection, batch))
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


def _of_verdict(row: Any) -> dict[str, Any]:
    verdict = json.loads(row.body)
    found = found_in(verdict)
    values = harm_values(found, verdict["risk"], unsure=verdict["needs_review"])
    looked_for = asked_for(row.facts, [one.name for one in found if one.incident])
    return {"b_key": row.key, **values, "looked_for": looked_for}


def _of_decisions(connection: Connection, keys: Sequence[int]) -> list[dict[str, Any]]:
    wanted = select(calls.c.key, calls.c.says).join(decisions, decisions.c.call_key == calls.c.key)
    decided = connection.execute(wanted.where(calls.c.key.in_(keys)).distinct())
    return [{"b_key": row.key, **right_values(decisions_of(connection, row.key, says=row.says))} for row in decided]


def _write(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        names = [name for name in rows[0] if name != "b_key"]
        statement = update(calls).where(calls.c.key == bindparam("b_key"))
        connection.execute(statement.values({name: bindparam(name) for name in names}), rows)
