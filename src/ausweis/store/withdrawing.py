"""Taking a decision back: one more entry, after which it counts no more; nothing is changed or lost."""

from typing import Any

from sqlalchemy import Connection, select

from ausweis.errors import NoCallError, StoreError
from ausweis.store import deciding
from ausweis.store.decided import decisions_of
from ausweis.store.key import Key
from ausweis.store.persons import same_person
from ausweis.store.rows import Decision
from ausweis.store.schema import calls, decisions

__all__ = ["withdraw"]


def withdraw(connection: Connection, key: Key, call_key: int, *, reviewer: str, decision_key: int) -> Decision:
    """Take a reviewer's own decision about a call back, the last that counts: the decision, as it stands now.

    What the same reviewer had decided before it counts again.

    Raises:
        StoreError: it is another's, or does not count: it was taken back already, decided anew since, or is about what
            an earlier verdict said; or there is no such call.
    """
    call = connection.execute(select(calls).where(calls.c.key == call_key).with_for_update()).first()
    if call is None or call.verdict_key is None:
        raise NoCallError("there is no such call in the store any more")
    own = (decisions.c.key == decision_key, decisions.c.call_key == call_key)
    row = connection.execute(select(decisions).where(*own)).first()
    counting = {decision.key for decision in decisions_of(connection, call_key, says=call.says) if decision.counts}
    if row is None or not same_person(row.reviewer, reviewer) or decision_key not in counting:
        message = "only your own last decision about what the verdict says can be taken back"
        raise StoreError(message, code="not_yours")
    same = {name: getattr(row, name) for name in ("call_key", "verdict_key", "says", "reviewer")}
    nothing: dict[str, Any] = {"outcome": None, "violations": "[]", "incidents": None, "note": ""}
    made = deciding.keep(connection, key, call, {**same, "choice": "withdrawn", **nothing})
    return next(decision for decision in made if decision.key == decision_key)
