from dataclasses import replace
from pathlib import Path

import pytest
from tests.judging.own_policies import marina
from tests.store.conftest import Filled
from tests.store.runs import incident_of, make_call, write_run

from ausweis.calls import Call
from ausweis.errors import StoreError
from ausweis.evals.validate import validate
from ausweis.facts import Event, Facts, OneSided
from ausweis.labelled import read_labelled
from ausweis.store import CallFilter, Choice, Store
from ausweis.store.exporting import case_of, incident_label_of
from ausweis.vocabulary import INCIDENTS


def mask(call: Call, facts: Facts) -> list[str]:
    return [f"‹{turn.speaker} of {len(call.turns)}{call.id[-1]}›" for turn in call.turns]


@pytest.fixture
def decided(store: Store, filled: Filled) -> Store:
    filled([make_call(number, pin=number != 2, metadata={"x": "Krummbiegel"}) for number in range(1, 6)])

    def decide(number: int, choice: Choice, reviewer: str = "A", **more: object) -> None:
        record = store.record(store.find(f"call-{number}") or 0)
        values = {"reviewer": reviewer, "choice": choice, "note": "Frau Krummbiegel", "verdict_key": record.verdict_key}
        store.decide(record.row.key, **values | more)  # type: ignore[arg-type]

    decide(1, "confirm")
    decide(2, "confirm")
    decide(3, "overrule", outcome="violation", violations=[("late_authentication", 4)])
    decide(4, "confirm")
    decide(4, "overrule", reviewer="B", outcome="not_applicable")
    return store


def test_decided_calls_are_golden_cases(decided: Store, tmp_path: Path) -> None:
    cases = list(decided.export_cases(mask=mask))
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(case.line() + "\n" for case in cases), "utf-8")
    assert list(read_labelled(path)) == cases
    for word in ("Krummbiegel", "Lindenallee", "call-", "Anna", "Nord", "billing", "2026-"):
        assert word not in path.read_text("utf-8")
    labels = {(case.gold.outcome, case.gold.first_violation_turn, len(case.gold.events)) for case in cases}
    assert labels == {("compliant", None, 3), ("violation", 4, 2), ("violation", 4, 0)}
    confirmed = [case for case in cases if case.gold.events]
    assert {case.gold.caller for case in confirmed} == {"account_holder"}
    (overruled,) = (case.gold for case in cases if not case.gold.events)
    # Nobody said anything about either.
    assert (overruled.caller, overruled.authorisation) == ("unclear", "unclear")
    assert {problem.message for problem in validate(confirmed)} == {"no scenario is tagged"}
    assert {case.gold.policy for case in cases} == {"telecom-de"}
    assert decided.chain(limit=1)[0].what == "exported"
    assert [case.gold.outcome for case in decided.export_cases(CallFilter(outcomes=("violation",)), mask=mask)] == [
        "violation"
    ]


def test_a_mask_that_loses_a_turn(decided: Store) -> None:
    with pytest.raises(StoreError, match="another number of turns"):
        list(decided.export_cases(mask=lambda call, facts: []))


def test_a_call_that_is_deleted_meanwhile_is_left_out(decided: Store) -> None:
    cases = decided.export_cases(mask=mask)
    next(cases)
    last = decided.record(decided.keys(CallFilter(states=("confirmed", "overruled")))[-1]).row
    decided.delete(last.call_id)
    assert len(list(cases)) == 1
    assert decided.chain(limit=1)[0].what == "exported"


def test_decided_incidents_are_labelled_too(store: Store, tmp_path: Path) -> None:
    some = [make_call(number) for number in range(1, 6)]
    found = [incident_of(3, "lawyer_threat"), incident_of(3, "own_kind")]
    write_run(store, some, incidents={f"call-{number}": found for number in (1, 2, 4)})

    def decide(number: int, choice: Choice, **more: object) -> None:
        record = store.record(store.find(f"call-{number}") or 0)
        store.decide(record.row.key, reviewer="A", choice=choice, verdict_key=record.verdict_key, **more)  # type: ignore[arg-type]

    decide(1, "confirm")
    decide(2, "overrule", outcome="compliant", incidents=())
    decide(3, "confirm")
    decide(4, "overrule", outcome="compliant", incidents=(("lawyer_threat", 4),))
    decide(5, "overrule", outcome="compliant", incidents=(("rude_agent", 4),))
    cases = list(store.export_cases(mask=mask))
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(case.line() + "\n" for case in cases), "utf-8")
    assert list(read_labelled(path)) == cases
    labels = [case.gold.incidents for case in cases]
    # Nothing is told of call-3; in call-4 the caller's threat is said to be the agent's.
    assert labels.count(None) == 2
    told = {tuple((event.id, event.turn) for event in label.events) for label in labels if label}
    assert told == {(("lawyer_threat", 3),), (), (("rude_agent", 4),)}
    for word in ("Krummbiegel", "Lindenallee", "call-", "Anna", "Nord", "billing", "2026-"):
        assert word not in path.read_text("utf-8")
    assert store.chain(limit=1)[0].what == "exported"


