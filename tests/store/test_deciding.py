import math
import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from tests.store.conftest import Filled
from tests.store.runs import incident_of, make_call, write_run

from ausweis.errors import StoreError
from ausweis.judging.verdict import Verdict
from ausweis.store import CallFilter, Choice, Decision, Store, audit_log, blind_statement
from ausweis.store.deciding import Violations, outcome_of, shortest
from ausweis.store.decisions import label_of
from ausweis.store.key import canonical
from ausweis.store.schema import calls, decisions

LATE: Violations = (("late_authentication", 4),)


@pytest.fixture
def key_of(store: Store, filled: Filled) -> Callable[[int], int]:
    filled([make_call(1), make_call(2, pin=False), make_call(3, tells=False)])
    return lambda number: store.find(f"call-{number}") or 0


def decide(store: Store, key: int, reviewer: str, choice: Choice, **more: Any) -> Decision:
    return store.decide(key, reviewer=reviewer, choice=choice, **{"verdict_key": store.record(key).verdict_key} | more)


def test_a_confirmed_verdict_gives_its_own_label(store: Store, key_of: Callable[[int], int]) -> None:
    made = decide(store, key_of(2), " Mia ", "confirm", note=" gehört ")
    record = store.record(key_of(2))
    assert record.decisions == (made,)
    assert (made.reviewer, made.outcome, made.violations, made.note) == (
        "Mia",
        "violation",
        (("no_authentication", 4),),
        "gehört",
    )
    assert record.row.state == "confirmed"
    assert store.count(CallFilter(states=("confirmed",))) == 1


def test_states_by_what_reviewers_say(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)

    def state() -> str:
        return store.record(key).row.state

    decide(store, key, "A", "not_sure")
    assert state() == "not_sure"
    decide(store, key, "A", "confirm")
    assert state() == "confirmed"
    decide(store, key, "B", "overrule", outcome="compliant")
    assert state() == "disputed"
    decide(store, key, "C", "overrule", outcome="violation", violations=LATE)
    assert state() == "disputed"
    decide(store, key, "C", "overrule", outcome="compliant")
    assert state() == "overruled"
    decide(store, key, "B", "confirm")
    assert state() == "confirmed"
    found = store.record(key).decisions
    assert [(one.reviewer, one.counts) for one in found] == [
        ("A", False),
        ("A", True),
        ("B", False),
        ("C", False),
        ("C", True),
        ("B", True),
    ]


def test_a_verdict_that_changed_is_open_again_and_one_that_says_the_same_is_not(
    store: Store, filled: Filled, key_of: Callable[[int], int]
) -> None:
    key, same = key_of(2), [make_call(2, pin=False)]
    old = store.record(key).verdict_key
    decide(store, key, "A", "confirm")
    filled(same)
    assert store.record(key).row.state == "confirmed"
    assert store.record(key).decisions[0].counts
    made = store.decide(key, reviewer="B", choice="confirm", verdict_key=old)
    assert made.verdict_key == store.record(key).verdict_key != old
    filled(same, incidents={"call-2": [incident_of(2, "rude_agent")]})
    record = store.record(key)
    assert (record.row.state, record.row.incidents) == ("open", ("rude_agent",))
    assert [one.counts for one in record.decisions] == [False, False]
    with pytest.raises(StoreError, match="the verdict has changed since you saw it"):
        store.decide(key, reviewer="B", choice="confirm", verdict_key=old)
    filled(same)
    assert store.record(key).row.state == "confirmed"


@pytest.mark.parametrize("knows", [True, False])
def test_a_text_that_changed_since_is_not_decided_about(
    store: Store, filled: Filled, key_of: Callable[[int], int], knows: bool
) -> None:
    key, other = key_of(2), make_call(2, pin=False, words="doch ganz anders, ")
    seen = store.record(key)
    says = seen.says if knows else None
    run = filled([])
    run.add_text(other)
    with pytest.raises(StoreError, match="no such call"):
        store.decide(key, reviewer="A", choice="confirm", verdict_key=seen.verdict_key, says=says)
    filled([other])
    assert store.record(key).row.outcome == seen.row.outcome
    with pytest.raises(StoreError, match="changed since you saw it, or the text"):
        store.decide(key, reviewer="A", choice="confirm", verdict_key=seen.verdict_key, says=says)
    assert decide(store, key, "A", "confirm", says=store.record(key).says).counts


