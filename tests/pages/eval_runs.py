"""A small eval run made by hand: four calls, one of them with hostile words, no model."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ausweis.calls.call import Call, Turn
from ausweis.evals.case import Case, Label, Occurrence, tags_of
from ausweis.evals.folder import EvalManifest, EvalSource, GoldenFile, Machine, Plan, System, write_eval
from ausweis.evals.metrics import summarise
from ausweis.facts import Event, Facts
from ausweis.labelled import Gold, GoldEvent, GoldViolation, LabelledCall
from ausweis.vocabulary import Outcome

HOSTILE = (
    "</p></details></script><script>alert('told')</script>",
    '<img src=x onerror=alert(1)> " onmouseover="alert(2)" \' & {{ 7 * 7 }} {% raw %} {# gone #}',
    "--></style></title><svg onload=alert(3)> javascript:alert(4) \u202eback to front",
)
PIN = GoldEvent(turn=2, kind="gives", subject="pin")
SYSTEM = System(ausweis="0", strategy="turnwise", prompts=("turn@1 (ab)",), model="fake (cd)", engine="fake")


def labelled(name: str, *, policy: str = "telecom-de", outcome: Outcome = "violation", title: str = "") -> LabelledCall:
    violations = (GoldViolation(type="late_authentication", turn=1),) if outcome == "violation" else ()
    return LabelledCall(
        call=Call(
            id=name,
            turns=(
                Turn(speaker="agent", text="Ihr Vertrag läuft bis Mai.", start=0.0),
                Turn(speaker="caller", text="Meine PIN ist eins zwei drei vier.", start=65.0),
                *(Turn(speaker="unknown", text=text) for text in (HOSTILE if name.startswith("<") else ())),
            ),
        ),
        gold=Gold(
            policy=policy,
            outcome=outcome,
            violations=violations,
            first_violation_turn=1 if violations else None,
            title=title or f"title of {name}",
            why=f"why {name} {HOSTILE[0]}",
        ),
    )


def findings(outcome: Outcome, *, factors: Sequence[str] = (), actions: Sequence[str] = ("contract_data@1",)) -> Label:
    broken = (Occurrence(1, "late_authentication"),) if outcome == "violation" else ()
    return Label(
        outcome=outcome,
        violations=broken,
        caller="account_holder",
        authorisation="not_needed",
        factors=tuple(map(Occurrence.read, factors)),
        actions=tuple(map(Occurrence.read, actions)),
    )


def case(one: LabelledCall, told: Label | None, *, risk: float = 0.5, repeat: int = 1) -> Case:
    gold = findings(one.gold.outcome or "compliant", factors=("pin@2:verified",))
    return Case(
        id=one.call.id,
        repeat=repeat,
        tags=tags_of(one),
        turns=len(one.call.turns),
        gold=gold,
        told=told,
        risk=risk,
        confidence=0.8,
        failure=None if told else "the server was gone [engine]",
    )


@cache
def source() -> EvalSource:
    """`missed-1` is judged wrong, `right-1` right, `failed-1` not at all; the hostile one right, and flipped."""
    calls = [
        labelled("right-1", outcome="compliant", policy="bank-en"),
        labelled("missed-1"),
        labelled("<b>'\"|</b>", title="<i>{{ title }}</i>"),
        labelled("failed-1", policy="bank-en"),
    ]
    told = findings("violation", factors=("pin@2:rejected",))
    cases = [
        case(calls[0], findings("compliant", factors=("pin@2:verified",)), risk=0.1),
        case(calls[1], findings("compliant", factors=("name@2:verified",), actions=()), risk=0.3),
        case(calls[2], told, risk=0.9),
        case(calls[3], None),
        *(case(one, findings("compliant"), repeat=2) for one in calls),
    ]
    read = Event(kind="discloses", subject="contract_data", turn=1, quote="Mai", probability=0.25)
    right = calls[0].model_copy(update={"gold": calls[0].gold.model_copy(update={"events": (PIN,)})})
    return EvalSource(
        manifest=manifest(()),
        cases=cases,
        summary=summarise(cases),
        calls={one.call.id: one for one in (right, *calls[1:])},
        facts={"right-1": Facts(call_id="right-1", turns=2, events=(read,))},
    )


def manifest(golden: Sequence[GoldenFile]) -> EvalManifest:
    return EvalManifest(
        plan=Plan(golden=tuple(golden), repeats=2),
        system=SYSTEM,
        machine=Machine(platform="Linux", python="3.11", cpus=2),
        started="2026-01-02T03:04:05Z",
        finished="2026-01-02T03:05:05Z",
        complete=True,
    )


def write_run(folder: Path) -> Path:
    """The same as a folder, its golden file beside it; the path of the golden file."""
    found = source()
    golden = folder.with_name("golden.jsonl")
    data = "".join(one.line() + "\n" for one in found.calls.values()).encode()
    golden.write_bytes(data)
    file = GoldenFile(path=str(golden), sha256=hashlib.sha256(data).hexdigest(), calls=len(found.calls))
    folder.mkdir()
    write_eval(folder, manifest([file]), found.cases, found.summary)
    return golden
