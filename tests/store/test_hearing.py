from datetime import date
from typing import Any

import pytest
from tests.store.conftest import Filled
from tests.store.runs import make_call

from ausweis.store import CallFilter, Decision, Store, blind_statement
from ausweis.store.hearing import shortest

DAY = date(2026, 3, 2)
LATE: dict[str, Any] = {"outcome": "violation", "violations": [("late_authentication", 4)]}


@pytest.fixture
def drawn(store: Store, filled: Filled) -> list[int]:
    filled([*[make_call(n) for n in range(1, 5)], make_call(9, pin=False)], looked_for=["cancel_threat"])
    return sorted(store.draw_sample(DAY, DAY, 2, seed=1))


def hear(store: Store, key: int, reviewer: str = "A", **more: Any) -> Decision:
    return store.hear(key, reviewer=reviewer, verdict_key=store.record(key).verdict_key, **more)


def test_what_says_the_same_confirms_and_what_does_not_overrules(store: Store, drawn: list[int]) -> None:
    first, second = drawn
    same = hear(store, first, outcome="compliant", asked=["cancel_threat"])
    other = hear(store, second, note="PIN kam danach", **LATE)
    assert (same.choice, same.outcome, same.blind, same.counts) == ("confirm", "compliant", True, True)
    assert (other.choice, other.violations, other.blind) == ("overrule", (("late_authentication", 4),), True)
    assert [store.record(key).row.state for key in drawn] == ["confirmed", "overruled"]
    assert hear(store, first, "B", outcome=None).choice == "not_sure"
    assert store.verify_chain() > 0


def test_an_incident_that_was_heard_overrules(store: Store, drawn: list[int]) -> None:
    made = hear(store, drawn[0], outcome="compliant", incidents=[("cancel_threat", 3)], asked=["cancel_threat"])
    assert (made.choice, made.incidents) == ("overrule", (("cancel_threat", 3),))


def test_a_verdict_is_hidden_until_its_reader_has_decided(store: Store, drawn: list[int]) -> None:
    every = store.keys(CallFilter())
    assert store.hidden("A", every) == set(drawn)
    assert sorted(store.keys(CallFilter(unheard_by=("A",)))) == drawn
    assert set(store.keys(CallFilter(seen_by=("A",)))) == set(every) - set(drawn)
    hear(store, drawn[0], outcome="compliant")
    assert store.hidden("A", every) == {drawn[1]}
    # Somebody has heard it: it waits for nobody, but another reviewer is still not shown what the verdict says.
    assert store.keys(CallFilter(unheard_by=("B",))) == [drawn[1]]
    assert store.hidden("B", every) == set(drawn)


def test_what_was_not_told_blind_still_waits_for_the_others(store: Store, drawn: list[int]) -> None:
    key, other = drawn
    store.decide(key, reviewer="A", choice="confirm", verdict_key=store.record(key).verdict_key)
    hear(store, other, outcome=None)
    assert sorted(store.keys(CallFilter(unheard_by=("B",)))) == drawn
    assert store.keys(CallFilter(unheard_by=("A",))) == []
    assert not hear(store, key, outcome="compliant").blind


def test_the_first_statement_stays_the_blind_one(store: Store, drawn: list[int]) -> None:
    key = drawn[0]
    hear(store, key, **LATE)
    store.decide(key, reviewer="A", choice="confirm", verdict_key=store.record(key).verdict_key)
    record = store.record(key)
    said = blind_statement(record, "A")
    assert said is not None
    assert (said.choice, said.counts, record.row.state) == ("overrule", False, "confirmed")
    assert blind_statement(record, "B") is None


def test_how_long_a_call_takes() -> None:
    call = make_call(1)
    words = sum(len(turn.text.split()) for turn in call.turns)
    assert shortest(call, None) == pytest.approx(words * 60 / 238)
    assert shortest(call, 2.0) == 2.0
    assert shortest(None, None) is None


@pytest.mark.parametrize(("seconds", "hasty"), [(None, None), (0.1, True), (60.0, False)])
def test_a_statement_in_no_time_is_marked(
    store: Store, drawn: list[int], seconds: float | None, hasty: bool | None
) -> None:
    assert hear(store, drawn[0], outcome="compliant", seconds=seconds).hasty is hasty


def test_a_statement_that_was_taken_back_leaves_the_call_to_others(store: Store, drawn: list[int]) -> None:
    made = hear(store, drawn[0], outcome="compliant")
    store.withdraw(drawn[0], reviewer="A", decision_key=made.key)
    assert blind_statement(store.record(drawn[0]), "A") is None
    assert (store.field_recall().sampled, store.field_recall().waiting) == (0, 2)
    # A has seen the verdict, and is not shown the call as if it had been hidden.
    assert store.keys(CallFilter(unheard_by=("A",))) == [drawn[1]]
    assert sorted(store.keys(CallFilter(unheard_by=("B",)))) == drawn
    assert not hear(store, drawn[0], outcome="compliant").blind
