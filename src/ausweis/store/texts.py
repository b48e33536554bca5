"""The text of calls: words as one text that can be searched, all else as JSON beside it; agents as pseudonyms."""

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from ausweis.calls.call import Call, Turn
from ausweis.store import audit_log
from ausweis.store.decisions import NOTHING_DECIDED
from ausweis.store.index import drop
from ausweis.store.key import Key
from ausweis.store.schema import audio, calls, texts

__all__ = ["NOTHING_JUDGED", "add_texts", "moment_of", "nameless", "text_row"]

_DIGESTED = ("call", "text")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PSEUDONYM = re.compile(r"agent-[0-9a-f]{8}")
_HASH = re.compile(r"(?:[0-9a-f]{32}){1,2}")
NOTHING_JUDGED: dict[str, None] = dict.fromkeys(
    (
        *("verdict_key", "run_key", "outcome", "risk", "confidence", "needs_review", "to_review"),
        *("first_violation_turn", "severity", "violations", "incidents", "weight", "looked_for"),
    )
)
"""The columns of `calls` that are the verdict's, but for `says`, of a call that has none."""


class CallTime(NamedTuple):
    """When a call was: its day where it was made, and the moment in UTC by which calls are ordered."""

    day: date
    at: str


def moment_of(started_at: str | None, otherwise: str) -> CallTime:
    """The moment that a call names; `otherwise`, a time in UTC, where it names none that can be (`names_moment`).

    The day is the call's own; of `otherwise`, that of this machine's clock, by which people say "today".

    Raises:
        ValueError: neither names one.
    """
    named = _time(started_at) if names_moment(started_at) else None
    moment = named or _time(otherwise)
    if moment is None:
        raise ValueError("the run does not say when it was")
    at = moment.astimezone(timezone.utc)  # noqa: UP017
    day = moment.date() if named else at.astimezone().date()
    return CallTime(day, at.isoformat(timespec="seconds").replace("+00:00", "Z"))


def names_moment(started_at: str | None) -> bool:
    """Whether a call says when it was, in a way that can be read; no call is of the day after tomorrow."""
    moment = _time(started_at)
    return moment is not None and moment <= datetime.now(UTC) + timedelta(days=1)


