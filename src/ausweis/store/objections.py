"""Objections of the agent's side to what was found in a call, with a deadline, and how a lead ruled on them.

Rows are added and never changed, as decisions are: one when an objection was raised, one when a lead ruled on it. Not
to be taken for the state `disputed` of a call, which is reviewers disagreeing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Select, insert, select

from ausweis.errors import NoCallError, StoreError
from ausweis.provenance import now
from ausweis.store import audit_log
from ausweis.store.deciding import Incidents, Violations, call_seen, decide
from ausweis.store.key import Key, canonical
from ausweis.store.packing import call_row, run_row
from ausweis.store.querying import conditions
from ausweis.store.rows import EVERY, CallFilter, CallRow
from ausweis.store.schema import batches, calls, objections, runs
from ausweis.vocabulary import Outcome

__all__ = [
    "DAYS",
    "Objection",
    "ObjectionCounts",
    "Ruling",
    "counted",
    "objection_list",
    "raise_objection",
    "rule_on_objection",
]

Ruling = Literal["stands", "withdrawn"]
"""stands: what was found holds; withdrawn: it does not, and the lead said what is right instead."""
DAYS = 14
"""Until when an objection is ruled on, unless somebody says another day."""
_MOST_DAYS = 366
_MAX_SIDE, _MAX_TEXT = 100, 2000


@dataclass(frozen=True, slots=True)
class Objection:
    """One objection. `side`: who objects, as a role or pseudonym; `by`: who recorded it; times in UTC, ISO 8601.

    `ruling`, `note`, `ruled_by` and `ruled_at` are None until a lead has ruled on it.
    """

    key: int
    call: CallRow
    side: str
    reason: str
    deadline: date
    by: str
    at: str
    ruling: Ruling | None = None
    note: str | None = None
    ruled_by: str | None = None
    ruled_at: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has ruled on it yet."""
        return self.ruling is None

    def is_overdue(self, today: date) -> bool:
        """Whether it is open beyond its deadline."""
        return self.is_open and self.deadline < today


@dataclass(frozen=True, slots=True)
class ObjectionCounts:
    """How many wait, `overdue` of them beyond their deadline; how many are ruled on, findings `withdrawn` in those.

    `due`: the next deadline of those that wait and are not overdue; None where there is none.
    """

    waiting: int = 0
    overdue: int = 0
    ruled: int = 0
    withdrawn: int = 0
    due: date | None = None


def counted(given: Iterable[Objection], today: date) -> ObjectionCounts:
    """The counts of these objections on a day."""
    known = list(given)
    waiting = [one for one in known if one.is_open]
    return ObjectionCounts(
        waiting=len(waiting),
        overdue=sum(one.is_overdue(today) for one in waiting),
        ruled=len(known) - len(waiting),
        withdrawn=sum(one.ruling == "withdrawn" for one in known),
        due=min((one.deadline for one in waiting if not one.is_overdue(today)), default=None),
    )


def raise_objection(
    connection: Connection,
    key: Key,
    call_key: int,
    *,
    side: str,
    reason: str,
    by: str,
    deadline: date | None = None,
    today: date | None = None,
) -> Objection:
    """Record that the agent's side objects to what was found in a call. By default `deadline` is in `DAYS` days.

    Raises:
        StoreError: nothing was found or decided in the call, an objection to it is open, or a text or day is none.
    """
    today = today or date.today()
    deadline = deadline or today + timedelta(days=DAYS)
    call = connection.execute(select(calls).where(calls.c.key == call_key).with_for_update()).first()
    if call is None or call.verdict_key is None:
        raise NoCallError("there is no such call in the store any more")
    if not call.to_review and call.state == "open":
        raise StoreError("nothing was found or decided in this call", code="objection_to_nothing")
    if any(one.is_open for one in objection_list(connection, call_key=call_key)):
        raise StoreError("an objection to this call is open already", code="objection_open")
    side, reason = " ".join(side.split()), reason.strip()
    if not side or len(side) > _MAX_SIDE or not side.isprintable():
        raise StoreError(f"who objects is missing, in at most {_MAX_SIDE} letters", code="side_wrong", most=_MAX_SIDE)
    _check(reason, "reason_wrong")
    if not today <= deadline <= today + timedelta(days=_MOST_DAYS):
        raise StoreError("the deadline is before today, or more than a year away", code="deadline_wrong")
    row = {"kind": "raised", "raised_key": None, "side": side, "note": reason, "deadline": deadline, "ruling": None}
    made = _add(connection, key, call, row | {"who": by})
    return next(one for one in objection_list(connection, call_key=call_key) if one.key == made)


