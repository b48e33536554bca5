"""A store as a server finds it: filled from labelled calls. No model."""

import random
import wave
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

from ausweis.calls.call import Call, Turn
from ausweis.facts import Facts
from ausweis.judging.judge import judge
from ausweis.judging.verdict import ConfidenceReason, Incident, Verdict
from ausweis.labelled import gold_facts, read_labelled
from ausweis.policies import find_policy
from ausweis.provenance import ModelProvenance, PromptProvenance, RunProvenance
from ausweis.store import RunWriter, Store
from ausweis.store.schema import batches
from ausweis.vocabulary import INCIDENTS

GOLDEN = Path(__file__).parents[2] / "evals" / "golden" / "dev.jsonl"
LAST_DAY = date(2026, 3, 2)
_ZONE = timezone(timedelta(hours=1))


class Judged(NamedTuple):
    """A call with what was read in it and the verdict."""

    call: Call
    facts: Facts
    verdict: Verdict


def call_of(name: str, texts: Sequence[str], **more: str) -> Call:
    """A call of these words: agent and caller in turn, five seconds each."""
    turns = tuple(
        Turn(speaker="agent" if place % 2 == 0 else "caller", start=5.0 * place, end=5.0 * place + 4.5, text=text)
        for place, text in enumerate(texts)
    )
    return Call.model_validate({"id": name, "turns": turns, "started_at": "2026-03-02T09:15:00+01:00", **more})


def judged(call: Call, facts: Facts, policy: str = "telecom-de", **more: object) -> Judged:
    """The call with its verdict; `more`: what the verdict says instead."""
    verdict = judge(facts, find_policy(policy).policy)
    return Judged(call, facts, Verdict.model_validate(verdict.model_dump() | more))


def incident(call: Call, turn: int = 2, kind: str = "cancel_threat", severity: str = "high") -> dict[str, object]:
    """An incident at a turn of a call."""
    one = call.turn(turn)
    evidence = {"turn": turn, "quote": one.text, "start": one.start, "end": one.end}
    text = "The caller says that they will cancel."
    return {
        "id": kind,
        "turn": turn,
        "severity": severity,
        "description": text,
        "evidence": [evidence],
        "probability": 0.9,
    }


def threats() -> list[Judged]:
    """Calls with a medium incident, with a leaked factor and a medium incident, and, compliant, with a critical one."""
    texts = ["Guten Tag.", "Ich gehe zum Anwalt.", "Sie wohnen in der Norderstraße 14.", "Und zur Presse."]
    medium, leaked, critical = (call_of(name, texts) for name in ("medium", "leaked", "critical"))
    leak = {"type": "factor_leaked", "turn": 3, "severity": "high", "reason": {"code": "added"}}
    violated: dict[str, Any] = {"outcome": "violation", "violations": (leak,), "first_violation_turn": 3}
    mild = incident(medium, kind="lawyer_threat", severity="medium")
    grave = (
        incident(critical, turn=4, kind="press_threat", severity="low"),
        incident(critical, turn=1, kind="rude_agent", severity="low"),
        incident(critical, turn=2, kind="press_threat", severity="critical"),
    )
    return [
        judged(medium, Facts(call_id="medium", turns=4), risk=0.01, incidents=(mild,)),
        judged(leaked, Facts(call_id="leaked", turns=4), risk=0.9, incidents=(mild,), **violated),
        judged(critical, Facts(call_id="critical", turns=4), risk=0.02, outcome="compliant", incidents=grave),
    ]


def golden(count: int, *, days: int = 14, seed: int = 1) -> Iterator[Judged]:
    """So many calls of the golden set, again and again under other ids, spread over days, queues and teams."""
    chance = random.Random(seed)
    labelled = list(read_labelled(GOLDEN))
    read = [judged(_timed(one.call), gold_facts(one), one.policy) for one in labelled]
    for number in range(count):
        call, facts, verdict = read[number % len(read)]
        name = call.id if number < len(read) else f"{call.id}-{number:06d}"
        day = LAST_DAY - timedelta(days=chance.randrange(days))
        moment = datetime.combine(day, time(chance.randrange(8, 19), chance.randrange(60)), _ZONE)
        placed = {
            "id": name,
            "started_at": moment.isoformat(),
            "queue": chance.choice(["Hotline", "Rechnung", "Technik"]),
            "team": chance.choice(["Nord", "Süd", "West"]),
            "agent": f"Agent {chance.randrange(12)}",
            "direction": "inbound",
        }
        shift = chance.random() * 0.3
        risk = verdict.risk - shift if verdict.risk > 0.5 else verdict.risk + shift
        confidence = round(0.6 + chance.random() * 0.4, 2)
        unsure = (ConfidenceReason(code="outcome_unsure", confidence=confidence),) if confidence < 0.7 else ()
        told = {"call_id": name, "risk": round(risk, 4), "confidence": confidence}
        told |= {"needs_review": bool(unsure), "review_reasons": unsure}
        told |= {"incidents": (Incident.model_validate(incident(call)),)} if number % 11 == 3 else {}
        yield Judged(
            call.model_copy(update=placed),
            facts.model_copy(update={"call_id": name, "looked_for": tuple(INCIDENTS)}),
            verdict.model_copy(update=told),
        )


def write_run(
    store: Store,
    calls: Iterable[Judged],
    *,
    started: str = "2026-03-03T05:00:00Z",
    audio: Mapping[str, Sequence[Path]] = {},
) -> RunWriter:
    """Put these calls into the store; `audio`: their recordings by id."""
    origin = RunProvenance(
        ausweis="0.1.0",
        strategy="turnwise",
        policy=find_policy("telecom-de").provenance,
        prompts=(PromptProvenance(id="agent-turn", version=3, sha256="2" * 64),),
        model=ModelProvenance(id="fake", sha256="1" * 64, engine="fake", context_tokens=4096),
    )
    run = store.begin(origin, started=started)
    for some in batches(calls):
        run.add_all(some, audio)
    return run


def fill(path: Path, calls: Sequence[Judged], *, audio: Mapping[str, Sequence[Path]] = {}) -> Store:
    """A store at `path`, open, with these calls."""
    store = Store.open(path)
    write_run(store, calls, audio=audio)
    return store


def tone(path: Path, seconds: int = 60) -> Path:
    """A recording of nothing but its length: 8 kHz, mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * seconds))
    return path


def _timed(call: Call) -> Call:
    """The call with times: about fifteen letters a second."""
    turns, at = [], 0.0
    for turn in call.turns:
        length = 1 + len(turn.text) / 15
        turns.append(turn.model_copy(update={"start": round(at, 1), "end": round(at + length, 1)}))
        at += length + 0.3
    return call.model_copy(update={"turns": tuple(turns)})
