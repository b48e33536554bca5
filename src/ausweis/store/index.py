"""The full-text index of masked texts, and what of each call is masked, kept so that pages need not look for it again.

Masks are kept as places in the text (`texts.words`), so that nothing that was said is in the database twice. Any three
letters or more are found, within words too. SQLite keeps no text for the index (FTS5, contentless, of trigrams): to
take a call out, it is told once more what was put in. PostgreSQL has the masked text in a table, with trigrams of it
where the extension pg_trgm may be had; without, it reads all of them. Calls are put in when they are stored, and again
where they would be masked otherwise now: by other rules, or another verdict that counts.
"""

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    column,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
    text,
)

from ausweis.facts import Facts
from ausweis.masking import Masker
from ausweis.masking.judged import RULES
from ausweis.masking.kinds import Span
from ausweis.store.database import SOME, UNREADABLE
from ausweis.store.packing import call_of
from ausweis.store.schema import batches, calls, masks, settings, texts, verdicts
from ausweis.vocabulary import OwnWord

HIDDEN = "‹"
"""What stands in the index for personal data of any kind: looking for a kind would find nearly all calls."""


def folded(text: str) -> str:
    """The text as it is compared: whatever its case, and `ß` as `ss`."""
    return text.casefold()


def searchable(words: str, spans: Iterable[Span]) -> str:
    """What the index has of a text. It must stay as it is, since what is taken out is told as it was put in."""
    parts, at = [], 0
    for span in spans:
        parts += [words[at : span.start], HIDDEN]
        at = span.end
    return folded("".join([*parts, words[at:]]))


def starts_of(lengths: Iterable[int]) -> list[int]:
    """Where each turn begins in the text, by the lengths of all."""
    return list(accumulate((length + 1 for length in lengths), initial=0))[:-1]


def spans_of(covers: str) -> list[Span]:
    """The spans of a row of `masks`."""
    return [Span(*span) for span in json.loads(covers)]


def spans_by_turn(covers: str, lengths: Sequence[int]) -> dict[int, list[Span]]:
    """The same, by turns, counted from where each begins.

    Raises (LookupError): they are not of a text with such turns.
    """
    by_turn: dict[int, list[Span]] = {}
    starts = starts_of(lengths)
    for span in spans_of(covers):
        turn = bisect_right(starts, span.start)
        start = starts[turn - 1] if turn else 0
        if not turn or not span.start < span.end <= start + lengths[turn - 1]:
            raise LookupError("a span is in no turn")
        by_turn.setdefault(turn, []).append(Span(span.start - start, span.end - start, span.kind))
    return by_turn


def drop(connection: Connection, keys: Iterable[int]) -> None:
    """Take calls out of the index, with what is known of their masks: before their texts are changed or removed."""
    for batch in batches(keys):
        joined = masks.outerjoin(texts, texts.c.call_key == masks.c.call_key)
        wanted = select(masks.c.call_key, masks.c.covers, texts.c.words).select_from(joined)
        rows: Sequence[Any] = connection.execute(wanted.where(masks.c.call_key.in_(batch))).all()
        remove(connection, {row.call_key: _put_in(row) for row in rows})
        connection.execute(delete(masks).where(masks.c.call_key.in_(batch)))


def _put_in(row: Any) -> str:
    """What the index has of a call; nothing that is known of one whose rows are damaged, which must go all the same."""
    try:
        return searchable(row.words, spans_of(row.covers))
    except UNREADABLE:
        return ""


SHORTEST = 3
"""Letters that can be looked for in texts."""
_FORGETS = sqlite3.sqlite_version_info >= (3, 42)
"""Whether SQLite can take out of its index what is deleted, at once."""
_MANY = 100
"""Calls above which that takes longer than writing the index anew."""
_UNSETTLED = "index"
"""The setting that is there while the index may have something of what was taken out."""
_found = table("found", column("call_key"), column("words"))
"""Of PostgreSQL."""
_ADD = {
    dialect: text(f"INSERT INTO found ({key}, words) VALUES (:key, :words)")  # noqa: S608
    for dialect, key in (("sqlite", "rowid"), ("postgresql", "call_key"))
}


def remove(connection: Connection, words: Mapping[int, str]) -> None:
    """Take calls out; with the words by which they were put in."""
    if connection.dialect.name != "sqlite":
        connection.execute(delete(_found).where(_found.c.call_key.in_(words)))
    elif words:
        at_once = _FORGETS and len(words) <= _MANY
        if _FORGETS:
            connection.execute(text("INSERT INTO found (found, rank) VALUES ('secure-delete', :on)"), {"on": at_once})
        rows = [{"key": key, "words": said} for key, said in words.items()]
        connection.execute(text("INSERT INTO found (found, rowid, words) VALUES ('delete', :key, :words)"), rows)
        if not at_once and not _is_unsettled(connection):
            connection.execute(insert(settings), {"name": _UNSETTLED, "value": "unsettled"})


def settle(connection: Connection) -> None:
    """Leave nothing in the index of what was taken out."""
    if _is_unsettled(connection):
        connection.exec_driver_sql("INSERT INTO found (found) VALUES ('optimize')")
        connection.execute(delete(settings).where(settings.c.name == _UNSETTLED))
    if orphans(connection):
        # By a row of `masks` that is gone: only those say what to take out. All calls go in anew, by `renew_some`.
        clear(connection)
        connection.execute(delete(masks))


