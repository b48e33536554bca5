"""Runs made up quickly, judged by a real policy, without a model."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ausweis import __version__
from ausweis.calls import Call
from ausweis.facts import Event, Facts, OneSided, facts_sha256
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Incident
from ausweis.policies import find_policy
from ausweis.provenance import ModelProvenance, PromptProvenance, RunProvenance
from ausweis.store import RunWriter, Store

DAY = "2026-03-02"
PROMPTS = (PromptProvenance(id="agent-turn", version=1, sha256="a" * 64),)
ENGINE = ModelProvenance(id="tiny", sha256="b" * 64, engine="fake", context_tokens=4096)


def make_call(
    number: int, *, pin: bool = True, tells: bool = True, day: str = DAY, words: str = "", **more: Any
) -> Call:
    """A call of four turns: without a PIN, and with something told, it is a violation."""
    texts = [
        ("caller", f"Guten Tag, hier spricht Ilse Krummbiegel aus der Lindenallee Nummer {number}, {words}grüß Gott."),
        ("agent", "Wie kann ich Ihnen denn heute weiterhelfen, worum geht es?"),
        ("caller", f"Meine PIN ist {number:06}." if pin else "Ich habe nur eine Frage."),
        ("agent", f"Ihr Vertrag mit der Nummer {number:09} läuft bis Mai." if tells else "Das geht leider nicht."),
    ]
    turns = [
        {"speaker": who, "start": 2.0 * i, "end": 2.0 * i + 1.5, "text": text} for i, (who, text) in enumerate(texts)
    ]
    values = {"agent": "Anna Schmidt", "team": "Nord", "queue": "billing", "started_at": f"{day}T09:14:00+01:00"} | more
    return Call.model_validate({"id": f"call-{number}", "turns": turns, **values})


def read_facts(call: Call) -> Facts:
    """What a perfect reader finds in such a call."""
    events = [Event(kind="gives", subject="name", turn=1, quote="Ilse Krummbiegel", start=0.0, end=1.5)]
    if call.turn(3).text.startswith("Meine PIN"):
        events.append(Event(kind="gives", subject="pin", turn=3, quote=call.turn(3).text))
    if call.turn(4).text.startswith("Ihr Vertrag"):
        events.append(Event(kind="discloses", subject="contract_data", turn=4, quote=call.turn(4).text))
    return Facts(call_id=call.id, turns=len(call.turns), events=tuple(events))


def origin_of(policy: str = "telecom-de", **other: Any) -> RunProvenance:
    """What the runs of these tests come from; `other`: parts that are others."""
    parts = {"ausweis": __version__, "strategy": "turnwise", "policy": find_policy(policy).provenance}
    return RunProvenance(**parts | {"prompts": PROMPTS, "model": ENGINE} | other)


def write_run(
    store: Store,
    calls: Iterable[Call],
    *,
    started: str = f"{DAY}T20:00:00Z",
    policy: str = "telecom-de",
    unsure: Sequence[str] = (),
    looked_for: Sequence[str | OneSided] = (),
    incidents: Mapping[str, Sequence[dict[str, Any]]] = {},
    audio: Mapping[str, Sequence[Path]] = {},
    **other: Any,
) -> RunWriter:
    """Judge calls into the store, in one transaction; those in `unsure` need review.

    `looked_for`: incidents, of which only those in `incidents` were found, by call id; `audio`: recordings by call id.
    """
    origin = origin_of(policy, **other)
    run = store.begin(origin, started=started)
    judged = []
    for call in calls:
        facts = read_facts(call).model_copy(update={"looked_for": tuple(looked_for)})
        verdict = judge(facts, find_policy(policy).policy)
        found = tuple(Incident.model_validate(one) for one in incidents.get(call.id, ()))
        told: dict[str, Any] = {
            "provenance": origin.of_verdict(facts_sha256(facts), seconds=1.5, tokens=7),
            "needs_review": call.id in unsure,
            "review_reasons": (),
            "incidents": found or verdict.incidents,
        }
        judged.append((call, facts, verdict.model_copy(update=told)))
    run.add_all(judged, audio)
    return run


def incident_of(turn: int, kind: str) -> dict[str, Any]:
    """An incident as a verdict holds it."""
    return {"id": kind, "turn": turn, "severity": "high", "description": "", "evidence": [], "probability": 0.9}
