"""What holds. The rule: a lead's word settles what others differ in, shows as such, and is no opinion of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update
from tests.store.conftest import Filled
from tests.store.runs import make_call

from ausweis.errors import StoreError
from ausweis.store import CallFilter, Choice, Decision, Store
from ausweis.store.holding import can_settle, label_of
from ausweis.store.schema import decisions

Say = Callable[..., Decision]


@pytest.fixture
def of(store: Store, filled: Filled) -> int:
    filled([make_call(1, pin=False), make_call(2, pin=False)])
    return store.find("call-1") or 0


@pytest.fixture
def say(store: Store, of: int) -> Say:
    def decide(reviewer: str, choice: Choice, **more: Any) -> Decision:
        return store.decide(of, reviewer=reviewer, choice=choice, verdict_key=store.record(of).verdict_key, **more)

    return decide


def state(store: Store, of: int) -> str:
    return store.record(of).row.state


def test_a_lead_settles_a_dispute_alone(store: Store, of: int, say: Say) -> None:
    say("Anna", "confirm")
    say("Ben", "overrule", outcome="compliant")
    assert state(store, of) == "disputed"
    settled = say("Lea", "overrule", outcome="compliant", settles=True)
    assert settled.settles
    assert state(store, of) == "overruled"
    assert label_of(store.record(of).decisions) == settled
    # Nobody else unsettles it.
    say("Cem", "confirm")
    say("Dora", "confirm")
    assert state(store, of) == "overruled"
    assert [entry.what for entry in store.chain(limit=3)] == ["decided", "decided", "settled"]
    assert store.verify_chain() > 5


def test_settling_is_no_independent_opinion(store: Store, of: int, say: Say) -> None:
    say("Anna", "confirm")
    say("Ben", "overrule", outcome="compliant")
    before = store.agreement()
    assert (before.pairs, before.same) == (1, 0)
    say("Lea", "confirm", settles=True)
    assert store.agreement() == before
    # What the lead had said before, on her own, still is one.
    say("Ben", "confirm", settles=True)
    assert store.agreement() == before


@pytest.mark.parametrize("first", ["not_sure", "confirm"])
def test_not_sure_is_no_opinion_so_it_makes_no_dispute_and_counts_in_no_agreement(
    store: Store, of: int, say: Say, first: Choice
) -> None:
    say("Anna", first)
    say("Ben", "confirm" if first == "not_sure" else "not_sure")
    assert (state(store, of), store.record(of).row.right_outcome) == ("confirmed", "violation")
    assert store.agreement().pairs == 0
    say("Cem", "confirm")
    assert (store.agreement().pairs, store.agreement().same) == (1, 1)
    say("Dora", "overrule", outcome="compliant")
    assert state(store, of) == "confirmed"


def test_the_last_lead_holds_and_one_that_takes_it_back_opens_it_again(store: Store, of: int, say: Say) -> None:
    say("Anna", "not_sure")
    settled = say("Lea", "overrule", outcome="compliant", settles=True)
    again = say("Leo", "confirm", settles=True)
    assert state(store, of) == "confirmed"
    store.withdraw(of, reviewer="Leo", decision_key=again.key)
    assert state(store, of) == "overruled"
    store.withdraw(of, reviewer="lea", decision_key=settled.key)
    assert state(store, of) == "not_sure"
    assert store.verify_chain() > 5


def test_only_what_others_differ_in_is_settled(store: Store, of: int, say: Say) -> None:
    for others in ([], [("Lea", "not_sure")], [("Anna", "confirm")]):
        for name, choice in others:
            say(name, choice)
        if others != [("Anna", "confirm")]:
            with pytest.raises(StoreError, match="nothing to settle"):
                say("Lea", "confirm", settles=True)
    # Who is not sure differs from nobody.
    assert not can_settle(store.record(of).decisions, "Lea")
    with pytest.raises(StoreError, match="nothing to settle"):
        say("Lea", "not_sure", settles=True)
    say("Lea", "confirm")
    assert not can_settle(store.record(of).decisions, "Lea")


def test_who_makes_a_decision_one_that_settles_is_found_out(store: Store, of: int, say: Say) -> None:
    say("Anna", "confirm")
    say("Ben", "overrule", outcome="compliant")
    with store._database.writing() as connection:
        connection.execute(update(decisions).where(decisions.c.reviewer == "Ben").values(settles=True))
    with pytest.raises(StoreError, match="changed"):
        store.verify_chain()


def test_calls_are_found_that_one_has_not_decided(store: Store, of: int, say: Say) -> None:
    def undecided(*names: str) -> set[int]:
        return set(store.keys(CallFilter(undecided_by=names)))

    other = store.find("call-2") or 0
    made = say("Anna", "confirm")
    assert undecided("Anna", "anna") == {other}
    assert undecided("Ben") == undecided() == {of, other}
    store.withdraw(of, reviewer="Anna", decision_key=made.key)
    assert undecided("Anna") == {of, other}
    assert store.keys(CallFilter(besides=(of,))) == [other]
