"""Calibration sessions: calls that several reviewers decide, none of them seeing what the others say until it is over.

A lead prepares a session, starts it and closes it; where reviewers are named, it closes when all have decided all its
calls. What is said in one is a decision like any, with the session's key.
"""

import random
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, delete, insert, select, update

from ausweis.errors import StoreError
from ausweis.provenance import now
from ausweis.store import audit_log
from ausweis.store.decisions import agreement_of, decisions_of, taken_back
from ausweis.store.key import Key, canonical
from ausweis.store.persons import person_of
from ausweis.store.querying import keys
from ausweis.store.rows import Agreement, CalibrationRound, CallFilter, Decision
from ausweis.store.schema import calibration_calls, calibration_reviewers, calibrations, calls, decisions

_MAX_NAME = 80
MOST_CALLS = 100


def prepare(
    connection: Connection, key: Key, name: str, *, by: str, hides: bool = True, reviewers: Iterable[str] = ()
) -> int:
    """Make a session, without calls, that nobody but leads sees yet: its key.

    `hides`: whether the verdict is hidden in it. `reviewers`: who takes part; without any, all but who made it.

    Raises:
        StoreError: the name is none.
    """
    name = " ".join(name.split())
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        message = f"a calibration session needs a name of at most {_MAX_NAME} letters"
        raise StoreError(message, code="calibration_name", most=_MAX_NAME)
    row = {"name": name, "lead": by, "made": now(), "hides": hides, "started": None, "closed": None}
    number = connection.execute(insert(calibrations).returning(calibrations.c.key), row).scalar_one()
    persons = {person_of(one): " ".join(one.split()) for one in reviewers if one.strip()}
    if persons:
        connection.execute(
            insert(calibration_reviewers),
            [{"calibration_key": number, "person": person, "reviewer": one} for person, one in persons.items()],
        )
    audit_log.digest_rows(connection, key, "calibration", [number])
    _note(connection, key, by, "prepared", number, [name, hides, sorted(persons.values())])
    return int(number)


def add_calls(connection: Connection, key: Key, number: int, call_keys: Sequence[int], *, by: str) -> int:
    """Add calls to a session that is prepared: how many were not in it.

    Raises:
        StoreError: it was started, or is none; or it would have too many calls.
    """
    session = _prepared(connection, number)
    wanted = select(calls.c.key).where(calls.c.key.in_(call_keys), calls.c.outcome.is_not(None))
    new = sorted(set(connection.execute(wanted).scalars()) - set(session.calls))
    if len(session.calls) + len(new) > MOST_CALLS:
        message = f"a calibration session has at most {MOST_CALLS} calls"
        raise StoreError(message, code="calibration_full", most=MOST_CALLS)
    if new:
        connection.execute(insert(calibration_calls), [{"calibration_key": number, "call_key": one} for one in new])
        _note(connection, key, by, "added", number, new)
    return len(new)


def draw_calls(
    connection: Connection, key: Key, number: int, first: date, last: date, n: int, *, flagged: bool, by: str
) -> int:
    """Add calls of these days by chance, of those that nobody has decided: how many. `flagged`: calls to review alone.

    Raises:
        StoreError: as `add_calls` does.
    """
    session = _prepared(connection, number)
    which = CallFilter(first=first, last=last, states=("open",), to_review=True if flagged else None)
    there = [one for one in keys(connection, which) if one not in session.calls]
    chosen = random.SystemRandom().sample(there, max(0, min(n, len(there))))
    return add_calls(connection, key, number, chosen, by=by)


def drop_call(connection: Connection, key: Key, number: int, call_key: int, *, by: str) -> None:
    """Take a call out of a session that is prepared.

    Raises:
        StoreError: it was started, or is none.
    """
    _prepared(connection, number)
    own = (calibration_calls.c.calibration_key == number, calibration_calls.c.call_key == call_key)
    if connection.execute(delete(calibration_calls).where(*own)).rowcount:
        _note(connection, key, by, "dropped", number, [call_key])


def start(connection: Connection, key: Key, number: int, *, by: str) -> None:
    """Let reviewers see a session.

    Raises:
        StoreError: it was started, has no calls, or is none.
    """
    if not _prepared(connection, number).calls:
        raise StoreError("a calibration session without calls cannot be started", code="calibration_empty")
    _put(connection, key, number, started=now())
    _note(connection, key, by, "started", number, [])


def close(connection: Connection, key: Key, number: int, *, by: str) -> None:
    """Let all see what was said in a session; one that is closed stays so.

    Raises:
        StoreError: it was not started, or is none.
    """
    session = calibration(connection, number)
    if session.state == "prepared":
        raise StoreError("a calibration session is closed after it was started", code="calibration_prepared")
    if session.state == "open":
        _put(connection, key, number, closed=now())
        _note(connection, key, by, "closed", number, [])


def close_if_done(connection: Connection, key: Key, number: int, *, by: str) -> None:
    """Close a session of named reviewers in which all have decided all calls."""
    session = calibration(connection, number)
    done = progress(connection, session)
    if session.reviewers and all(done.get(person_of(one), set()) >= set(session.calls) for one in session.reviewers):
        close(connection, key, number, by=by)


def calibration_list(connection: Connection) -> list[CalibrationRound]:
    """All sessions, the latest first."""
    return _sessions(connection, select(calibrations).order_by(calibrations.c.key.desc()))


