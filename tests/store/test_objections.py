"""An objection of the agent's side is recorded, ruled on by a lead, held against its digest, gone with its call."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from tests.serve.filled import call_of, judged
from tests.serve.filled import write_run as write_judged
from tests.store.conftest import Filled
from tests.store.runs import make_call
from tests.store.test_audit_log import change_log
from tests.store.test_deciding import decide

from ausweis.errors import NoCallError, StoreError
from ausweis.facts import Facts
from ausweis.store import OBJECTION_DAYS, CallFilter, Objection, Store

TODAY = date(2026, 3, 3)
At = tuple[str, int]
FOUND: At = ("no_authentication", 4)
REASON = "Die Kundin hatte sich im Telefonmenü schon mit der PIN ausgewiesen."
NOTE = "Im Protokoll des Telefonmenüs steht keine Prüfung dieser Kundin."


@pytest.fixture
def key_of(store: Store, filled: Filled) -> Callable[[int], int]:
    filled([make_call(1), make_call(2, pin=False), make_call(3, pin=False)])
    return lambda number: store.find(f"call-{number}") or 0


def raised(store: Store, key: int, **more: object) -> Objection:
    values = {"side": "Teamleitung Nord", "reason": REASON, "by": "Lea", "today": TODAY} | more
    return store.raise_objection(key, **values)  # type: ignore[arg-type]


def rule(store: Store, one: Objection, *withdrawn: At, **more: object) -> Objection:
    """Let a lead say of each finding of a call of `make_call` that it stands, but for these."""
    record = store.record(one.call.key)
    said = one.findings or tuple((violation.type, violation.turn) for violation in record.verdict.violations)
    holds = {at: at not in withdrawn for at in said}
    values = {"holds": holds, "by": "Lea", "note": NOTE, "verdict_key": record.verdict_key} | more
    return store.rule_on_objection(one.key, **values)  # type: ignore[arg-type]


def test_it_has_a_deadline_of_two_weeks_unless_another_is_named(store: Store, key_of: Callable[[int], int]) -> None:
    one = raised(store, key_of(2))
    assert (one.deadline, one.side, one.reason, one.by) == (
        TODAY + timedelta(days=OBJECTION_DAYS),
        "Teamleitung Nord",
        REASON,
        "Lea",
    )
    assert (one.is_open, one.is_overdue(one.deadline), one.is_overdue(one.deadline + timedelta(days=1))) == (
        True,
        False,
        True,
    )
    assert raised(store, key_of(3), deadline=TODAY).deadline == TODAY
    assert [found.call.call_id for found in store.objections()] == ["call-3", "call-2"]
    assert [entry.what for entry in store.chain(limit=2)] == ["objected", "objected"]
    assert store.verify_chain() == 4


def test_a_finding_that_stands_is_confirmed_where_nobody_had_decided(
    store: Store, key_of: Callable[[int], int]
) -> None:
    done = rule(store, raised(store, key_of(2)))
    assert (done.ruling, done.note, done.ruled_by, done.is_open) == ("stands", NOTE, "Lea", False)
    assert store.record(key_of(2)).row.state == "confirmed"
    assert store.objections(open_only=True) == []
    assert [found.key for found in store.objections()] == [done.key]


def test_a_finding_that_stands_leaves_what_was_decided(store: Store, key_of: Callable[[int], int]) -> None:
    late = ("late_authentication", 4)
    decide(store, key_of(2), "A", "overrule", outcome="violation", violations=[late])
    rule(store, raised(store, key_of(2), findings=[late]))
    record = store.record(key_of(2))
    assert (record.row.state, len(record.decisions)) == ("overruled", 1)


def test_only_what_it_is_about_is_ruled_on_and_the_rest_stays(store: Store, key_of: Callable[[int], int]) -> None:
    key, other = key_of(2), ("factor_leaked", 2)
    decide(store, key, "A", "overrule", outcome="violation", violations=[FOUND, other])
    one = raised(store, key, findings=[FOUND])
    assert one.findings == (FOUND,)
    for holds in ({}, {other: True}, {FOUND: True, other: True}):
        with pytest.raises(StoreError) as refused:
            rule(store, one, holds=holds)
        assert refused.value.code == "ruling_missing"
    done = rule(store, one, FOUND)
    assert (done.ruling, done.findings, done.withdrawn) == ("withdrawn", (FOUND,), (FOUND,))
    last = store.record(key).decisions[-1]
    assert (last.choice, last.outcome, last.violations, last.settles) == ("overrule", "violation", (other,), True)


def test_a_finding_that_people_added_is_objected_to_and_the_verdict_holds_again(
    store: Store, key_of: Callable[[int], int]
) -> None:
    key, other = key_of(2), ("factor_leaked", 2)
    decide(store, key, "A", "overrule", outcome="violation", violations=[FOUND, other])
    rule(store, raised(store, key, findings=[other]), other)
    assert store.record(key).row.state == "confirmed"
    # It stands no more, and nobody objects to it again.
    with pytest.raises(StoreError) as refused:
        raised(store, key, findings=[other])
    assert refused.value.code == "objection_to_nothing"


def test_what_does_not_stand_any_more_is_closed_by_a_reason(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)
    one = raised(store, key, findings=[FOUND])
    decide(store, key, "A", "overrule", outcome="compliant")
    done = rule(store, one, holds={})
    assert (done.ruling, done.withdrawn, len(store.record(key).decisions)) == ("withdrawn", (), 1)


def test_what_the_lead_says_holds_where_a_finding_is_withdrawn(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)
    for reviewer in ("A", "B"):
        decide(store, key, reviewer, "confirm")
    rule(store, raised(store, key), FOUND)
    record = store.record(key)
    assert record.row.state == "overruled"
    assert (record.decisions[-1].outcome, record.decisions[-1].settles, record.decisions[-1].note) == (
        "compliant",
        True,
        NOTE,
    )
    # The lead's ruling is no opinion of its own.
    assert (store.agreement().pairs, store.agreement().same) == (1, 1)
    assert [entry.what for entry in store.chain(limit=3)] == ["objection_ruled", "settled", "objected"]
    assert store.verify_chain() > 4


def test_without_violations_the_outcome_follows_as_from_any_decision(store: Store) -> None:
    """A leak without an action: nothing is left to judge; two of one type at a turn are one finding."""
    call = call_of("leaked", ["Guten Tag.", "Hallo.", "Sie wohnen in der Norderstraße 14."])
    leak = {"type": "factor_leaked", "turn": 3, "severity": "high", "reason": {"code": "added"}}
    more: dict[str, Any] = {"outcome": "violation", "violations": (leak, leak), "first_violation_turn": 3}
    write_judged(store, [judged(call, Facts(call_id=call.id, turns=3), **more)])
    rule(store, raised(store, 1), ("factor_leaked", 3))
    last = store.record(1).decisions[-1]
    assert (last.choice, last.outcome, last.violations) == ("overrule", "not_applicable", ())


def test_an_incident_that_is_withdrawn_leaves_the_outcome(store: Store, key_of: Callable[[int], int]) -> None:
    key, rude = key_of(2), ("rude_agent", 2)
    decide(store, key, "A", "overrule", outcome="inconclusive", incidents=[rude])
    rule(store, raised(store, key, findings=[rude]), rude)
    last = store.record(key).decisions[-1]
    assert (last.choice, last.outcome, last.incidents or ()) == ("overrule", "inconclusive", ())


def test_a_call_may_be_objected_to_once_at_a_time(store: Store, key_of: Callable[[int], int]) -> None:
    first = raised(store, key_of(2))
    with pytest.raises(StoreError) as refused:
        raised(store, key_of(2))
    assert refused.value.code == "objection_open"
    rule(store, first)
    with pytest.raises(StoreError) as refused:
        rule(store, first)
    assert refused.value.code == "objection_ruled"
    second = raised(store, key_of(2))
    assert [one.key for one in store.objections(call_key=key_of(2))] == [second.key, first.key]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"side": " "}, "side_wrong"),
        ({"side": "x" * 101}, "side_wrong"),
        ({"reason": ""}, "reason_wrong"),
        ({"reason": "x" * 2001}, "reason_wrong"),
        ({"deadline": TODAY - timedelta(days=1)}, "deadline_wrong"),
        ({"deadline": TODAY + timedelta(days=367)}, "deadline_wrong"),
    ],
)
def test_what_is_no_objection(store: Store, key_of: Callable[[int], int], more: dict[str, object], code: str) -> None:
    with pytest.raises(StoreError) as refused:
        raised(store, key_of(2), **more)
    assert refused.value.code == code
    assert store.objections() == []


def test_nothing_is_objected_to_where_nothing_was_found(store: Store, key_of: Callable[[int], int]) -> None:
    with pytest.raises(StoreError) as refused:
        raised(store, key_of(1))
    assert refused.value.code == "objection_to_nothing"
    with pytest.raises(NoCallError):
        raised(store, 999)
    for findings in ([("late_authentication", 4)], [FOUND, ("factor_leaked", 2)]):
        with pytest.raises(StoreError) as refused:
            raised(store, key_of(2), findings=findings)
        assert refused.value.code == "objection_to_nothing"


@pytest.mark.parametrize(
    ("more", "code"),
    [({"note": " "}, "ruling_note_wrong"), ({"holds": {}}, "ruling_missing"), ({"says": "else"}, "verdict_changed")],
)
def test_what_is_no_ruling(store: Store, key_of: Callable[[int], int], more: dict[str, object], code: str) -> None:
    one = raised(store, key_of(2))
    with pytest.raises(StoreError) as refused:
        rule(store, one, FOUND, **more)
    assert refused.value.code == code
    assert store.objections(open_only=True) == [one]
    assert store.record(key_of(2)).decisions == ()


@pytest.mark.parametrize("more", [{"says": "else"}, {"verdict_key": 999}])
def test_a_finding_stands_only_as_the_lead_saw_it(
    store: Store, key_of: Callable[[int], int], more: dict[str, object]
) -> None:
    decide(store, key_of(2), "A", "confirm")
    one = raised(store, key_of(2))
    with pytest.raises(StoreError) as refused:
        rule(store, one, **more)
    assert refused.value.code == "verdict_changed"
    assert store.objections(open_only=True) == [one]


def test_they_are_counted_as_calls_are(store: Store, key_of: Callable[[int], int]) -> None:
    raised(store, key_of(2))
    day = store.record(key_of(2)).row.day
    assert len(store.objections(CallFilter(first=day, last=day))) == 1
    assert store.objections(CallFilter(first=day + timedelta(days=1))) == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE objections SET note = 'nicht so' WHERE kind = 'raised'", "objection of call-2 .*was changed"),
        (
            "UPDATE objections SET deadline = '2027-01-01' WHERE kind = 'raised'",
            "objection of call-2 .*was changed",
        ),
        ("UPDATE objections SET findings = '[[\"x\", 1]]'", "objection of call-2 .*was changed"),
        (
            "UPDATE objections SET ruling = 'withdrawn' WHERE kind = 'ruled'",
            "objection of call-2 .*was changed",
        ),
        ("DELETE FROM objections WHERE kind = 'ruled'", r"the objection .row 2 of objections. is missing"),
    ],
)
def test_whatever_was_changed_shows(store: Store, key_of: Callable[[int], int], statement: str, message: str) -> None:
    rule(store, raised(store, key_of(2)))
    assert store.verify_chain() == 5
    change_log(store, statement)
    with pytest.raises(StoreError, match=message):
        store.verify_chain()


def test_it_goes_with_its_call(store: Store, key_of: Callable[[int], int]) -> None:
    rule(store, raised(store, key_of(2)))
    # The same words about another call are no trace of this one.
    other = raised(store, key_of(3))
    key = key_of(2)
    assert store.delete("call-2").calls == 1
    assert store.objections(call_key=key) == []
    assert [one.key for one in store.objections()] == [other.key]
    assert store.verify_chain() > 5
