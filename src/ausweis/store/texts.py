"""The text of calls: words as one text that can be searched, all else as JSON beside it; agents as pseudonyms."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timezone
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, update

from ausweis.calls.call import Call
from ausweis.store.key import Key
from ausweis.store.tables import calls, texts

__all__ = ["BATCH", "Moment", "add_texts", "batches", "call_of", "moment_of"]

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


def add_texts(connection: Connection, key: Key, found: Sequence[Call], today: str) -> int:
    """Put calls in, or in the place of what is there under their ids; how many. Each id at most once.

    `today`, a time in UTC, is the day of calls that name none, until their verdict comes.
    """
    there = {
        row.call_id: row
        for row in connection.execute(
            select(calls.c.key, calls.c.call_id, calls.c.day, calls.c.at).where(
                calls.c.call_id.in_([call.id for call in found])
            )
        )
    }
    rows = {call.id: _call_row(call, key) | moment_of(call.started_at, today)._asdict() for call in found}
    new = [row for name, row in rows.items() if name not in there]
    if new:
        connection.execute(insert(calls), new)
    old = [_kept_moment(row, there[name]) for name, row in rows.items() if name in there]
    if old:
        names = [name for name in old[0] if name not in ("b_key", "call_id")]
        statement = update(calls).where(calls.c.key == bindparam("b_key"))
        connection.execute(statement.values({name: bindparam(name) for name in names}), old)
    keys = _keys(connection, rows)
    connection.execute(texts.delete().where(texts.c.call_key.in_(keys.values())))
    connection.execute(insert(texts), [{"call_key": keys[call.id], **_text_row(call, key)} for call in found])
    return len(found)


def call_of(row: Any, call_id: str) -> Call:
    """The call of a row of `texts`."""
    body = json.loads(row.body)
    turns, place = [], 0
    for speaker, start, end, length, *confidence in body.pop("turns"):
        turn = {"speaker": speaker, "start": start, "end": end, "text": row.words[place : place + length]}
        turns.append(turn | ({"confidence": confidence[0]} if confidence else {}))
        place += length + 1
    return Call.model_validate({"id": call_id, **body, "turns": turns})


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
