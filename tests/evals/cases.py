"""Cases and labelled calls by few words, for tests of what is made of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from ausweis.calls.call import Call, Turn
from ausweis.evals.case import Case, Label, Likeliest, Occurrence
from ausweis.labelled import Gold, GoldEvent, GoldViolation, LabelledCall, Tags
from ausweis.vocabulary import Outcome

ANSWERS = r"""
answers:
  - {template: call-start, answer: beginning}
  - {contains: Störgeräusch, error: no answer for this call}
  - {template: caller-turn, matches: 'mein Name[^\n]*$', answer: gives name}
  - {template: caller-turn, matches: 'Meine PIN[^\n]*$', answer: gives pin}
  - {template: agent-turn, matches: 'Ihr Vertrag[^\n]*$', answer: tells contract data}
  - {template: incident, answer: "no"}
  - {answer: nothing}
"""
"""What a scripted engine says of the lines below, and of any other: nothing."""
NAME = "C: Guten Tag, mein Name ist Ilse Krummbiegel. << gives name"
TELLS = "A: Ihr Vertrag läuft bis Mai. << discloses contract_data"


def findings(outcome: Outcome, *violations: str, **more: Any) -> Label:
    """The label of an account holder; marks as files have them."""
    about = {"caller": "account_holder", "authorisation": "not_needed", **more}
    return Label.model_validate({"outcome": outcome, "violations": violations, **about})


def case(identifier: str, label: Outcome, verdict: Outcome | None, risk: float = 0.5, **more: Any) -> Case:
    """A case with a violation at turn 3, where label or verdict say so."""
    about = {"gold": _side(label), "told": _side(verdict), "risk": risk, "confidence": 0.8, **more}
    return Case(id=identifier, turns=10, **about)


def incident_case(identifier: str, happens: Sequence[str], said: Sequence[str] | None, *known: str) -> Case:
    """A case that tells of these known incidents alone, and of its words such as `rude_agent@3`."""
    label, verdict = (
        None
        if words is None
        else Label(caller="unclear", authorisation="not_needed", incidents=tuple(map(Occurrence.read, words)))
        for words in (happens, said)
    )
    assert label is not None
    return Case(id=identifier, turns=10, gold=label, told=verdict, incidents={name: Likeliest() for name in known})


def own_word_case(identifier: str, label: Sequence[str], read: Sequence[str] | None, language: str = "de") -> Case:
    """A compliant call of a marina, and the events about its own words, such as `gives berth_number@3`."""
    told = None if read is None else findings("compliant", own_words=tuple(read))
    return Case(
        id=identifier,
        turns=10,
        tags=(f"language:{language}",),
        gold=findings("compliant", own_words=tuple(label)),
        told=told,
        own_words={"berth_number": "factor", "berth_data": "disclosure", "key_change": "change"},
    )


def _side(outcome: Outcome | None) -> Label | None:
    return None if outcome is None else findings(outcome, *["late_authentication@3"] * (outcome == "violation"))


def labelled(identifier: str, *lines: str, outcome: Outcome = "compliant", **more: Any) -> LabelledCall:
    """A call of lines such as `A: Ihre PIN? << asks pin` and `C: 1234 << gives pin; gives name`."""
    turns, events = [], []
    for number, line in enumerate(lines, start=1):
        said, _, done = line.partition("<<")
        speaker, _, text = said.partition(":")
        turns.append(Turn(speaker="agent" if speaker == "A" else "caller", text=text.strip()))
        for event in filter(None, map(str.strip, done.split(";"))):
            kind, _, subject = event.partition(" ")
            events.append(GoldEvent.model_validate({"turn": number, "kind": kind, "subject": subject or None}))
    broken = tuple(GoldViolation(type=kind, turn=turn) for kind, turn in more.pop("violations", ()))
    about = {"policy": "telecom-de", "caller": "account_holder", "why": "It is so.", "tags": Tags(scenario=("plain",))}
    gold = Gold(
        **{**about, **more},
        outcome=outcome,
        violations=broken,
        first_violation_turn=min((one.turn for one in broken), default=None),
        events=tuple(events),
    )
    return LabelledCall(call=Call(id=identifier, turns=tuple(turns)), gold=gold)


def asked(identifier: str, twin: str, *events: Mapping[str, object], **more: object) -> LabelledCall:
    """A call of four turns, the agent's first, whose label tells of incidents alone; `more`: `known` and `own`."""
    turns = [{"speaker": side, "text": "x"} for side in ("agent", "caller", "agent", "caller")]
    gold = {"incidents": {"events": events, **more}, "twin": twin}
    return LabelledCall.model_validate({"call": {"id": identifier, "turns": turns}, "gold": gold})
