"""Seals: a keyed hash of each row that a report rests on, below a hash tree whose top each entry of the chain holds.

A row that was changed, removed or added does not fit its seal. Rows that were put back as they were before, with their
seals, do not fit the tree (Merkle, A Digital Signature Based on a Conventional Encryption Function, 1987), or its top
not the last entry. Seals of deleted calls go with them, and with their salts all that a top could tell of them.
"""

import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, insert, select, true, type_coerce
from sqlalchemy.types import NullType

from ausweis.errors import StoreError
from ausweis.store.key import Key, canonical
from ausweis.store.tables import (
    BATCH,
    audio,
    batches,
    calibrations,
    calls,
    reviewers,
    runs,
    samples,
    seals,
    texts,
    verdicts,
)

__all__ = ["SEALED", "check", "cover", "seal", "top", "verify"]

_FAN = 256
"""Nodes below a node of the tree."""
_LEVELS = (1, 2, 3)
"""Of the tree above the seals, which are level 0; numbers of rows are less than 2 ** 31."""
_SALT = 16
"""Hex digits of a seal that are by chance."""
_Which = Callable[[Column[Any]], ColumnElement[bool]]


class _Kind(NamedTuple):
    """A table, the column that tells its rows apart, and what a row holds."""

    table: Table
    key: Column[Any]
    words: str


_KINDS = {
    "run": _Kind(runs, runs.c.key, "the run"),
    "sample": _Kind(samples, samples.c.key, "the sample"),
    "calibration": _Kind(calibrations, calibrations.c.key, "the calibration session"),
    "call": _Kind(calls, calls.c.key, "the call"),
    "text": _Kind(texts, texts.c.call_key, "the text"),
    "verdict": _Kind(verdicts, verdicts.c.key, "the verdict with its facts"),
    "reviewer": _Kind(reviewers, reviewers.c.key, "the reviewer"),
}
SEALED = (audio, seals, *(kind.table for kind in _KINDS.values()))
"""Tables of which each row is sealed, with its call or by itself, or is a seal."""
_UNSEALED = frozenset({"state", "right_outcome", "right_violations", "right_incidents"})
"""These follow from decisions, and are held against them."""