def rule_on_objection(
    connection: Connection,
    key: Key,
    objection_key: int,
    *,
    ruling: Ruling,
    by: str,
    note: str = "",
    outcome: Outcome | None = None,
    violations: Violations = (),
    incidents: Incidents | None = None,
    verdict_key: int,
    says: str | None = None,
) -> Objection:
    """Let a lead rule on an objection. What the lead says holds from then on, whoever decided before.

    Where the finding is withdrawn, `outcome`, `violations` and `incidents` are the right label, as of `decide`. Where
    it stands, what was decided stays; a call that nobody has decided on, or not alike, is confirmed.

    Raises:
        StoreError: it is ruled on already; the label is none; the note is missing; or verdict or text have changed.
    """
    found = next((one for one in objection_list(connection) if one.key == objection_key), None)
    if found is None:
        raise NoCallError("there is no such objection in the store any more")
    if not found.is_open:
        raise StoreError("this objection is ruled on already", code="objection_ruled")
    if ruling not in get_args(Ruling):
        raise StoreError("say whether the finding stands or is withdrawn", code="ruling_missing")
    _check(note := note.strip(), "ruling_note_wrong")
    call = call_seen(connection, found.call.key, verdict_key, says)
    seen: dict[str, Any] = {"reviewer": by, "note": note, "verdict_key": verdict_key, "says": says, "rules": True}
    if ruling == "withdrawn":
        label: dict[str, Any] = {"outcome": outcome, "violations": violations, "incidents": incidents}
        decide(connection, key, call.key, choice="overrule", **label, **seen)
    elif call.state not in ("confirmed", "overruled"):
        decide(connection, key, call.key, choice="confirm", **seen)
    row = {"kind": "ruled", "raised_key": objection_key, "side": None, "note": note, "deadline": None, "ruling": ruling}
    _add(connection, key, call, row | {"who": by})
    return next(one for one in objection_list(connection, call_key=call.key) if one.key == objection_key)


def objection_list(
    connection: Connection,
    which: CallFilter = EVERY,
    *,
    call_key: int | None = None,
    open_only: bool = False,
) -> list[Objection]:
    """Objections to these calls: open ones by deadline, the next one first; then the others, the latest first."""
    own: Select[Any] = select(calls.c.key).where(*conditions(which, connection.dialect.name))
    of = objections.c.call_key
    wanted = select(objections).where(of.in_(own) if call_key is None else of == call_key)
    rows = connection.execute(wanted.order_by(objections.c.key)).all()
    ruled = {row.raised_key: row for row in rows if row.kind == "ruled"}
    raised = [row for row in rows if row.kind == "raised" and not (open_only and row.key in ruled)]
    of_calls = _calls(connection, {row.call_key for row in raised})
    made = [_objection(row, ruled.get(row.key), of_calls[row.call_key]) for row in raised if row.call_key in of_calls]
    waiting = sorted((one for one in made if one.is_open), key=lambda one: (one.deadline, one.key))
    return waiting + sorted((one for one in made if not one.is_open), key=lambda one: one.ruled_at or "", reverse=True)


def _calls(connection: Connection, keys: Iterable[int]) -> dict[int, CallRow]:
    found: dict[int, CallRow] = {}
    for batch in batches(sorted(keys)):
        wanted = select(calls).where(calls.c.key.in_(batch), calls.c.outcome.is_not(None))
        found |= {row.key: call_row(row) for row in connection.execute(wanted)}
    return found


def _objection(raised: Any, ruled: Any, call: CallRow) -> Objection:
    values = (raised.key, call, raised.side, raised.note, raised.deadline, raised.who, raised.at)
    return Objection(*values, *(() if ruled is None else (ruled.ruling, ruled.note, ruled.who, ruled.at)))


def _add(connection: Connection, key: Key, call: Any, values: dict[str, Any]) -> int:
    """Add a row, with its entry in the audit log: its key."""
    run = run_row(connection.execute(select(runs).where(runs.c.key == call.run_key)).one())
    row = {"call_key": call.key, **values, "at": now()}
    what: audit_log.What = "objected" if row["kind"] == "raised" else "objection_ruled"
    made: int = connection.execute(insert(objections).returning(objections.c.key), row).scalar_one()
    audit_log.digest_rows(connection, key, "objection", [made])
    content = canonical(row)
    audit_log.append(connection, key, what, row["who"], call_id=call.call_id, run=run, content=content, at=row["at"])
    return made


def _check(text: str, code: str) -> None:
    if not text or len(text) > _MAX_TEXT or "\0" in text:
        raise StoreError(f"a reason is missing, or is longer than {_MAX_TEXT} letters", code=code, most=_MAX_TEXT)