def test_descriptions_that_were_decided_are_cases_too(store: Store) -> None:
    own = incident_of(3, "own_kind") | {"description": "Der Anrufer nennt die Konkurrenz."}
    asked: list[str | OneSided] = [
        OneSided(description="Der Anrufer nennt die Konkurrenz.", speaker="caller"),
        "Jemand spricht vom Wetter.",
    ]
    write_run(store, [make_call(1), make_call(2)], looked_for=asked, incidents={"call-1": [own], "call-2": [own]})
    kept: dict[str, object] = {"outcome": "compliant", "incidents": ()}
    for number, more in ((1, {"choice": "confirm"}), (2, {"choice": "overrule"} | kept)):
        record = store.record(number)
        store.decide(number, reviewer="A", verdict_key=record.verdict_key, **more)
    labels = [case.gold.incidents for case in store.export_cases(mask=mask) if case.gold.incidents]
    labels.sort(key=lambda label: len(label.events))
    for label, turns in zip(labels, ({}, {"own_kind": {3}}), strict=True):
        assert label.turns == turns
        assert [(own.id, own.description, own.speaker) for own in label.own] == [
            ("own_kind", "Der Anrufer nennt die Konkurrenz.", "caller"),
            ("own-de57ac83", "Jemand spricht vom Wetter.", None),
        ]
        assert label.known == ()


@pytest.mark.parametrize(("shown", "wanted"), [(4, 4), (2, None), (9, None)])
def test_a_wrong_price_says_where_it_came_to_light(store: Store, shown: int, wanted: int | None) -> None:
    evidence = [{"turn": 2, "quote": "x"}, {"turn": shown, "quote": "y"}]
    found = [incident_of(2, "wrong_terms") | {"evidence": evidence}, incident_of(3, "own_kind")]
    write_run(store, [make_call(1)], looked_for=tuple(INCIDENTS), incidents={"call-1": found})
    record = store.record(1)
    store.decide(1, reviewer="A", choice="confirm", verdict_key=record.verdict_key)
    kept = {"outcome": "compliant", "incidents": (("wrong_terms", 2),)}
    (confirmed,) = store.export_cases(mask=mask)
    store.decide(1, reviewer="A", choice="overrule", verdict_key=record.verdict_key, **kept)  # type: ignore[arg-type]
    (overruled,) = store.export_cases(mask=mask)
    for label in (confirmed.gold.incidents, overruled.gold.incidents):
        assert label is not None
        assert [(event.id, event.turn, event.shown) for event in label.events] == [("wrong_terms", 2, wanted)]


@pytest.mark.parametrize(
    ("looked_for", "found", "known"),
    [
        (tuple(INCIDENTS), (), None),
        (("press_threat", "rude_agent", "Eine eigene."), (), ("lawyer_threat", "press_threat", "rude_agent")),
        (("press_threat", "rude_agent"), ("rude_agent", "lawyer_threat"), ("lawyer_threat", "press_threat")),
        ((), (), ("lawyer_threat",)),
    ],
)
def test_kinds_that_nobody_asked_for_are_not_known(
    store: Store, looked_for: tuple[str, ...], found: tuple[str, ...], known: object
) -> None:
    write_run(store, [make_call(1)], incidents={"call-1": [incident_of(3, "lawyer_threat")]})
    store.decide(1, reviewer="A", choice="confirm", verdict_key=store.record(1).verdict_key)
    record = store.record(1)
    mentions = [{"kind": kind, "turn": 3, "quote": "x", "probability": 0.9} for kind in found]
    read = {"call_id": "call-1", "turns": 4, "looked_for": looked_for, "incidents": mentions}
    label = incident_label_of(replace(record, facts=Facts.model_validate(read)))
    assert label is not None
    assert label.known == known


def test_events_about_what_the_policy_of_the_verdict_does_not_know_are_left_out(store: Store) -> None:
    write_run(store, [make_call(1)])
    store.decide(1, reviewer="A", choice="confirm", verdict_key=store.record(1).verdict_key)
    record = store.record(1)
    told = Event(kind="gives", subject="berth_number", turn=3, quote="Die B 17.")
    facts = record.facts.model_copy(update={"events": (*record.facts.events, told), "asked_words": marina().own_words})
    known = ["name", "pin", "contract_data"]
    for own, subjects in (((), known), (marina().own_words, [*known, "berth_number"])):
        verdict = record.verdict.model_copy(update={"own_words": own})
        case = case_of(replace(record, facts=facts, verdict=verdict), store._key, mask)
        assert case is not None
        assert [event.subject for event in case.gold.events] == subjects