def calibration(connection: Connection, number: int) -> CalibrationRound:
    """A session by its key.

    Raises:
        StoreError: there is none.
    """
    found = _sessions(connection, select(calibrations).where(calibrations.c.key == number))
    if not found:
        raise StoreError("there is no such calibration session any more", code="calibration_gone")
    return found[0]


def made_in(connection: Connection, reviewer: str, call_key: int) -> CalibrationRound | None:
    """The open session in which a reviewer decides a call; None where they do so outside of any."""
    joined = calibrations.join(calibration_calls, calibration_calls.c.calibration_key == calibrations.c.key)
    wanted = select(calibrations).select_from(joined).where(calibration_calls.c.call_key == call_key)
    is_open = (calibrations.c.started.is_not(None), calibrations.c.closed.is_(None))
    found = _sessions(connection, wanted.where(*is_open).order_by(calibrations.c.key))
    return next((session for session in found if session.asks(reviewer)), None)


def progress(connection: Connection, session: CalibrationRound) -> dict[str, set[int]]:
    """The calls that each person has decided in a session about what the verdict says today, by `person_of`."""
    wanted = select(decisions, calls.c.says.label("today")).join(calls, calls.c.key == decisions.c.call_key)
    rows = connection.execute(wanted.where(calls.c.key.in_(session.calls)).order_by(decisions.c.key)).all()
    taken = taken_back(rows)
    gone = {*taken, *taken.values()}
    done: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.key not in gone and row.calibration_key == session.key and row.says == row.today:
            done[person_of(row.reviewer)].add(row.call_key)
    return dict(done)


def forget_calls(connection: Connection, key: Key, call_keys: Collection[int], ids: Iterable[str]) -> None:
    """Take calls that are deleted out of all sessions; one without others goes, and no name keeps an id of theirs."""
    own = calibration_calls.c.call_key.in_(call_keys)
    had = set(connection.execute(select(calibration_calls.c.calibration_key).where(own)).scalars())
    connection.execute(delete(calibration_calls).where(own))
    named = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in ids) or r"(?!)")
    for session in calibration_list(connection):
        if session.key in had and not session.calls:
            connection.execute(delete(calibrations).where(calibrations.c.key == session.key))
            audit_log.digest_rows(connection, key, "calibration", [session.key])
        elif named.search(session.name):
            _put(connection, key, session.key, name=session.made[:10])


def _prepared(connection: Connection, number: int) -> CalibrationRound:
    session = calibration(connection, number)
    if session.state != "prepared":
        raise StoreError("a calibration session is changed before it is started", code="calibration_started")
    return session


def _put(connection: Connection, key: Key, number: int, **values: Any) -> None:
    audit_log.check_rows(connection, key, "calibration", [number])
    connection.execute(update(calibrations).where(calibrations.c.key == number).values(**values))
    audit_log.digest_rows(connection, key, "calibration", [number])


def _note(connection: Connection, key: Key, by: str, what: str, number: int, more: list[Any]) -> None:
    """Add an entry to the audit log of what was done."""
    audit_log.append(connection, key, "calibrated", by, content=canonical([what, number, *more]))


def _sessions(connection: Connection, wanted: Any) -> list[CalibrationRound]:
    rows = connection.execute(wanted).all()
    within = [row.key for row in rows]

    def of(number_of: Column[int], named: Column[Any]) -> defaultdict[int, list[Any]]:
        found = defaultdict[int, list[Any]](list)
        for number, one in connection.execute(select(number_of, named).where(number_of.in_(within)).order_by(named)):
            found[number].append(one)
        return found

    of_calls = of(calibration_calls.c.calibration_key, calibration_calls.c.call_key)
    of_reviewers = of(calibration_reviewers.c.calibration_key, calibration_reviewers.c.reviewer)
    return [
        CalibrationRound(**row._mapping, reviewers=tuple(of_reviewers[row.key]), calls=tuple(of_calls[row.key]))
        for row in rows
    ]


def opinions(connection: Connection, number: int) -> tuple[dict[int, list[Decision]], Agreement]:
    """The last word of each reviewer on each call of a closed session, and how far outcomes agree (Scott's pi).

    Only what was said about what the verdict says today.

    Raises:
        StoreError: it is not closed, or is none.
    """
    session = calibration(connection, number)
    if session.state != "closed":
        raise StoreError("what was said in a calibration session is shown when it is closed", code="calibration_open")
    says = dict(connection.execute(select(calls.c.key, calls.c.says).where(calls.c.key.in_(session.calls))).all())
    given = {key: decisions_of(connection, key, says=says[key] or "") for key in session.calls}
    said = {key: list(_by_person(own, number).values()) for key, own in given.items()}
    return said, agreement_of([decision.outcome for decision in given] for given in said.values())


def opinion_of(given: Sequence[Decision], reviewer: str, number: int) -> Decision | None:
    """What a reviewer said last in a session, of the decisions about a call; None where they have not."""
    return _by_person(given, number).get(person_of(reviewer))


def _by_person(given: Sequence[Decision], number: int) -> Mapping[str, Decision]:
    return {
        person_of(decision.reviewer): decision
        for decision in given
        if decision.calibration == number and decision.today and not decision.withdrawn
    }