def seal(connection: Connection, key: Key, kind: str, numbers: Iterable[int]) -> bool:
    """Seal rows as they are now, in a transaction that writes; whether any is not as it was.

    Those that are no more lose their seals. `check` them before they are changed; add an entry to the chain after.
    """
    changed: set[int] = set()
    for batch in batches(sorted(numbers)):
        hashes, before = _held(connection, key, kind, _among(batch))
        other = [number for number in batch if hashes.get(number) != before.get(number)]
        _put(connection, kind, 0, other, {number: hashes[number] for number in other if number in hashes}, before)
        changed.update(other)
    below: Collection[int] = changed
    for level in _LEVELS:
        below = {number // _FAN for number in below}
        for number in below:
            children = _nodes(connection, kind, level - 1, _between(number * _FAN - 1, (number + 1) * _FAN - 1))
            node = {number: _hash(key, kind, level, number, children)} if children else {}
            _put(connection, kind, level, [number], node, {number: ""})
    return bool(changed)


def check(connection: Connection, key: Key, kind: str, numbers: Iterable[int]) -> None:
    """Hold rows against their seals, before these are made anew.

    Raises:
        StoreError: one was changed, removed or added since; it names the row, and its call.
    """
    for batch in batches(numbers):
        _compare(connection, key, kind, _among(batch))


def cover(connection: Connection, key: Key) -> None:
    """Seal all rows as they stand, in a store that had no seals."""
    for kind, (_, column, _) in _KINDS.items():
        seal(connection, key, kind, connection.execute(select(column)).scalars().all())


def top(connection: Connection, key: Key) -> str:
    """What all seals come to."""
    wanted = select(seals.c.kind, seals.c.number, seals.c.hash).where(seals.c.level == _LEVELS[-1])
    return _top(key, [list(row) for row in connection.execute(wanted.order_by(seals.c.kind, seals.c.number))])


def verify(connection: Connection, key: Key, sealed: str | None) -> None:
    """Hold all rows against their seals, seals against the tree, and its top against `sealed`, of the last entry.

    Raises:
        StoreError: a row was changed, removed, added or put back as it was before; it names the first, and its call.
    """
    for kind in _KINDS:
        _verify_rows(connection, key, kind)
    for kind in _KINDS:
        _verify_tree(connection, key, kind)
    if top(connection, key) != (sealed or _top(key, [])):
        raise StoreError("rows are not those of the last entry of the chain: some were put back as they were before")


def _verify_rows(connection: Connection, key: Key, kind: str) -> None:
    column, after = _KINDS[kind].key, None
    while True:
        wanted = select(column).where(_between(after, None)(column)).order_by(column).limit(BATCH)
        numbers = connection.execute(wanted).scalars().all()
        last = numbers[-1] if len(numbers) == BATCH else None
        _compare(connection, key, kind, _between(after, last))
        if last is None:
            return
        after = last


def _compare(connection: Connection, key: Key, kind: str, which: _Which) -> None:
    hashes, before = _held(connection, key, kind, which)
    for number in sorted(hashes.keys() | before.keys()):
        if hashes.get(number) != before.get(number):
            what = "is missing" if number not in hashes else "was changed" if number in before else "was added"
            raise StoreError(
                f"{_told(connection, kind, number)} {what} behind the store's back; put a backup in its place, "
                "or delete the call and take up its runs again"
            )


def _told(connection: Connection, kind: str, number: int) -> str:
    """Which row it is, and of which call."""
    table, _, words = _KINDS[kind]
    wanted = select(calls.c.call_id).limit(1)
    if kind == "verdict":
        of = select(verdicts.c.call_key).where(verdicts.c.key == number).scalar_subquery()
        wanted = wanted.where((calls.c.key == of) | (calls.c.verdict_key == number))
    else:
        wanted = wanted.where(calls.c.key == number if kind in ("call", "text") else ~true())
    call_id = connection.execute(wanted).scalar()
    of_call = f" of {call_id}" if call_id and kind != "call" else f" {call_id}" if call_id else ""
    return f"{words}{of_call} (row {number} of {table.name})"


def _verify_tree(connection: Connection, key: Key, kind: str) -> None:
    for level in _LEVELS:
        nodes = _nodes(connection, kind, level, lambda _: true())
        below = select(seals.c.number, seals.c.hash).where(seals.c.kind == kind, seals.c.level == level - 1)
        rows = connection.execute(below.order_by(seals.c.number).execution_options(yield_per=BATCH))
        for number, children in groupby(rows, lambda row: row.number // _FAN):
            if nodes.pop(number, "") != _hash(key, kind, level, number, {row.number: row.hash for row in children}):
                raise _put_back(kind, level, number)
        if nodes:
            raise _put_back(kind, level, min(nodes))


def _put_back(kind: str, level: int, number: int) -> StoreError:
    span = _FAN**level
    rows = f"{number * span} to {(number + 1) * span - 1}"
    return StoreError(
        f"among rows {rows} of {_KINDS[kind].table.name}, some are missing with their seals, or were put back as they "
        "were before; put a backup in the place of the store"
    )


def _held(connection: Connection, key: Key, kind: str, which: _Which) -> tuple[dict[int, str], dict[int, str]]:
    """By their numbers, what the seals of rows would be, and what they are: the same where nothing was changed."""
    table, column, _ = _KINDS[kind]
    before = _nodes(connection, kind, 0, which)
    heard: dict[int, list[str]] = {}
    if kind == "call":
        for row in connection.execute(select(audio).where(which(audio.c.call_key)).order_by(audio.c.path)):
            heard.setdefault(row.call_key, []).append(row.path)
    # As they are kept: what was changed need not be of its type.
    kept = (type_coerce(own, NullType()) for own in table.columns if own.name not in _UNSEALED)
    hashes = {}
    for number, *values in connection.execute(select(column, *kept).where(which(column))):
        # A column that comes later, behind all others, and is empty, changes no hash.
        while values and values[-1] is None:
            values.pop()
        # By a salt that goes with the row: who has the key cannot try what a deleted call may have said.
        salt = before.get(number, "")[:_SALT] or os.urandom(_SALT // 2).hex()
        # As Python writes it, in ASCII: no two rows are written alike, and JSON takes longer.
        hashes[number] = salt + key.row(ascii([kind, salt, values, heard.get(number, [])]))
    return hashes, before


def _nodes(connection: Connection, kind: str, level: int, which: _Which) -> dict[int, str]:
    wanted = select(seals.c.number, seals.c.hash).where(seals.c.kind == kind, seals.c.level == level)
    return {row.number: row.hash for row in connection.execute(wanted.where(which(seals.c.number)))}


def _put(
    connection: Connection,
    kind: str,
    level: int,
    numbers: Collection[int],
    hashes: Mapping[int, str],
    before: Collection[int],
) -> None:
    if gone := [number for number in numbers if number in before]:
        own = (seals.c.kind == kind, seals.c.level == level)
        connection.execute(seals.delete().where(*own, seals.c.number.in_(gone)))
    if hashes:
        rows = [{"kind": kind, "level": level, "number": number, "hash": text} for number, text in hashes.items()]
        connection.execute(insert(seals), rows)


def _hash(key: Key, kind: str, level: int, number: int, children: Mapping[int, str]) -> str:
    return key.row(canonical([kind, level, number, sorted(children.items())]))


def _top(key: Key, nodes: list[Any]) -> str:
    return key.row(json.dumps(nodes))


def _among(numbers: Collection[int]) -> _Which:
    return lambda column: column.in_(numbers)


def _between(after: int | None, last: int | None) -> _Which:
    def which(column: Column[Any]) -> ColumnElement[bool]:
        return and_(true() if after is None else column > after, true() if last is None else column <= last)

    return which
