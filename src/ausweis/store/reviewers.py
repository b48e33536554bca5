"""Who reviews here: names, roles, a hash of the key of each; and whom a lead assigns calls to.

Each change of a reviewer is an entry of the audit log. The key itself is told once, when it is made.
"""

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_args

from sqlalchemy import Connection, func, insert, select, update

from ausweis.errors import NameRefusedError, StoreError
from ausweis.provenance import now
from ausweis.store import audit_log
from ausweis.store.database import Database
from ausweis.store.key import Key, canonical
from ausweis.store.persons import known_name, person_of
from ausweis.store.rows import Invitation, Reviewer, Role, What
from ausweis.store.schema import batches, calls, decisions, reviewers

_BYTES = 32
_MAX_NAME, _MAX_ASSIGNED = 60, 100


def reviewer_list(connection: Connection) -> list[Reviewer]:
    """All reviewers, by name; those too whose key was withdrawn."""
    return [_reviewer(row) for row in connection.execute(select(reviewers).order_by(reviewers.c.person))]


def reviewer(connection: Connection, name: str) -> Reviewer | None:
    """The reviewer of a name, however it is written."""
    row = connection.execute(select(reviewers).where(reviewers.c.person == person_of(name))).first()
    return None if row is None else _reviewer(row)


def reviewer_by_key(database: Database, secret: Key, own: str) -> Reviewer | None:
    """The reviewer whose key this is; None where it is nobody's, or not any more."""
    wanted = select(reviewers).where(reviewers.c.key_hash == secret.reviewer(own), reviewers.c.withdrawn.is_(None))
    with database.reading() as connection:
        row = connection.execute(wanted).first()
    return None if row is None else _reviewer(row)


def known_names(connection: Connection) -> list[str]:
    """All names that stand in the store: of reviewers, then of decisions, in the order in which they came."""
    own = connection.execute(select(reviewers.c.name).order_by(reviewers.c.key)).scalars()
    first = func.min(decisions.c.at)
    wanted = select(decisions.c.reviewer).group_by(decisions.c.reviewer).order_by(first, decisions.c.reviewer)
    return [*own, *connection.execute(wanted).scalars()]


def name_for(connection: Connection, name: str) -> str:
    """The name under which somebody works who gives this one.

    Raises:
        NameRefusedError: it mixes alphabets, or looks like another's.
    """
    return known_name(name, known_names(connection))


def spellings(connection: Connection, name: str) -> tuple[str, ...]:
    """The names at decisions that are of the same person as this one."""
    names = connection.execute(select(decisions.c.reviewer).distinct()).scalars()
    return tuple(sorted(other for other in names if person_of(other) == person_of(name)))


def decided_since(connection: Connection, moment: datetime, name: str) -> tuple[int, int]:
    """How many calls were decided since: by this person, and by all. `moment` with its zone."""
    at = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    wanted = select(decisions.c.reviewer, decisions.c.call_key, decisions.c.choice).where(decisions.c.at >= at)
    words: Counter[tuple[str, int]] = Counter()
    for row in connection.execute(wanted):
        # One that was taken back and the entry that did it come to nothing.
        words[person_of(row.reviewer), row.call_key] += -1 if row.choice == "withdrawn" else 1
    standing = [said for said, number in words.items() if number > 0]
    return sum(person == person_of(name) for person, _ in standing), len({key for _, key in standing})


def invite(
    connection: Connection, key: Key, name: str, role: Role = "reviewer", *, by: str, with_key: bool = True
) -> Invitation:
    """Take somebody up, with a new key. `with_key`: not where the company's sign-on tells who somebody is.

    Raises:
        NameRefusedError: somebody of that name is there, or it could be taken for another's.
        StoreError: the name or the role is none.
    """
    name = " ".join(name.split())
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise StoreError(f"a reviewer needs a name, of at most {_MAX_NAME} letters", code="name_wrong", most=_MAX_NAME)
    _check_role(role)
    name = known_name(name, known_names(connection))
    if reviewer(connection, name) is not None:
        raise NameRefusedError(f"{name} is there already; a new key: renew", code="known", like=name)
    own, values = _new_key(key, with_key)
    values |= {"name": name, "person": person_of(name), "role": role}
    number = connection.execute(insert(reviewers).returning(reviewers.c.key), values).scalar_one()
    return Invitation(_noted(connection, key, number, "reviewer_invited", by), own)


