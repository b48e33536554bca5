"""What holds. The rule: a lead's word settles what others differ in, shows as such, and is no opinion of its own."""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update
from tests.store.conftest import Filled
from tests.store.runs import incident_of, make_call
from tests.store.test_deciding import decide

from ausweis.errors import StoreError
from ausweis.store import CallFilter, Choice, Decision, Store
from ausweis.store.decisions import can_settle, label_of, taken_back
from ausweis.store.schema import calls, decisions

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
    assert store.verify_chain() > 4


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
    assert store.verify_chain() > 4


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


@pytest.fixture
def key_of(store: Store, filled: Filled) -> Callable[[int], int]:
    filled([make_call(1), make_call(2, pin=False), make_call(3, tells=False)])
    return lambda number: store.find(f"call-{number}") or 0


def undo(store: Store, key: int, reviewer: str = "A") -> None:
    (own,) = (one for one in store.record(key).decisions if one.counts and one.reviewer == reviewer)
    store.withdraw(key, reviewer=reviewer, decision_key=own.key)


def test_it_stays_in_the_record_and_counts_no_more(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)
    made = decide(store, key, "A", "overrule", outcome="compliant", note="so nicht")
    taken = store.withdraw(key, reviewer="A", decision_key=made.key)
    assert (taken.key, taken.note, taken.outcome, taken.counts, taken.withdrawn) == (
        made.key,
        "so nicht",
        "compliant",
        False,
        True,
    )
    record = store.record(key)
    assert record.row.state == "open"
    assert [(one.choice, one.note, one.counts, one.withdrawn) for one in record.decisions] == [
        ("overrule", "so nicht", False, True),
        ("withdrawn", "", False, True),
    ]
    assert record.decisions[1].takes_back == made.key
    assert label_of(record.decisions) is None
    assert store.decided_by("A", [key]) == set()
    assert [(one.what, one.who) for one in store.chain(limit=2)] == [("withdrawn", "A"), ("decided", "A")]
    assert store.verify_chain() == 4


def test_the_word_before_it_counts_again(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)
    decide(store, key, "A", "confirm")
    decide(store, key, "A", "not_sure")
    undo(store, key)
    record = store.record(key)
    assert record.row.state == "confirmed"
    assert [one.counts for one in record.decisions] == [True, False, False]
    assert store.decided_by("A", [key]) == {key}
    undo(store, key)
    assert store.record(key).row.state == "open"
    decide(store, key, "A", "not_sure")
    assert store.record(key).row.state == "not_sure"
    assert [one.counts for one in store.record(key).decisions] == [False, False, False, False, True]
    assert store.verify_chain() == 7


def test_words_of_others_stay(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)
    decide(store, key, "A", "overrule", outcome="compliant")
    decide(store, key, "B", "confirm")
    assert store.record(key).row.state == "disputed"
    undo(store, key, "A")
    assert store.record(key).row.state == "confirmed"
    assert (store.decided_by("A", [key]), store.decided_by("B", [key])) == (set(), {key})


def test_agreement_without_it(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)
    decide(store, key, "A", "confirm")
    decide(store, key, "B", "overrule", outcome="compliant")
    assert (store.agreement().pairs, store.agreement().same) == (1, 0)
    undo(store, key, "B")
    assert store.agreement().pairs == 0
    assert math.isnan(store.agreement().kappa)
    decide(store, key, "B", "confirm")
    decide(store, key, "B", "not_sure")
    undo(store, key, "B")
    assert (store.agreement().pairs, store.agreement().same) == (1, 1)


def test_exported_cases_without_it(store: Store, filled: Filled) -> None:
    filled([make_call(1), make_call(2, pin=False)])
    for key in (1, 2):
        decide(store, key, "A", "confirm")
    mask = lambda call, facts: [turn.text for turn in call.turns]  # noqa: E731
    assert len(list(store.export_cases(mask=mask))) == 2
    undo(store, 2)
    assert len(list(store.export_cases(mask=mask))) == 1


def test_only_ones_own_last_word_is_taken_back(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)
    first = decide(store, key, "A", "confirm")
    second = decide(store, key, "A", "not_sure")
    for reviewer, call, decision in (("B", key, second.key), ("A", key, first.key), ("A", key_of(1), second.key)):
        with pytest.raises(StoreError, match="only your own last decision"):
            store.withdraw(call, reviewer=reviewer, decision_key=decision)
    store.withdraw(key, reviewer="A", decision_key=second.key)
    # Sent twice, it is not another one that goes.
    with pytest.raises(StoreError, match="only your own last decision"):
        store.withdraw(key, reviewer="A", decision_key=second.key)
    assert store.record(key).row.state == "confirmed"
    with pytest.raises(StoreError, match="no such call"):
        store.withdraw(99, reviewer="A", decision_key=1)
    assert store.verify_chain() == 5


def test_nobody_decides_that_it_is_taken_back(store: Store, key_of: Callable[[int], int]) -> None:
    with pytest.raises(StoreError, match="a decision is one of confirm, overrule, not_sure"):
        decide(store, key_of(2), "A", "withdrawn")  # type: ignore[arg-type]


def test_about_an_earlier_verdict_there_is_nothing_to_take_back(
    store: Store, filled: Filled, key_of: Callable[[int], int]
) -> None:
    key = key_of(2)
    made = decide(store, key, "A", "confirm")
    incident = incident_of(2, "rude_agent")
    filled([make_call(2, pin=False)], incidents={"call-2": [incident]})
    with pytest.raises(StoreError, match="only your own last decision"):
        store.withdraw(key, reviewer="A", decision_key=made.key)
    # What the verdict says once more was decided, and can be.
    filled([make_call(2, pin=False)])
    store.withdraw(key, reviewer="A", decision_key=made.key)
    assert store.record(key).row.state == "open"


@pytest.mark.parametrize(
    "change",
    [
        decisions.delete().where(decisions.c.choice == "withdrawn"),
        update(decisions).where(decisions.c.choice == "withdrawn").values(choice="confirm"),
        update(decisions).where(decisions.c.choice == "withdrawn").values(reviewer="B"),
    ],
)
def test_its_digest_vouches_for_it(store: Store, key_of: Callable[[int], int], change: object) -> None:
    decide(store, key_of(2), "A", "confirm")
    undo(store, key_of(2))
    with store._database.writing() as connection:
        connection.execute(change)  # type: ignore[call-overload]
    with pytest.raises(StoreError, match=r"the decision .*behind"):
        store.verify_chain()


def test_a_state_that_does_not_follow_is_found(store: Store, key_of: Callable[[int], int]) -> None:
    decide(store, key_of(2), "A", "confirm")
    undo(store, key_of(2))
    with store._database.writing() as connection:
        connection.execute(update(calls).where(calls.c.key == key_of(2)).values(state="confirmed"))
    with pytest.raises(StoreError, match="the state of call"):
        store.verify_chain()


def test_calls_go_with_what_was_taken_back(store: Store, key_of: Callable[[int], int]) -> None:
    decide(store, key_of(2), "A", "confirm", note="Ilse Krummbiegel rief zweimal an")
    undo(store, key_of(2))
    store.delete("call-2")
    assert store.count(CallFilter(states=("open",))) == 2
    assert store.verify_chain() > 4


def test_an_entry_that_takes_nothing_back_does_no_harm() -> None:
    rows = [
        SimpleNamespace(call_key=1, says="x", reviewer="A", choice=choice, key=key)
        for key, choice in enumerate(["withdrawn", "confirm", "not_sure", "withdrawn", "withdrawn", "confirm"])
    ]
    assert taken_back(rows) == {0: None, 3: 2, 4: 1}
