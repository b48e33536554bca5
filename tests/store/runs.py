"""Run folders made up quickly, judged by a real policy, without a model."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ausweis import __version__
from ausweis.batch import RunFolder
from ausweis.batch.manifest import Inputs, Machine, RunManifest
from ausweis.batch.state import facts_sha256
from ausweis.calls import Call
from ausweis.facts import Event, Facts, OneSided
from ausweis.judging import find_policy
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Verdict
from ausweis.provenance import ModelProvenance, PromptProvenance

__all__ = ["DAY", "add_incidents", "as_version_1", "incident_of", "make_call", "make_run", "read_facts"]

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


def make_run(
    folder: Path,
    calls: Iterable[Call],
    *,
    started: str = f"{DAY}T20:00:00Z",
    inputs: Sequence[str] = (),
    policy: str = "telecom-de",
    resume: bool = False,
    unsure: Sequence[str] = (),
    looked_for: Sequence[str | OneSided] = (),
) -> Path:
    """Judge calls into a run folder; those in `unsure` need review. `looked_for`: incidents, of which it finds none."""
    found = find_policy(policy)
    manifest = RunManifest(
        ausweis=__version__,
        strategy="turnwise",
        policy=found.provenance,
        prompts=PROMPTS,
        model=ENGINE,
        inputs=Inputs(paths=tuple(inputs)),
        machine=Machine.here(),
        started=started,
    )
    with RunFolder.open(folder, resume=resume) as run:
        run.begin(manifest, synced=False)
        for call in calls:
            if run.is_settled(call.id):
                continue
            facts = read_facts(call).model_copy(update={"looked_for": tuple(looked_for)})
            verdict = judge(facts, found.policy)
            origin = manifest.of_verdict(facts_sha256(facts), seconds=1.5, tokens=7)
            review = {"needs_review": call.id in unsure, "review_reasons": ()}
            run.add_facts(facts)
            run.add_verdict(verdict.model_copy(update={"provenance": origin, **review}))
        run.finish(complete=True)
    return folder


def incident_of(turn: int, kind: str) -> dict[str, Any]:
    """An incident as a verdict holds it."""
    return {"id": kind, "turn": turn, "severity": "high", "description": "", "evidence": [], "probability": 0.9}


def as_version_1(folder: Path) -> None:
    """Write the verdicts of a run as version 1 did: sentences for reasons, and the kind of an incident."""
    path = folder / "verdicts.jsonl"
    verdicts = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for verdict in verdicts:
        verdict["schema"] = "ausweis/verdict@1"
        verdict["review_reasons"] = ["Ein Satz." for _ in verdict["review_reasons"]]
        for part in (*verdict["violations"], *verdict["checks"]):
            part["reason"] = "Ein Satz."
        for incident in verdict["incidents"]:
            incident["kind"] = incident.pop("id")
    path.write_text("".join(json.dumps(verdict) + "\n" for verdict in verdicts), "utf-8")


def add_incidents(folder: Path, call_id: str, *incidents: dict[str, Any]) -> None:
    """Put incidents into a verdict of a run."""
    path = folder / "verdicts.jsonl"
    verdicts = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for verdict in verdicts:
        if verdict["call_id"] == call_id:
            verdict["incidents"] = list(incidents)
            Verdict.model_validate(verdict)
    path.write_text(
        "".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in verdicts), "utf-8"
    )