@pytest.mark.parametrize(
    ("choice", "more", "message"),
    [
        ("overrule", {}, "the right outcome is wanted"),
        ("overrule", {"outcome": "guilty"}, "the right outcome is wanted"),
        ("overrule", {"outcome": "violation"}, "needs its violations"),
        ("overrule", {"outcome": "compliant", "violations": LATE}, "needs its violations"),
        ("overrule", {"outcome": "violation", "violations": (("late", 4),)}, "a violation is one of"),
        ("overrule", {"outcome": "violation", "violations": (("late_authentication", 5),)}, "at a turn from 1 to 4"),
        ("overrule", {"outcome": "violation", "violations": (("late_authentication", 0),)}, "at a turn from 1 to 4"),
        ("overrule", {"outcome": "violation", "violations": (("no_authentication", 4),)}, "what the verdict says"),
        ("overrule", {"outcome": "compliant", "incidents": (("shouting", 4),)}, "an incident is one of"),
        ("overrule", {"outcome": "compliant", "incidents": (("rude_agent", 5),)}, "at a turn from 1 to 4"),
        ("not_sure", {"outcome": "compliant"}, "who is not sure gives no label"),
        ("not_sure", {"incidents": (("rude_agent", 4),)}, "who is not sure gives no label"),
        ("maybe", {"outcome": "compliant"}, "a decision is one of"),
        ("confirm", {"note": "x" * 10_001}, "the note is too long"),
        ("confirm", {"note": "\0"}, "the note is too long or no text"),
        ("confirm", {"reviewer": " "}, "needs the reviewer's name"),
        ("confirm", {"reviewer": "a\nb"}, "needs the reviewer's name"),
        ("confirm", {"verdict_key": 10**6}, "the verdict has changed"),
    ],
)
def test_what_is_no_decision(
    store: Store, key_of: Callable[[int], int], choice: Any, more: dict[str, Any], message: str
) -> None:
    key = key_of(2)
    with pytest.raises(StoreError, match=message):
        store.decide(key, **{"reviewer": "A", "choice": choice, "verdict_key": store.record(key).verdict_key} | more)
    assert store.record(key).decisions == ()
    assert [entry.what for entry in store.chain()] == ["scored"] * 2


def test_no_such_call(store: Store) -> None:
    with pytest.raises(StoreError, match="no such call"):
        store.decide(7, reviewer="A", choice="confirm", verdict_key=1)
    with pytest.raises(StoreError, match="no such call"):
        store.record(7)
    with pytest.raises(StoreError, match="no such call"):
        store.log("unmasked", who="A", key=7)