def renew(connection: Connection, key: Key, name: str, *, by: str, with_key: bool = True) -> Invitation:
    """Give a reviewer another key, or with `with_key` none, in the place of the one before; who was withdrawn is back.

    Raises:
        StoreError: there is no such reviewer.
    """
    own, values = _new_key(key, with_key)
    return Invitation(_change(connection, key, name, values, "reviewer_renewed", by), own)


def _new_key(key: Key, with_key: bool) -> tuple[str | None, dict[str, Any]]:
    """A reviewer's own key, if one is wanted, and the columns that it changes."""
    own = secrets.token_urlsafe(_BYTES) if with_key else None
    return own, {"key_hash": None if own is None else key.reviewer(own), "made": now(), "withdrawn": None}


def change_role(connection: Connection, key: Key, name: str, role: Role, *, by: str) -> Reviewer:
    """Give a reviewer another role.

    Raises:
        StoreError: there is no such reviewer, or no such role.
    """
    _check_role(role)
    return _change(connection, key, name, {"role": role}, "reviewer_role", by)


def withdraw(connection: Connection, key: Key, name: str, *, by: str) -> Reviewer:
    """Let a reviewer in no more; what they decided stays.

    Raises:
        StoreError: there is no such reviewer.
    """
    return _change(connection, key, name, {"key_hash": None, "withdrawn": now()}, "reviewer_withdrawn", by)


def _change(connection: Connection, key: Key, name: str, values: dict[str, Any], what: What, by: str) -> Reviewer:
    known = reviewer(connection, name)
    if known is None:
        raise StoreError("there is no reviewer of that name", code="reviewer_gone")
    audit_log.check_rows(connection, key, "reviewer", [known.key])
    connection.execute(update(reviewers).where(reviewers.c.key == known.key).values(values))
    return _noted(connection, key, known.key, what, by)


def _noted(connection: Connection, key: Key, number: int, what: What, by: str) -> Reviewer:
    """The reviewer as they are now, with a digest and an entry of the audit log."""
    audit_log.digest_rows(connection, key, "reviewer", [number])
    row = connection.execute(select(reviewers).where(reviewers.c.key == number)).one()
    audit_log.append(connection, key, what, by, content=canonical([row.name, row.role, row.key_hash, row.withdrawn]))
    return _reviewer(row)


def _reviewer(row: Any) -> Reviewer:
    return Reviewer(row.key, row.name, row.role, row.made, row.withdrawn, mark=(row.key_hash or "")[:16])


def _check_role(role: str) -> None:
    if role not in get_args(Role):
        raise StoreError(f"a role is one of {', '.join(get_args(Role))}", code="role_wrong")


def assign(connection: Connection, key: Key, call_keys: Sequence[int], *, to: str, by: str) -> int:
    """Assign calls to a reviewer, or with `to` empty to nobody any more: how many that changed.

    Each of those is an entry of the audit log, with the name. Anybody may decide them all the same.

    Raises:
        StoreError: no call is named, the name is none, or a row was changed behind the store's back.
    """
    to = " ".join(to.split())
    if not call_keys:
        raise StoreError("choose the calls that are to be assigned", code="assign_nothing")
    if len(to) > _MAX_ASSIGNED or not to.isprintable():
        raise StoreError(f"a name has at most {_MAX_ASSIGNED} letters", code="name_wrong", most=_MAX_ASSIGNED)
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