def clear(connection: Connection) -> None:
    """Take all calls out."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO found (found) VALUES ('delete-all')")
        connection.execute(delete(settings).where(settings.c.name == _UNSETTLED))
    else:
        connection.execute(delete(_found))


def saying(words: str, dialect: str) -> Select[tuple[int]]:
    """The keys of calls that say these words; folded, and at least `SHORTEST` letters."""
    if dialect != "sqlite":
        return select(_found.c.call_key).where(_found.c.words.contains(words, autoescape=True))
    phrase = words.replace('"', '""')
    match: ColumnElement[bool] = literal_column("found").op("MATCH")(f'"{phrase}"')
    return select(literal_column("rowid")).select_from(table("found")).where(match)


def _is_unsettled(connection: Connection) -> bool:
    return connection.execute(select(settings.c.name).where(settings.c.name == _UNSETTLED)).first() is not None


def orphans(connection: Connection) -> int:
    """How many calls the index has that the store has no more."""
    name, key = ("found_docsize", "id") if connection.dialect.name == "sqlite" else ("found", "call_key")
    wanted = f"SELECT count(*) FROM {name} WHERE {key} NOT IN (SELECT key FROM calls)"  # noqa: S608
    return int(connection.execute(text(wanted)).scalar_one())


def renew(connection: Connection, ids: Iterable[str]) -> None:
    """Put those of these calls in, by their ids, that have text and verdict and are not in as they would be now."""
    for batch in batches(ids):
        _put(connection, connection.execute(_NAMED, {"some": batch}).all())


def begin(connection: Connection) -> None:
    """Where calls are in as earlier rules masked them, take all out: that is sooner done than one by one."""
    if connection.execute(select(masks.c.call_key).where(masks.c.rules != RULES).limit(1)).first() is not None:
        clear(connection)
        connection.execute(delete(masks))


def renew_some(connection: Connection, after: int, number: int) -> tuple[int, int]:
    """The same for the next calls behind a key, so many at most: the key of the last one, and how many there were.

    Of none that is left, the same key and 0. A call that cannot be read is passed over.
    """
    wanted = _stale((calls.c.key,)).where(calls.c.key > after).order_by(calls.c.key).limit(number)
    batch = list(connection.execute(wanted).scalars())
    _put(connection, connection.execute(_stale(_COLUMNS).where(calls.c.key.in_(batch))).all())
    return (batch[-1], len(batch)) if batch else (after, 0)


def unjudged(connection: Connection) -> int:
    """How many calls have no verdict, so that no search looks into them."""
    return connection.execute(select(func.count()).select_from(calls).where(calls.c.outcome.is_(None))).scalar_one()


def waiting(connection: Connection) -> int:
    """How many calls are not in the index, or not as they would be masked now."""
    said = calls.join(texts, texts.c.call_key == calls.c.key)
    fitting = (calls.c.verdict_key.is_not(None), masks.c.call_key.is_(None) | (masks.c.rules != RULES))
    joined = said.outerjoin(masks, masks.c.call_key == calls.c.key)
    return connection.execute(select(func.count()).select_from(joined).where(*fitting)).scalar_one()


_COLUMNS: tuple[Any, ...] = (
    *(calls.c.key, calls.c.call_id, texts.c.words, texts.c.body),
    *(verdicts.c.body.label("verdict"), verdicts.c.facts, masks.c.rules, masks.c.covers),
)


def _judged(columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    joined = (
        calls.join(texts, texts.c.call_key == calls.c.key)
        .join(verdicts, verdicts.c.key == calls.c.verdict_key)
        .outerjoin(masks, masks.c.call_key == calls.c.key)
    )
    return select(*columns).select_from(joined)


def _stale(columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    return _judged(columns).where(or_(masks.c.call_key.is_(None), masks.c.rules != RULES))


_NAMED = _judged(_COLUMNS).where(calls.c.call_id.in_(SOME))
_ADD_MASKS = insert(masks)


def _put(connection: Connection, rows: Iterable[Any]) -> None:
    said, kept, other = [], [], []
    for row in rows:
        spans = _spans(row)
        covers = None if spans is None else json.dumps(spans, separators=(",", ":"))
        if covers is not None and (row.rules, row.covers) == (RULES, covers):
            # Other facts or another verdict, and the same is masked: taking a call out takes long.
            continue
        if row.rules is not None:
            other.append(row.key)
        if spans is not None:
            said.append({"key": row.key, "words": searchable(row.words, spans)})
            kept.append({"call_key": row.key, "rules": RULES, "covers": covers})
    drop(connection, other)
    if kept:
        connection.execute(_ADD[connection.dialect.name], said)
        connection.execute(_ADD_MASKS, kept)


def _spans(row: Any) -> list[Span] | None:
    """What of the text is personal data; None where the call cannot be read."""
    try:
        facts, call = Facts.model_validate_json(row.facts), call_of(row, row.call_id)
        # The rest of a verdict is not looked at, which would take as long as all else.
        own = json.loads(row.verdict)["own_words"] if '"own_words"' in row.verdict else ()
        masker = Masker.of(call, facts, own=[OwnWord.model_validate(word) for word in own])
        return [
            Span(start + span.start, start + span.end, span.kind)
            for turn, start in enumerate(starts_of(len(turn.text) for turn in call.turns), start=1)
            for span in masker.spans(turn)
        ]
    except UNREADABLE:
        return None