def test_reviewers_at_once_lose_nothing(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)
    verdict_key = store.record(key).verdict_key
    faults: list[Exception] = []

    def work(reviewer: str) -> None:
        try:
            for number in range(8):
                store.decide(key, reviewer=reviewer, choice="confirm", note=str(number), verdict_key=verdict_key)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(f"R{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults
    decisions = store.record(key).decisions
    assert len(decisions) == 32
    assert {one.reviewer: one.note for one in decisions if one.counts} == {f"R{n}": "7" for n in range(4)}
    assert store.verify_chain() == 34


def test_agreement(store: Store, key_of: Callable[[int], int]) -> None:
    none = store.agreement()
    assert (none.pairs, none.same) == (0, 0)
    assert math.isnan(none.kappa)
    decide(store, key_of(1), "A", "confirm")
    decide(store, key_of(1), "B", "confirm")
    assert store.agreement().kappa == 1.0
    decide(store, key_of(2), "A", "confirm")
    decide(store, key_of(2), "B", "not_sure")
    decide(store, key_of(2), "B", "overrule", outcome="compliant")
    decide(store, key_of(3), "A", "confirm")
    found = store.agreement()
    # Outcomes of the pairs: compliant 3, violation 1; by chance they agree in (3/4)² + (1/4)² = 0.625.
    assert (found.pairs, found.same) == (2, 1)
    assert found.kappa == pytest.approx((0.5 - 0.625) / 0.375)


@pytest.fixture
def threatened(store: Store) -> int:
    """The key of a compliant call with a threat and an incident of the policy's own."""
    found = [incident_of(3, "lawyer_threat"), incident_of(3, "own_kind")]
    write_run(store, [make_call(7)], incidents={"call-7": found})
    return store.find("call-7") or 0


def test_incidents_are_decided(store: Store, threatened: int) -> None:
    own = (("lawyer_threat", 3), ("own_kind", 3))
    assert decide(store, threatened, "A", "confirm").incidents == own
    assert decide(store, threatened, "B", "not_sure").incidents == ()
    right = (("own_kind", 3), ("rude_agent", 2))
    made = decide(store, threatened, "A", "overrule", outcome="compliant", incidents=right)
    assert made.incidents == right
    assert store.record(threatened).decisions[-1] == made
    assert store.verify_chain() == 5
    # Who does not speak of incidents lets them stand.
    assert decide(store, threatened, "A", "overrule", outcome="inconclusive").incidents == own


def test_where_nobody_looked_for_incidents_none_are_denied(store: Store, key_of: Callable[[int], int]) -> None:
    assert decide(store, key_of(1), "A", "confirm").incidents is None
    assert decide(store, key_of(1), "A", "overrule", outcome="inconclusive", incidents=()).incidents is None
    named = (("rude_agent", 2),)
    assert decide(store, key_of(1), "A", "overrule", outcome="compliant", incidents=named).incidents == named
    assert store.verify_chain() == 5


def test_where_somebody_looked_for_incidents_there_are_none(store: Store, filled: Filled) -> None:
    filled([make_call(1)], looked_for=["rude_agent"])
    assert decide(store, 1, "A", "confirm").incidents == ()
    assert decide(store, 1, "A", "overrule", outcome="inconclusive").incidents == ()


def test_an_overruled_verdict_says_something_else(store: Store, threatened: int) -> None:
    for more in ({}, {"incidents": (("own_kind", 3), ("lawyer_threat", 3))}):
        with pytest.raises(StoreError, match="this is what the verdict says; confirm it"):
            decide(store, threatened, "A", "overrule", outcome="compliant", **more)


def test_votes_agree_by_kinds_of_incidents(store: Store, threatened: int) -> None:
    decide(store, threatened, "A", "overrule", outcome="compliant", incidents=())
    decide(store, threatened, "B", "overrule", outcome="compliant", incidents=(("rude_agent", 2),))
    assert store.record(threatened).row.state == "disputed"
    decide(store, threatened, "C", "overrule", outcome="compliant", incidents=(("rude_agent", 4),))
    assert store.record(threatened).row.state == "overruled"


def decided_without(store: Store, key: int, choice: Choice, outcome: str | None) -> None:
    """Add a decision that tells nothing of incidents, as where none were looked for."""
    with store._database.writing() as connection:
        says = connection.execute(select(calls.c.says).where(calls.c.key == key)).scalar_one()
        row = {"call_key": key, "verdict_key": 1, "says": says, "reviewer": "A", "choice": choice}
        row |= {"outcome": outcome, "violations": "[]", "note": "", "at": "2026-03-03T00:00:00Z"}
        connection.execute(insert(decisions), row)
        audit_log.digest_rows(connection, store._key, "decision", [1])
        audit_log.append(connection, store._key, "decided", "A", call_id="call-7", content=canonical(row))


@pytest.mark.parametrize(
    ("choice", "outcome", "label", "state"),
    [
        ("not_sure", None, {}, "not_sure"),
        ("overrule", "inconclusive", {"outcome": "inconclusive", "incidents": (("rude_agent", 2),)}, "overruled"),
        ("overrule", "inconclusive", {"outcome": "not_applicable", "incidents": ()}, "disputed"),
    ],
)
def test_who_was_not_asked_about_incidents_agrees_with_whoever_was(
    store: Store, threatened: int, choice: Choice, outcome: str | None, label: dict[str, Any], state: str
) -> None:
    decided_without(store, threatened, choice, outcome)
    made = decide(store, threatened, "B", choice, **label)
    record = store.record(threatened)
    assert record.row.state == state
    assert label_of(record.decisions) == (made if state == "overruled" else None)


def test_decisions_that_tell_nothing_of_incidents_stand(store: Store, threatened: int) -> None:
    decided_without(store, threatened, "confirm", "compliant")
    (old,) = store.record(threatened).decisions
    assert (old.incidents, old.counts) == (None, True)
    decide(store, threatened, "B", "confirm")
    assert store.record(threatened).row.state == "confirmed"
    assert store.verify_chain() == 4


def test_a_note_is_for_coaching_only_where_that_is_said(store: Store, key_of: Callable[[int], int]) -> None:
    assert not decide(store, key_of(1), "Mia", "confirm", note="n").coaching
    assert decide(store, key_of(1), "Mia", "confirm", note="n", coaching=True).coaching
    assert not decide(store, key_of(1), "Mia", "confirm", note=" ", coaching=True).coaching
    store.verify_chain()


@pytest.mark.parametrize("before", [False, True])
def test_whom_a_note_is_for_cannot_be_changed_behind_the_back(
    store: Store, key_of: Callable[[int], int], before: bool
) -> None:
    decide(store, key_of(1), "Mia", "confirm", note="n", coaching=before)
    with store._database.writing() as connection:
        connection.execute(update(decisions).values(coaching=not before))
    with pytest.raises(StoreError, match="was changed behind"):
        store.verify_chain()


DAY = date(2026, 3, 2)


@pytest.fixture
def drawn(store: Store, filled: Filled) -> list[int]:
    filled([*[make_call(n) for n in range(1, 5)], make_call(9, pin=False)], looked_for=["cancel_threat"])
    return sorted(store.draw_sample(DAY, DAY, 2, seed=1))


def hear(store: Store, key: int, reviewer: str = "A", **more: Any) -> Decision:
    return store.hear(key, reviewer=reviewer, verdict_key=store.record(key).verdict_key, **more)


def test_what_says_the_same_confirms_and_what_does_not_overrules(store: Store, drawn: list[int]) -> None:
    first, second = drawn
    same = hear(store, first, asked=["cancel_threat"])
    other = hear(store, second, note="PIN kam danach", violations=LATE)
    assert (same.choice, same.outcome, same.blind, same.counts) == ("confirm", "compliant", True, True)
    assert (other.choice, other.violations, other.blind) == ("overrule", (("late_authentication", 4),), True)
    assert [store.record(key).row.state for key in drawn] == ["confirmed", "overruled"]
    assert hear(store, first, "B", is_sure=False).choice == "not_sure"
    assert store.verify_chain() > 0


def test_an_incident_that_was_heard_overrules(store: Store, drawn: list[int]) -> None:
    made = hear(store, drawn[0], incidents=[("cancel_threat", 3)], asked=["cancel_threat"])
    assert (made.choice, made.incidents) == ("overrule", (("cancel_threat", 3),))


@pytest.mark.parametrize(
    ("number", "said", "outcome"),
    [
        (1, {}, "compliant"),
        (3, {}, "not_applicable"),
        (2, {}, "compliant"),
        (2, {"actions": ()}, "not_applicable"),
        (1, {"outcome": "inconclusive"}, "compliant"),
        (3, {"outcome": "inconclusive"}, "not_applicable"),
    ],
)
def test_the_outcome_follows_from_what_was_found(
    store: Store, key_of: Callable[[int], int], number: int, said: dict[str, Any], outcome: str
) -> None:
    verdict: Verdict = store.record(key_of(number)).verdict.model_copy(update=said)
    assert (outcome_of(verdict, ()), outcome_of(verdict, LATE)) == (outcome, "violation")


def test_why_a_finding_is_rejected_is_kept_and_counted(store: Store, key_of: Callable[[int], int]) -> None:
    made = hear(store, key_of(2), reasons=[("no_authentication", 4, "rule")])
    assert (made.choice, made.outcome, made.reasons) == ("overrule", "compliant", (("no_authentication", 4, "rule"),))
    assert store.reasons(DAY, DAY) == {"rule": 1}
    # What does not hold any more counts no more.
    assert hear(store, key_of(2), is_sure=False, settles=True).settles is False
    assert store.reasons(DAY, DAY) == {}
    with store._database.writing() as connection:
        connection.execute(update(decisions).values(reasons=None))
    with pytest.raises(StoreError, match="was changed behind"):
        store.verify_chain()


@pytest.mark.parametrize(
    ("choice", "outcome", "reason"),
    [
        ("overrule", "compliant", ("no_authentication", 4, "because")),
        ("overrule", "compliant", ("no_authentication", 3, "rule")),
        ("overrule", "compliant", ("rude_agent", 4, "rule")),
        ("confirm", None, ("no_authentication", 4, "rule")),
    ],
)
def test_only_what_is_rejected_has_a_reason_and_one_of_five(
    store: Store, key_of: Callable[[int], int], choice: Choice, outcome: str | None, reason: Any
) -> None:
    with pytest.raises(StoreError) as refused:
        decide(store, key_of(2), "A", choice, outcome=outcome, reasons=[reason])
    assert refused.value.code == "reason_missing"


def test_a_verdict_is_hidden_until_its_reader_has_decided(store: Store, drawn: list[int]) -> None:
    every = store.keys(CallFilter())
    assert store.hidden("A", every) == set(drawn)
    assert sorted(store.keys(CallFilter(unheard_by=("A",)))) == drawn
    assert set(store.keys(CallFilter(seen_by=("A",)))) == set(every) - set(drawn)
    hear(store, drawn[0])
    assert store.hidden("A", every) == {drawn[1]}
    # Somebody has heard it: it waits for nobody, but another reviewer is still not shown what the verdict says.
    assert store.keys(CallFilter(unheard_by=("B",))) == [drawn[1]]
    assert store.hidden("B", every) == set(drawn)


def test_what_was_not_told_blind_still_waits_for_the_others(store: Store, drawn: list[int]) -> None:
    key, other = drawn
    store.decide(key, reviewer="A", choice="confirm", verdict_key=store.record(key).verdict_key)
    hear(store, other, is_sure=False)
    assert sorted(store.keys(CallFilter(unheard_by=("B",)))) == drawn
    assert store.keys(CallFilter(unheard_by=("A",))) == []
    assert not hear(store, key).blind


def test_the_first_statement_stays_the_blind_one(store: Store, drawn: list[int]) -> None:
    key = drawn[0]
    hear(store, key, violations=LATE)
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


@pytest.mark.parametrize(("seconds", "hasty"), [(None, None), (0.1, True), (60.0, False)])
def test_a_statement_in_no_time_is_marked(
    store: Store, drawn: list[int], seconds: float | None, hasty: bool | None
) -> None:
    assert hear(store, drawn[0], seconds=seconds).hasty is hasty


def test_a_statement_that_was_taken_back_leaves_the_call_to_others(store: Store, drawn: list[int]) -> None:
    made = hear(store, drawn[0])
    store.withdraw(drawn[0], reviewer="A", decision_key=made.key)
    assert blind_statement(store.record(drawn[0]), "A") is None
    assert (store.field_recall().sampled, store.field_recall().waiting) == (0, 2)
    # A has seen the verdict, and is not shown the call as if it had been hidden.
    assert store.keys(CallFilter(unheard_by=("A",))) == [drawn[1]]
    assert sorted(store.keys(CallFilter(unheard_by=("B",)))) == drawn
    assert not hear(store, drawn[0]).blind
