"""Objections of the agent's side to what was found in a call, with a deadline, and how a lead ruled on them.

Rows are added and never changed, as decisions are: one when an objection was raised, one when a lead ruled on it. Not
to be taken for the state `disputed` of a call, which is reviewers disagreeing.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Select, select

from ausweis.errors import NoCallError, StoreError
from ausweis.provenance import now
from ausweis.store import audit_log
from ausweis.store.deciding import RightLabel, call_locked, call_seen, decide, outcome_of, what_is_said
from ausweis.store.decisions import decisions_of, label_of
from ausweis.store.key import Key
from ausweis.store.querying import conditions, rows
from ausweis.store.rows import EVERY, CallFilter, CallRow, What
from ausweis.store.schema import calls, objections

Ruling = Literal["stands", "withdrawn"]
"""stands: what was found holds; withdrawn: something of it does not."""
At = tuple[str, int]
"""A finding: its kind, and its turn."""
OBJECTION_DAYS = 14
"""Until when an objection is ruled on, unless somebody says another day."""
_MOST_DAYS = 366
_MAX_SIDE, _MAX_TEXT = 100, 2000


@dataclass(frozen=True, slots=True)
class Objection:
    """One objection. `side`: who objects, as a role or pseudonym; `by`: who recorded it; times in UTC, ISO 8601.

    `findings`: what it is about; the whole call without any. `ruling`, `note`, `ruled_by` and `ruled_at` are None until
    a lead has ruled on it; `withdrawn`: the findings that hold no more since.
    """

    key: int
    call: CallRow
    side: str
    reason: str
    deadline: date
    by: str
    at: str
    findings: tuple[At, ...] = ()
    ruling: Ruling | None = None
    note: str | None = None
    ruled_by: str | None = None
    ruled_at: str | None = None
    withdrawn: tuple[At, ...] = ()

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


def count_objections(given: Iterable[Objection], today: date) -> ObjectionCounts:
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
    findings: Iterable[At] = (),
    deadline: date | None = None,
    today: date | None = None,
) -> Objection:
    """Record that the agent's side objects to findings of a call, or to all. `deadline`: by default in two weeks.

    Raises:
        StoreError: nothing holds of the call, or not these findings; an objection to it is open; a text or day is none.
    """
    today = today or date.today()
    deadline = deadline or today + timedelta(days=OBJECTION_DAYS)
    call = call_locked(connection, call_key)
    findings, held = list(dict.fromkeys(findings)), _held(connection, call).found
    if not held or not {*held}.issuperset(findings):
        raise StoreError("nothing holds of this call, or not this", code="objection_to_nothing")
    if any(one.is_open for one in objection_list(connection, call_key=call_key)):
        raise StoreError("an objection to this call is open already", code="objection_open")
    side, reason = " ".join(side.split()), reason.strip()
    if not side or len(side) > _MAX_SIDE or not side.isprintable():
        raise StoreError(f"who objects is missing, in at most {_MAX_SIDE} letters", code="side_wrong", most=_MAX_SIDE)
    _check(reason, "reason_wrong")
    if not today <= deadline <= today + timedelta(days=_MOST_DAYS):
        raise StoreError("the deadline is before today, or more than a year away", code="deadline_wrong")
    row = {"kind": "raised", "raised_key": None, "side": side, "note": reason, "deadline": deadline, "ruling": None}
    row |= {"findings": json.dumps(findings, ensure_ascii=False)}
    made = _add(connection, key, call, row | {"who": by})
    return next(one for one in objection_list(connection, call_key=call_key) if one.key == made)


def rule_on_objection(
    connection: Connection,
    key: Key,
    objection_key: int,
    *,
    holds: Mapping[At, bool],
    by: str,
    note: str,
    verdict_key: int,
    says: str | None = None,
) -> Objection:
    """Let a lead rule on an objection. What the lead says holds from then on, whoever decided before.

    `holds`: of each finding of `objected_to`, whether it stands. The others stay as they are; the outcome follows from
    the violations that are left (`outcome_of`), and stays where there was none. Where all stand, so does what was
    decided; a call that nobody has decided on, or not alike, is confirmed.

    Raises:
        StoreError: it is ruled on already; not about each finding, or without a reason; or verdict or text changed.
    """
    found = next((one for one in objection_list(connection) if one.key == objection_key), None)
    if found is None:
        raise NoCallError("there is no such objection in the store any more")
    if not found.is_open:
        raise StoreError("this objection is ruled on already", code="objection_ruled")
    call = call_seen(connection, found.call.key, verdict_key, says)
    (verdict, _), held = what_is_said(connection, call), _held(connection, call)
    wanted = objected_to(found, held.found)
    if {*wanted} != holds.keys():
        raise StoreError("say of each finding whether it holds", code="ruling_missing")
    _check(note := note.strip(), "ruling_note_wrong")
    withdrawn = [one for one in wanted if not holds[one]]
    if withdrawn or (wanted and call.state not in ("confirmed", "overruled")):
        violations = [one for one in held.violations if one not in withdrawn]
        incidents = [one for one in held.incidents if one not in withdrawn]
        # Incidents alone tell nothing of the authentication.
        label = RightLabel(outcome_of(verdict, violations) if held.violations else held.outcome, violations, incidents)
        is_said = label.same(RightLabel.of(verdict))
        right: dict[str, Any] = {"choice": "confirm"} if is_said else {"choice": "overrule", **label._asdict()}
        seen: dict[str, Any] = {"reviewer": by, "note": note, "verdict_key": verdict_key, "says": says, "rules": True}
        decide(connection, key, call.key, **seen, **right)
    ruling: Ruling = "withdrawn" if withdrawn or not wanted else "stands"
    row = {"kind": "ruled", "raised_key": objection_key, "side": None, "note": note, "deadline": None, "ruling": ruling}
    _add(connection, key, call, row | {"who": by, "findings": json.dumps(withdrawn, ensure_ascii=False)})
    return next(one for one in objection_list(connection, call_key=call.key) if one.key == objection_key)


def objected_to(objection: Objection, held: Iterable[At]) -> list[At]:
    """What an objection is about, of the findings that hold of its call: all where it names none of them."""
    return [one for one in held if one in objection.findings or not objection.findings]


def _held(connection: Connection, call: Any) -> RightLabel:
    """What holds of a call: what people say where they agree, else the verdict."""
    said = RightLabel.of(what_is_said(connection, call)[0])
    label = label_of(decisions_of(connection, call.key, says=call.says))
    if label is None or label.outcome is None:
        return said
    incidents = said.incidents if label.incidents is None else label.incidents
    return RightLabel(label.outcome, label.violations, incidents)


def objection_list(
    connection: Connection, which: CallFilter = EVERY, *, call_key: int | None = None, open_only: bool = False
) -> list[Objection]:
    """Objections to these calls: open ones by deadline, the next one first; then the others, the latest first."""
    wanted: Select[Any] = select(objections)
    if call_key is not None:
        wanted = wanted.where(objections.c.call_key == call_key)
    else:
        of_calls = calls.c.key == objections.c.call_key
        wanted = wanted.join(calls, of_calls).where(*conditions(which, connection.dialect.name))
    there = connection.execute(wanted.order_by(objections.c.key)).all()
    ruled = {row.raised_key: row for row in there if row.kind == "ruled"}
    raised = [row for row in there if row.kind == "raised" and not (open_only and row.key in ruled)]
    about = {row.key: row for row in rows(connection, CallFilter(keys=tuple({row.call_key for row in raised})))}
    made = [_objection(row, ruled.get(row.key), about[row.call_key]) for row in raised if row.call_key in about]
    waiting = sorted((one for one in made if one.is_open), key=lambda one: (one.deadline, one.key))
    return waiting + sorted((one for one in made if not one.is_open), key=lambda one: one.ruled_at or "", reverse=True)


def _objection(raised: Any, ruled: Any, call: CallRow) -> Objection:
    values = (raised.key, call, raised.side, raised.note, raised.deadline, raised.who, raised.at, _named(raised))
    return Objection(
        *values, *(() if ruled is None else (ruled.ruling, ruled.note, ruled.who, ruled.at, _named(ruled)))
    )


def _named(row: Any) -> tuple[At, ...]:
    return tuple((kind, turn) for kind, turn in json.loads(row.findings))


def _add(connection: Connection, key: Key, call: Any, values: dict[str, Any]) -> int:
    """Add a row, with its entry in the audit log: its key."""
    row = {"call_key": call.key, **values, "at": now()}
    what: What = "objected" if row["kind"] == "raised" else "objection_ruled"
    return audit_log.add_row(connection, key, "objection", row, what, row["who"], call)


def _check(text: str, code: str) -> None:
    if not text or len(text) > _MAX_TEXT or "\0" in text:
        raise StoreError(f"a reason is missing, or is longer than {_MAX_TEXT} letters", code=code, most=_MAX_TEXT)
