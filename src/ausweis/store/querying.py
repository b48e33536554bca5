"""Which calls, in which order: filters as SQL. Values are parameters always."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, asc, case, desc, func, not_, or_, select

from ausweis.judging.harm import Found, found_in
from ausweis.store.counted import Subject
from ausweis.store.filters import EVERY, CallFilter, Cursor, Order, scattered
from ausweis.store.hidden import is_aside, is_calibrated, waits_for
from ausweis.store.packing import call_row
from ausweis.store.rows import CallRow
from ausweis.store.schema import batches, calls, decisions, verdicts
from ausweis.store.searching import among, saying
from ausweis.store.subjects import found as found_so
from ausweis.store.subjects import looked, reported, subjects_of

__all__ = ["conditions", "find", "found", "keys", "neighbours", "position", "rows"]

_COLUMNS: dict[Order, tuple[ColumnElement[Any], ...]] = {
    "weight": (calls.c.weight, calls.c.at),
    "risk": (calls.c.risk,),
    "time": (calls.c.at,),
    "chance": (scattered(calls.c.key),),
}
"""By what they are ordered, falling; of equals, the lower key comes first."""


def rows(
    connection: Connection,
    which: CallFilter = EVERY,
    *,
    order: Order = "weight",
    limit: int | None = None,
    after: Cursor | None = None,
) -> list[CallRow]:
    """The calls that have a verdict and fit, at most `limit`, those behind the cursor (`row.cursor(order)`)."""
    wanted = select(calls).where(*conditions(which, connection.dialect.name))
    if after is not None:
        wanted = wanted.where(_beyond(order, after))
    return [call_row(row) for row in connection.execute(_ordered(wanted, order).limit(limit))]


def keys(connection: Connection, which: CallFilter = EVERY, *, order: Order = "weight") -> list[int]:
    """The keys of all calls that fit, in order."""
    wanted = select(calls.c.key).where(*conditions(which, connection.dialect.name))
    return list(connection.execute(_ordered(wanted, order)).scalars())


def neighbours(
    connection: Connection, key: int, which: CallFilter = EVERY, *, order: Order = "weight"
) -> tuple[int | None, int | None]:
    """The calls before and after this one, among those that fit; it need not fit itself."""
    row = connection.execute(select(calls).where(calls.c.key == key, calls.c.outcome.is_not(None))).first()
    if row is None:
        return None, None
    here = call_row(row).cursor(order)
    wanted = select(calls.c.key).where(*conditions(which, connection.dialect.name))
    before = wanted.where(_beyond(order, here, back=True))
    after = wanted.where(_beyond(order, here))
    return (
        connection.execute(_ordered(before, order, back=True).limit(1)).scalar(),
        connection.execute(_ordered(after, order).limit(1)).scalar(),
    )


def position(
    connection: Connection, key: int, which: CallFilter = EVERY, *, order: Order = "weight", most: int
) -> tuple[int | None, int]:
    """Which one of the calls that fit this one is, from 1 on, and how many fit; None where it does not fit itself.

    Neither is counted beyond `most` + 1, so that a long queue costs no more than a short one.
    """
    row = connection.execute(select(calls).where(calls.c.key == key, calls.c.outcome.is_not(None))).first()
    if row is None:
        return None, 0
    fitting = select(calls.c.key).where(*conditions(which, connection.dialect.name))

    def counted(wanted: Select[Any]) -> int:
        few = wanted.limit(most + 1).subquery()
        return connection.execute(select(func.count()).select_from(few)).scalar_one()

    total = counted(fitting)
    if not counted(fitting.where(calls.c.key == key)):
        return None, total
    before = fitting.where(_beyond(order, call_row(row).cursor(order), back=True))
    return min(counted(_ordered(before, order, back=True)), most) + 1, total


def find(connection: Connection, call_id: str) -> int | None:
    """The key of a call that has a verdict, by its id."""
    wanted = select(calls.c.key).where(calls.c.call_id == call_id, calls.c.outcome.is_not(None))
    return connection.execute(wanted).scalar()


def found(connection: Connection, keys: Iterable[int]) -> dict[int, list[Found]]:
    """What the verdicts of these calls found, each with its turn."""
    by_call: dict[int, list[Found]] = {}
    for batch in batches(keys):
        wanted = select(calls.c.key, verdicts.c.body).join(verdicts, verdicts.c.key == calls.c.verdict_key)
        for row in connection.execute(wanted.where(calls.c.key.in_(batch))):
            by_call[row.key] = found_in(json.loads(row.body))
    return by_call


def conditions(which: CallFilter, dialect: str) -> list[ColumnElement[bool]]:
    """What a row of `calls` must meet; one that has no verdict never does."""
    wanted: list[ColumnElement[bool]] = [calls.c.outcome.is_not(None)]
    if which.first is not None:
        wanted.append(calls.c.day >= which.first)
    if which.last is not None:
        wanted.append(calls.c.day <= which.last)
    for column, words in (
        (calls.c.outcome, which.outcomes),
        (calls.c.queue, which.queues),
        (calls.c.team, which.teams),
        (calls.c.state, which.states),
    ):
        if words:
            wanted.append(column.in_(words))
    wanted += _found(which)
    if which.to_review is not None:
        wanted.append(calls.c.to_review.is_(which.to_review))
    if which.min_risk is not None:
        wanted.append(calls.c.risk >= which.min_risk)
    if which.sampled is not None:
        wanted.append(calls.c.sample_key.is_not(None) if which.sampled else calls.c.sample_key.is_(None))
    if which.unheard_by is not None:
        wanted.append(waits_for(which.unheard_by))
    if which.seen_by:
        wanted.append(~is_aside(which.seen_by))
    if which.calibrated is not None:
        wanted.append(is_calibrated() if which.calibrated else ~is_calibrated())
    if which.undecided_by:
        wanted.append(_decided(which.undecided_by) == 0)
    if which.besides:
        wanted.append(calls.c.key.not_in(which.besides))
    if which.keys is not None:
        wanted.append(among(which.keys, dialect))
    return wanted + saying(which, dialect)


def _found(which: CallFilter) -> Iterator[ColumnElement[bool]]:
    """What must have been found, or looked for."""
    if which.finding is not None:
        for subjects in subjects_of(which):
            yield or_(*(found_so(subject, which.finding) for subject in subjects))
    elif which.violations or which.incidents or which.any_incident:
        for subjects in subjects_of(which):
            yield or_(*map(reported, subjects))
    if which.looked_for is not None:
        name = which.looked_for if isinstance(which.looked_for, str) else None
        was = looked(Subject(incident=True, name=name))
        yield not_(was) if which.looked_for is False else was


def _decided(names: tuple[str, ...]) -> ColumnElement[int]:
    """How many decisions of these names stand on what the verdict of today says."""
    # One that was taken back and the entry that did it come to nothing.
    stands = func.coalesce(func.sum(case((decisions.c.choice == "withdrawn", -1), else_=1)), 0)
    own = (decisions.c.call_key == calls.c.key, decisions.c.says == calls.c.says, decisions.c.reviewer.in_(names))
    return select(stands).where(*own).correlate(calls).scalar_subquery()


def _beyond(order: Order, cursor: Cursor, *, back: bool = False) -> ColumnElement[bool]:
    equal = calls.c.key < cursor.key if back else calls.c.key > cursor.key
    values = (cursor.value, cursor.at) if order == "weight" else (cursor.value,)
    for column, value in reversed(list(zip(_COLUMNS[order], values, strict=True))):
        beyond = column > value if back else column < value
        # The first half says the same once more: from it the database knows where to begin in the index.
        equal = and_(column >= value if back else column <= value, or_(beyond, equal))
    return equal


def _ordered(wanted: Select[Any], order: Order, *, back: bool = False) -> Select[Any]:
    columns = _COLUMNS[order]
    if back:
        return wanted.order_by(*map(asc, columns), desc(calls.c.key))
    return wanted.order_by(*map(desc, columns), asc(calls.c.key))
