"""Runs, calls and verdicts as rows, and back. Agents are pseudonyms; a verdict is kept without what its run says."""

import hashlib
import json
import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from ausweis.calls.call import Call, Turn
from ausweis.errors import PolicyError
from ausweis.judging.harm import found_of, harm, named
from ausweis.judging.verdict import Verdict
from ausweis.policies import Policy, find_policy
from ausweis.provenance import PolicyProvenance, RunProvenance
from ausweis.store.counted import OWN
from ausweis.store.key import Key
from ausweis.store.rows import CallRow, RunRow
from ausweis.vocabulary import INCIDENTS, SEVERITIES

_RUNS = ("ausweis", "policy", "prompts", "model")
"""What of a verdict's provenance is its run's."""
_LISTS = ("violations", "incidents", "right_violations", "right_incidents", "looked_for")
"""Columns of calls."""
_OF_VERDICT = ("outcome", "risk", "confidence", "needs_review", "first_violation_turn")
"""Columns of calls that are fields of the verdict."""
_AS_JSON = ("policy", "prompts", "model")
"""Columns of runs."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PSEUDONYM = re.compile(r"agent-[0-9a-f]{8}")
_HASH = re.compile(r"(?:[0-9a-f]{32}){1,2}")


def run_values(origin: RunProvenance, started: str, policy: Policy | None) -> dict[str, Any]:
    """The columns of a run that say what it was made of. `policy`: which judges in it; by default one that ships."""
    parts, policy = _parts(origin), policy or _shipped(origin.policy)
    return {
        "started": started,
        "policy_title": policy and policy.title,
        "rules": policy and policy.model_dump_json(by_alias=True, exclude_unset=True),
        "strategy": origin.strategy,
        "ausweis": origin.ausweis,
        **{name: json.dumps(parts[name], ensure_ascii=False) for name in _AS_JSON},
    }


def run_row(row: Any) -> RunRow:
    """The run of a row."""
    columns = {name: getattr(row, name) for name in RunRow.model_fields}
    columns |= {name: json.loads(columns[name]) for name in _AS_JSON}
    if columns["strategy"] == "turnwise" and any(prompt["id"] == "transcript" for prompt in columns["prompts"]):
        columns["strategy"] = "heads"  # as rows of before call it
    return RunRow.model_validate(columns)


def call_row(row: Row[Any]) -> CallRow:
    """The call of a row of `calls`, with its verdict."""
    columns = {own.name: getattr(row, own.name) for own in fields(CallRow) if own.name != "sampled"}
    lists = {name: None if columns[name] is None else tuple(json.loads(columns[name])) for name in _LISTS}
    return CallRow(**columns | lists, sampled=row.sample_key is not None)


def call_of(row: Any, call_id: str) -> Call:
    """The call of a row of `texts`."""
    body = json.loads(row.body)
    turns, place = [], 0
    for speaker, start, end, length, *heard in body.pop("turns"):
        turn = {"speaker": speaker, "start": start, "end": end, "text": row.words[place : place + length]}
        turn |= {"confidence": heard[0]} if heard else {}
        if len(heard) > 1:
            turn["words"] = [dict(zip(("text", "start", "end", "probability"), word, strict=True)) for word in heard[1]]
        turns.append(turn)
        place += length + 1
    return Call.model_validate({"id": call_id, **body, "turns": turns})


def pack(verdict: Verdict, run: RunRow) -> str:
    """A verdict's JSON for keeping."""
    body = verdict.model_dump(mode="json", by_alias=True)
    origin = verdict.provenance
    if origin is not None and all(getattr(origin, name) == getattr(run, name) for name in _RUNS):
        body["provenance"] = {name: part for name, part in body["provenance"].items() if name not in _RUNS}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def unpack(body: str, run: RunRow) -> Verdict:
    """The verdict that was packed."""
    verdict = json.loads(body)
    if verdict.get("provenance") is not None:
        verdict["provenance"] = _parts(run) | verdict["provenance"]
    return Verdict.model_validate(verdict)


def verdict_values(verdict: Verdict, run: RunRow, facts: str) -> dict[str, Any]:
    """The columns of `calls` that are the verdict's; `facts` as they are kept."""
    found = found_of(verdict)
    return {
        "says": says_of(verdict, run),
        **{name: getattr(verdict, name) for name in _OF_VERDICT},
        "to_review": bool(verdict.outcome == "violation" or verdict.incidents or verdict.needs_review),
        "severity": max((one.severity for one in found), key=SEVERITIES.index, default=None),
        "violations": json.dumps(list(named(one for one in found if not one.incident))),
        "incidents": json.dumps(list(named(one for one in found if one.incident)), ensure_ascii=False),
        "weight": harm(found, verdict.risk, unsure=verdict.needs_review),
        "looked_for": _looked_for(verdict, facts),
    }


def _looked_for(verdict: Verdict, facts: str) -> str:
    """The incidents that were looked for, by the facts or as the verdict has them; a company's own by a hash."""
    told = json.loads(facts).get("looked_for", ()) if '"looked_for"' in facts else ()
    asked = [one if isinstance(one, str) else json.dumps(one, sort_keys=True) for one in told]
    names = {*(asked or (incident.id for incident in verdict.incidents))}
    own = {one: f"{OWN}{hashlib.sha256(one.encode()).hexdigest()[:8]}" for one in names.difference(INCIDENTS)}
    return json.dumps(sorted(own.get(one, one) for one in names))


def says_of(verdict: Verdict, run: RunRow) -> str:
    """A hash of what a verdict says, by which policy: decisions count as long as it stays the same."""
    said = (
        run.policy.id,
        run.policy.version,
        verdict.outcome,
        sorted([violation.type, violation.turn] for violation in verdict.violations),
        sorted([incident.id, incident.turn] for incident in verdict.incidents),
    )
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def _parts(run: RunProvenance) -> dict[str, Any]:
    """What of the provenance of a run's verdicts is the run's."""
    return run.of_verdict("").model_dump(mode="json", include=set(_RUNS))


def _shipped(policy: PolicyProvenance) -> Policy | None:
    try:
        shipped = find_policy(policy.id)
    except PolicyError:
        return None
    return shipped.policy if shipped.provenance == policy else None


def moment_of(started_at: str | None, otherwise: str) -> dict[str, Any]:
    """The moment that a call names; `otherwise`, a time in UTC, where it names none that can be (`names_moment`).

    As columns of `calls`: `day`, where the call was made, and `at`, in UTC, by which calls are ordered.

    The day is the call's own; of `otherwise`, that of this machine's clock, by which people say "today".

    Raises:
        ValueError: neither names one.
    """
    named = _time(started_at) if names_moment(started_at) else None
    moment = named or _time(otherwise)
    if moment is None:
        raise ValueError("the run does not say when it was")
    at = moment.astimezone(UTC)
    day = moment.date() if named else at.astimezone().date()
    return {"day": day, "at": at.isoformat(timespec="seconds").replace("+00:00", "Z")}


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


def call_values(call: Call) -> dict[str, Any]:
    """The columns of `calls` that are the call's own, but for its moment; of one without names."""
    own = {name: getattr(call, name) for name in ("started_at", "language", "team", "queue", "agent", "direction")}
    seconds = max((turn.end for turn in call.turns if turn.end is not None), default=None)
    return {"call_id": call.id, **own, "seconds": seconds, "turns": len(call.turns)}


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
