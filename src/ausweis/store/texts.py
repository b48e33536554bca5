"""The text of calls: words as one text that can be searched, all else as JSON beside it; agents as pseudonyms."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timezone
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, update

from ausweis.calls.call import Call
from ausweis.store.key import Key
from ausweis.store.rows import Added
from ausweis.store.tables import calls, runs, texts

__all__ = ["BATCH", "Moment", "add_texts", "batches", "call_of", "moment_of", "reopened"]

BATCH = 1000
"""Calls of one transaction."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_T = TypeVar("_T")


class Moment(NamedTuple):
    """When a call was: its day where it was made, and the moment in UTC by which calls are ordered."""

    day: date
    at: str


def batches(found: Iterable[_T], size: int = BATCH) -> Iterator[list[_T]]:
    """So many at a time."""
    iterator = iter(found)
    while batch := list(islice(iterator, size)):
        yield batch


def moment_of(started_at: str | None, otherwise: str) -> Moment:
    """The moment that a call names; `otherwise`, a time in UTC, where it names none that can be read.

    The day is the call's own; of `otherwise`, that of this machine's clock, by which people say "today".
    """
    for text in (started_at, otherwise):
        try:
            found = datetime.fromisoformat((text or "").strip())
            at = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(timezone.utc)  # noqa: UP017
        except (ValueError, OverflowError):
            continue
        day = found.date() if text is started_at else at.astimezone().date()
        return Moment(day, at.isoformat(timespec="seconds").replace("+00:00", "Z"))
    raise ValueError("the run does not say when it was")


def add_texts(connection: Connection, key: Key, found: Sequence[Call], today: str) -> Added:
    """Put calls in, or in the place of what is there under their ids. Each id at most once.

    `today`, a time in UTC, is the day of calls that name none, until their verdict comes. A text does not replace that
    of a later run, nor one of a judged call with another number of turns, where turns of the verdict would go astray.
    """
    there = _there(connection, [call.id for call in found])
    misfits = {call.id for call in found if call.id in there and not _fits(call, there[call.id])}
    rows = {call.id: {"call_id": call.id, **_call_row(call, key), **_text_row(call, key)} for call in found}
    other = {name for name in rows.keys() & there.keys() if _is_other(rows[name], there[name])}
    later = {name for name in other if (there[name].started or "") > today}
    taken = [call for call in found if call.id not in misfits | later]
    moments = {call.id: moment_of(call.started_at, today)._asdict() for call in taken}
    _write(connection, [_call_row(call, key) | moments[call.id] for call in taken], there)
    keys = _keys(connection, moments)
    connection.execute(texts.delete().where(texts.c.call_key.in_(keys.values())))
    if taken:
        connection.execute(insert(texts), [{"call_key": keys[call.id], **_text_row(call, key)} for call in taken])
    displaced = other - misfits - later
    for name in sorted(displaced):
        says = reopened(there[name].says, f"{rows[name]['started_at']}\n{rows[name]['words']}")
        values = {"says": says, "state": "open", "sample_key": None}
        connection.execute(update(calls).where(calls.c.key == there[name].key).values(values))
    return Added(len(taken), len(displaced), frozenset(misfits))


def reopened(says: str | None, by: str) -> str | None:
    """What a verdict says, of another call than before under the id: no decision about that one counts any more."""
    # With all of what it said before: of a text that comes back, earlier decisions do not count again.
    since = hashlib.sha256(f"{says}\n{by}".encode()).hexdigest()[:16]
    return says and f"{says.partition(':')[0]}:{since}"


def call_of(row: Any, call_id: str) -> Call:
    """The call of a row of `texts`."""
    body = json.loads(row.body)
    turns, place = [], 0
    for speaker, start, end, length, *confidence in body.pop("turns"):
        turn = {"speaker": speaker, "start": start, "end": end, "text": row.words[place : place + length]}
        turns.append(turn | ({"confidence": confidence[0]} if confidence else {}))
        place += length + 1
    return Call.model_validate({"id": call_id, **body, "turns": turns})


def _there(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    named = ("key", "call_id", "day", "at", "started_at", "turns", "says")
    joined = calls.outerjoin(texts, texts.c.call_key == calls.c.key).outerjoin(runs, runs.c.key == calls.c.run_key)
    wanted = select(*(calls.c[name] for name in named), texts.c.words, runs.c.started).select_from(joined)
    return {row.call_id: row for row in connection.execute(wanted.where(calls.c.call_id.in_(ids)))}


def _fits(call: Call, there: Any) -> bool:
    return there.says is None or there.turns in (0, len(call.turns))


def _is_other(row: dict[str, Any], there: Any) -> bool:
    """Whether what is there under the id is another call, or another text of it."""
    moved = None not in (there.started_at, row["started_at"]) and there.started_at != row["started_at"]
    return moved or there.words not in (None, row["words"])


def _write(connection: Connection, rows: Sequence[dict[str, Any]], there: dict[str, Any]) -> None:
    new = [row for row in rows if row["call_id"] not in there]
    if new:
        connection.execute(insert(calls), new)
    old = [_kept_moment(row, there[row["call_id"]]) for row in rows if row["call_id"] in there]
    if old:
        names = [name for name in old[0] if name not in ("b_key", "call_id")]
        statement = update(calls).where(calls.c.key == bindparam("b_key"))
        connection.execute(statement.values({name: bindparam(name) for name in names}), old)


def _keys(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    wanted = select(calls.c.call_id, calls.c.key).where(calls.c.call_id.in_(list(names)))
    return {row.call_id: row.key for row in connection.execute(wanted)}


def _kept_moment(row: dict[str, Any], there: Any) -> dict[str, Any]:
    kept = {"day": there.day, "at": there.at} if row["started_at"] is None else {}
    return {**row, **kept, "b_key": there.key}


def _call_row(call: Call, key: Key) -> dict[str, Any]:
    return {
        "call_id": call.id,
        "started_at": call.started_at,
        "language": call.language,
        "team": call.team,
        "queue": call.queue,
        "agent": key.pseudonym(call.agent) if call.agent else None,
        "direction": call.direction,
        "seconds": max((turn.end for turn in call.turns if turn.end is not None), default=None),
        "turns": len(call.turns),
    }


def _text_row(call: Call, key: Key) -> dict[str, str]:
    # Of the same length, since lengths tell the turns apart.
    words = [_UNSTORABLE.sub("\ufffd", turn.text) for turn in call.turns]
    body = call.model_dump(mode="json", exclude={"id", "turns"}, exclude_defaults=True)
    body["turns"] = [
        (turn.speaker, turn.start, turn.end, len(text), *(() if turn.confidence is None else (turn.confidence,)))
        for turn, text in zip(call.turns, words, strict=True)
    ]
    if call.agent:
        if call.metadata:
            body["metadata"] = _without(call.agent, body["metadata"], key)
        body["agent"] = key.pseudonym(call.agent)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return {"words": "\n".join(words), "body": _UNSTORABLE.sub("\ufffd", text)}


def _without(agent: str, value: Any, key: Key) -> Any:
    """The value with the agent's name, wherever a text of it has it, as the pseudonym."""
    if isinstance(value, str):
        return re.sub(re.escape(agent.strip()), key.pseudonym(agent), value, flags=re.IGNORECASE)
    if isinstance(value, list):
        return [_without(agent, part, key) for part in value]
    if isinstance(value, dict):
        return {_without(agent, name, key): _without(agent, part, key) for name, part in value.items()}
    return value
