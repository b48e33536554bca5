"""Calls put into the index of masked texts: when they are stored, and again where they would be masked otherwise now.

That is so where the rules that mask are others, or the verdict that counts; and in a store of an earlier version.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, or_, select

from ausweis.facts import Facts
from ausweis.masking import Masker
from ausweis.masking.judged import RULES
from ausweis.masking.kinds import Span
from ausweis.store import index
from ausweis.store.database import UNREADABLE
from ausweis.store.masks import drop, searchable, starts_of, written
from ausweis.store.schema import batches, calls, masks, texts, verdicts
from ausweis.store.texts import call_of
from ausweis.vocabulary import OwnWord

__all__ = ["Unsearched", "begin", "renew", "renew_some", "unsearched", "waiting"]


class Unsearched(NamedTuple):
    """Calls that are not in the index, or not as they would be masked now; whose text is not known; without verdict."""

    unindexed: int
    without_text: int
    unjudged: int


def renew(connection: Connection, ids: Iterable[str]) -> None:
    """Put those of these calls in, by their ids, that have text and verdict and are not in as they would be now."""
    for batch in batches(ids):
        _put(connection, _stale(_COLUMNS).where(calls.c.call_id.in_(batch)))


def begin(connection: Connection) -> None:
    """Where calls are in as earlier rules masked them, take all out: that is sooner done than one by one."""
    if connection.execute(select(masks.c.call_key).where(masks.c.rules != RULES).limit(1)).first() is not None:
        index.clear(connection)
        connection.execute(delete(masks))


def renew_some(connection: Connection, after: int, number: int) -> tuple[int, int]:
    """The same for the next calls behind a key, so many at most: the key of the last one, and how many there were.

    Of none that is left, the same key and 0. A call that cannot be read is passed over.
    """
    keys = connection.execute(
        _stale((calls.c.key,)).where(calls.c.key > after).order_by(calls.c.key).limit(number)
    ).scalars()
    batch = list(keys)
    _put(connection, _stale(_COLUMNS).where(calls.c.key.in_(batch)))
    return (batch[-1], len(batch)) if batch else (after, 0)


def unsearched(connection: Connection) -> Unsearched:
    """How many calls a search does not look into."""
    told = calls.outerjoin(texts, texts.c.call_key == calls.c.key)
    count = select(func.count()).select_from(told)
    without_text = count.where(calls.c.outcome.is_not(None), texts.c.call_key.is_(None))
    unjudged = count.where(calls.c.outcome.is_(None))
    return Unsearched(waiting(connection), *(connection.execute(one).scalar_one() for one in (without_text, unjudged)))


def waiting(connection: Connection) -> int:
    """How many calls are not in the index, or not as they would be masked now."""
    said = calls.join(texts, texts.c.call_key == calls.c.key)
    fitting = (calls.c.verdict_key.is_not(None), masks.c.call_key.is_(None) | (masks.c.rules != RULES))
    joined = said.outerjoin(masks, masks.c.call_key == calls.c.key)
    return connection.execute(select(func.count()).select_from(joined).where(*fitting)).scalar_one()


_COLUMNS: tuple[Any, ...] = (
    *(calls.c.key, calls.c.call_id, texts.c.words, texts.c.body),
    *(verdicts.c.body.label("verdict"), verdicts.c.facts),
)


def _stale(columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    joined = (
        calls.join(texts, texts.c.call_key == calls.c.key)
        .join(verdicts, verdicts.c.key == calls.c.verdict_key)
        .outerjoin(masks, masks.c.call_key == calls.c.key)
    )
    other = or_(masks.c.call_key.is_(None), masks.c.rules != RULES)
    return select(*columns).select_from(joined).where(other)


def _put(connection: Connection, wanted: Select[Any]) -> None:
    rows = connection.execute(wanted).all()
    if not rows:
        return
    drop(connection, [row.key for row in rows])
    said, kept = {}, []
    for row in rows:
        spans = _spans(row)
        if spans is not None:
            said[row.key] = searchable(row.words, spans)
            covers = json.dumps(spans, separators=(",", ":"))
            kept.append({"call_key": row.key, "rules": RULES, "covers": covers})
    index.add(connection, said)
    if kept:
        connection.execute(insert(masks), kept)


def _spans(row: Any) -> list[Span] | None:
    """What of the text is personal data; None where the call cannot be read."""
    try:
        facts = None if row.facts is None else Facts.model_validate_json(row.facts)
        call = call_of(row, row.call_id)
        # The rest of a verdict is not looked at, which would take as long as all else.
        own = json.loads(row.verdict)["own_words"] if '"own_words"' in row.verdict else ()
        masker = Masker.of(call, facts, own=[OwnWord.model_validate(word) for word in own])
        turns = range(1, len(call.turns) + 1)
        return written({turn: masker.spans(turn) for turn in turns}, starts_of(len(turn.text) for turn in call.turns))
    except UNREADABLE:
        return None