def _time(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat((text or "").strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment


def add_texts(connection: Connection, key: Key, batch: Sequence[Call], today: str) -> dict[str, int]:
    """Put calls in, or in the place of what is there under their ids; each id once. Those that changed: keys by ids.

    `today`, a time in UTC, is the day of calls that name none, unless they are there already; also of another call, or
    another text of it, under an id that is there: its verdict counts no more. Texts get digests: make those of the
    calls that changed after, and add an entry to the audit log.

    Raises:
        StoreError: a call that is there does not fit its digest.
    """
    named = {call.id: nameless(call, key) for call in batch}
    there = _there(connection, list(named))
    for kind in _DIGESTED:
        audit_log.check_rows(connection, key, kind, [row.key for row in there.values()])
    rows = {name: text_row(call) for name, call in named.items()}
    changed = {name for name, row in rows.items() if name not in there or _is_changed(row, there[name])}
    taken = {name: call for name, call in named.items() if name in changed}
    displaced = {name for name in changed & there.keys() if _is_other(taken[name], rows[name], there[name])}
    moments = {name: moment_of(call.started_at, today)._asdict() for name, call in taken.items()}
    keys = _write(connection, [_call_row(call) | moments[name] for name, call in taken.items()], there, displaced)
    if old := [there[name].key for name in changed & there.keys()]:
        drop(connection, old)
        connection.execute(texts.delete().where(texts.c.call_key.in_(old)))
    if taken:
        connection.execute(insert(texts), [{"call_key": keys[name], **rows[name]} for name in taken])
    for name in sorted(displaced):
        # These are of the call that was there before.
        connection.execute(audio.delete().where(audio.c.call_key == there[name].key))
        says = _reopened(there[name].says, f"{taken[name].started_at}\n{rows[name]['words']}")
        values = {**NOTHING_JUDGED, **NOTHING_DECIDED, "says": says, "sample_key": None, "assigned": None}
        connection.execute(update(calls).where(calls.c.key == there[name].key).values(values))
    audit_log.digest_rows(connection, key, "text", keys.values())
    return keys


def _reopened(says: str | None, by: str) -> str | None:
    """What a verdict says, of another call than before under the id: no decision about that one counts any more."""
    # Hash the old value too, so that restoring a transcript does not revive old decisions.
    since = hashlib.sha256(f"{says}\n{by}".encode()).hexdigest()[:16]
    return says and f"{says.partition(':')[0]}:{since}"


def _there(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    joined = calls.outerjoin(texts, texts.c.call_key == calls.c.key)
    named = (calls.c[name] for name in ("key", "call_id", "day", "at", "started_at", "says"))
    wanted = select(*named, texts.c.words, texts.c.body, texts.c.recording).select_from(joined)
    return {row.call_id: row for row in connection.execute(wanted.where(calls.c.call_id.in_(ids)))}


def _is_other(call: Call, row: dict[str, Any], there: Any) -> bool:
    """Whether what is there under the id is another call, or another text of it."""
    moved = None not in (there.started_at, call.started_at) and there.started_at != call.started_at
    return moved or (there.words is not None and _said(there.words, there.body) != _said(row["words"], row["body"]))


def _said(words: str, body: str) -> tuple[str, list[tuple[str, int]]]:
    """The words with the speaker and the length of each turn."""
    return words, [(speaker, length) for speaker, _, _, length, *_ in json.loads(body)["turns"]]


def _is_changed(row: dict[str, Any], there: Any) -> bool:
    return any(getattr(there, name) != value for name, value in row.items())


def _write(
    connection: Connection, rows: Sequence[dict[str, Any]], there: dict[str, Any], displaced: Collection[str]
) -> dict[str, int]:
    """Write the rows of calls; their keys by their ids."""
    keys = {row["call_id"]: there[row["call_id"]].key for row in rows if row["call_id"] in there}
    new = [row for row in rows if row["call_id"] not in there]
    if new:
        made = insert(calls).returning(calls.c.call_id, calls.c.key)
        keys |= {row.call_id: row.key for row in connection.execute(made, new)}
    old = [
        {**row, **_kept_moment(row, there[row["call_id"]], displaced), "b_key": there[row["call_id"]].key}
        for row in rows
        if row["call_id"] in there
    ]
    if old:
        names = [name for name in old[0] if name not in ("b_key", "call_id")]
        statement = update(calls).where(calls.c.key == bindparam("b_key"))
        connection.execute(statement.values({name: bindparam(name) for name in names}), old)
    return keys


def _kept_moment(row: dict[str, Any], there: Any, displaced: Collection[str]) -> dict[str, Any]:
    """That of a call which names none by itself, as long as it is the same call."""
    is_moved = names_moment(row["started_at"]) or row["call_id"] in displaced
    return {} if is_moved or not names_moment(there.at) else {"day": there.day, "at": there.at}


def _call_row(call: Call) -> dict[str, Any]:
    return {
        "call_id": call.id,
        "started_at": call.started_at,
        "language": call.language,
        "team": call.team,
        "queue": call.queue,
        "agent": call.agent,
        "direction": call.direction,
        "seconds": max((turn.end for turn in call.turns if turn.end is not None), default=None),
        "turns": len(call.turns),
    }


def text_row(call: Call) -> dict[str, str | None]:
    """The columns of `texts` of a call without names (`nameless`)."""
    # Of the same length, since lengths tell the turns apart.
    words = [_UNSTORABLE.sub("\ufffd", turn.text) for turn in call.turns]
    body = call.model_dump(mode="json", exclude={"id", "turns"}, exclude_defaults=True)
    body["turns"] = [
        (turn.speaker, turn.start, turn.end, len(text), *_heard(turn))
        for turn, text in zip(call.turns, words, strict=True)
    ]
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    recording = call.metadata.get("recording")
    heard = recording.get("key") if isinstance(recording, dict) else None
    return {"words": "\n".join(words), "body": _UNSTORABLE.sub("\ufffd", text), "recording": heard}


def _heard(turn: Turn) -> tuple[Any, ...]:
    """How sure the ASR model is of a turn, and its words, where one wrote them: facts depend on both."""
    if not turn.words:
        return () if turn.confidence is None else (turn.confidence,)
    return turn.confidence, [(word.text, word.start, word.end, word.probability) for word in turn.words]


def nameless(call: Call, key: Key) -> Call:
    """The call with a pseudonym in the place of its agent's name, in team, queue and metadata too."""
    name = (call.agent or "").strip()
    if not name:
        return call.model_copy(update={"agent": None})
    # A call out of the store has its pseudonym already.
    pseudonym = name if _PSEUDONYM.fullmatch(name) else key.pseudonym(name)
    # The agent 7 is not in 2027.
    before, after = ("(?<!\\d)" if name[0].isdigit() else "", "(?!\\d)" if name[-1].isdigit() else "")
    named = re.compile(f"{before}{re.escape(name)}{after}", re.IGNORECASE)
    fields = {field: _replaced(named, pseudonym, getattr(call, field)) for field in ("team", "queue", "metadata")}
    return call.model_copy(update={"agent": pseudonym, **fields})


def _replaced(named: re.Pattern[str], pseudonym: str, value: Any) -> Any:
    """The value with the pseudonym wherever a text of it has the name."""
    if isinstance(value, str):
        # The agent 7 is not in the hash of a recording either, by which its transcript is found again.
        return value if _HASH.fullmatch(value) and not named.fullmatch(value) else named.sub(pseudonym, value)
    if isinstance(value, list):
        return [_replaced(named, pseudonym, part) for part in value]
    if isinstance(value, dict):
        return {_replaced(named, pseudonym, key): _replaced(named, pseudonym, part) for key, part in value.items()}
    return value
