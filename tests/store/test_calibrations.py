from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from tests.store.conftest import Filled
from tests.store.runs import make_call

from ausweis.errors import StoreError
from ausweis.store import CallFilter, Decision, Store

DAY = date(2026, 3, 2)
LATE = [("late_authentication", 4)]
NONE = [("no_authentication", 4)]


@pytest.fixture
def key_of(store: Store, filled: Filled) -> Callable[[int], int]:
    filled([make_call(1), make_call(2, pin=False), make_call(3, pin=False)])
    return lambda number: store.find(f"call-{number}") or 0


def session(store: Store, *keys: int, reviewers: tuple[str, ...] = (), hides: bool = True) -> int:
    number = store.prepare_calibration("March", by="Lea", hides=hides, reviewers=reviewers)
    store.add_to_calibration(number, keys, by="Lea")
    store.start_calibration(number, by="Lea")
    return number


def hear(store: Store, key: int, reviewer: str, **more: Any) -> Decision:
    return store.hear(key, reviewer=reviewer, verdict_key=store.record(key).verdict_key, **more)


def test_a_session_is_prepared_started_and_closed(store: Store, key_of: Callable[[int], int]) -> None:
    number = store.prepare_calibration("  March,  the first ", by="Lea", reviewers=["Ben", " Ada ", "ben"])
    assert store.add_to_calibration(number, [key_of(1), key_of(2), 999], by="Lea") == 2
    assert store.add_to_calibration(number, [key_of(2)], by="Lea") == 0
    store.drop_from_calibration(number, key_of(1), by="Lea")
    made = store.calibration(number)
    assert (made.name, made.state, made.calls) == ("March, the first", "prepared", (key_of(2),))
    assert {one.casefold() for one in made.reviewers} == {"ada", "ben"}
    assert store.calibrates("Ben", key_of(2)) is None
    with pytest.raises(StoreError, match="closed after it was started"):
        store.close_calibration(number, by="Lea")
    store.start_calibration(number, by="Lea")
    with pytest.raises(StoreError, match="before it is started"):
        store.add_to_calibration(number, [key_of(1)], by="Lea")
    assert store.calibrates("BEN", key_of(2)) is not None
    assert store.calibrates("Mia", key_of(2)) is None
    store.close_calibration(number, by="Lea")
    store.close_calibration(number, by="Lea")
    assert [one.state for one in store.calibrations()] == ["closed"]
    assert [entry.what for entry in store.chain(limit=6)].count("calibrated") == 5
    assert store.verify_chain() > 0


def test_what_is_none_is_refused(store: Store, key_of: Callable[[int], int]) -> None:
    for name in ("", " ", "x" * 81, "a\x07b"):
        with pytest.raises(StoreError, match="needs a name"):
            store.prepare_calibration(name, by="Lea")
    with pytest.raises(StoreError, match="no such calibration session"):
        store.calibration(1)
    number = store.prepare_calibration("empty", by="Lea")
    with pytest.raises(StoreError, match="without calls"):
        store.start_calibration(number, by="Lea")
    with pytest.raises(StoreError, match="shown when it is closed"):
        store.opinions(number)


def test_verdict_and_others_are_hidden_until_it_is_closed(store: Store, key_of: Callable[[int], int]) -> None:
    key, other = key_of(2), key_of(3)
    number = session(store, key)
    assert store.hidden("Ben", [key, other]) == {key}
    assert store.hidden("Lea", [key, other]) == set()
    assert key not in store.keys(CallFilter(seen_by=("Ben",)))
    assert key in store.keys(CallFilter(seen_by=("Lea",)))
    said = hear(store, key, "Ben", violations=LATE)
    assert (said.choice, said.blind, said.calibration, said.secret) == ("overrule", True, number, True)
    # She may think it over: nothing was shown to her since.
    again = hear(store, key, "Ben", violations=NONE)
    assert (again.choice, again.blind) == ("confirm", True)
    assert store.hidden("Ben", [key]) == {key}
    hear(store, key, "Mia")
    assert store.agreement().pairs == 0
    assert store.keys(CallFilter(calibrated=True)) == [key]
    store.close_calibration(number, by="Lea")
    assert store.hidden("Ben", [key]) == set()
    assert (store.agreement().pairs, store.agreement().same) == (1, 0)
    assert not any(one.secret for one in store.record(key).decisions)
    assert store.record(key).row.state == "disputed"


def test_opinions_are_the_last_words_of_the_session(store: Store, key_of: Callable[[int], int]) -> None:
    first, second = key_of(2), key_of(3)
    store.decide(first, reviewer="Ben", choice="confirm", verdict_key=store.record(first).verdict_key)
    number = session(store, first, second)
    before = hear(store, first, "Ben")
    assert not before.blind
    hear(store, first, "Mia")
    hear(store, second, "Ben", violations=NONE)
    taken = hear(store, second, "Mia", is_sure=False)
    store.withdraw(second, reviewer="Mia", decision_key=taken.key)
    assert hear(store, second, "Mia", violations=LATE).blind
    store.close_calibration(number, by="Lea")
    store.decide(first, reviewer="Mia", choice="confirm", verdict_key=store.record(first).verdict_key)
    said, agreement = store.opinions(number)
    assert [(one.reviewer, one.outcome) for one in said[first]] == [("Ben", "compliant"), ("Mia", "compliant")]
    assert [(one.reviewer, one.violations[0][0]) for one in said[second]] == [
        ("Ben", "no_authentication"),
        ("Mia", "late_authentication"),
    ]
    assert (agreement.pairs, agreement.same, agreement.kappa) == (2, 2, 1.0)


def test_it_closes_when_all_that_were_named_have_decided(store: Store, key_of: Callable[[int], int]) -> None:
    keys = (key_of(2), key_of(3))
    number = session(store, *keys, reviewers=("Ben", "Mia"))
    assert store.hidden("Ada", keys) == set()
    for key in keys:
        for reviewer in ("Ben", "mia"):
            assert store.calibration(number).state == "open"
            hear(store, key, reviewer, violations=NONE)
    assert store.calibration(number).state == "closed"
    done = store.calibration_progress(store.calibration(number))
    assert done == {"ben": set(keys), "mia": set(keys)}
    assert store.verify_chain() > 0


def test_without_a_hidden_verdict_nothing_is_blind(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)
    number = session(store, key, hides=False)
    assert store.hidden("Ben", [key]) == set()
    assert key not in store.keys(CallFilter(seen_by=("Ben",)))
    said = hear(store, key, "Ben", violations=NONE)
    assert (said.blind, said.calibration) == (False, number)


def test_who_made_it_is_never_blind_in_it(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)
    session(store, key, reviewers=("Lea", "Ben"))
    assert store.hidden("Lea", [key]) == {key}
    assert not hear(store, key, "Lea", violations=NONE).blind


def test_calls_are_drawn_of_those_that_nobody_decided(store: Store, key_of: Callable[[int], int]) -> None:
    store.decide(key_of(2), reviewer="Ben", choice="confirm", verdict_key=store.record(key_of(2)).verdict_key)
    number = store.prepare_calibration("drawn", by="Lea")
    assert store.draw_calibration(number, DAY, DAY, 9, flagged=True, by="Lea") == 1
    assert store.calibration(number).calls == (key_of(3),)
    assert store.draw_calibration(number, DAY, DAY, 9, flagged=False, by="Lea") == 1
    assert store.draw_calibration(number, DAY, DAY, 9, flagged=False, by="Lea") == 0


def test_a_lead_settles_what_a_session_was_about(store: Store, key_of: Callable[[int], int]) -> None:
    key = key_of(2)
    number = session(store, key)
    for reviewer in ("Ben", "Mia"):
        hear(store, key, reviewer, violations=NONE)
    verdict_key = store.record(key).verdict_key
    settled: dict[str, Any] = {"reviewer": "Lea", "choice": "overrule", "settles": True}
    settled |= {"outcome": "violation", "violations": LATE}
    with pytest.raises(StoreError, match="nothing to settle"):
        store.decide(key, verdict_key=verdict_key, **settled)
    store.close_calibration(number, by="Lea")
    store.decide(key, verdict_key=verdict_key, **settled)
    assert store.record(key).row.state == "overruled"
    # What settles it is no opinion of the session.
    assert len(store.opinions(number)[0][key]) == 2


def test_a_deleted_call_leaves_no_session_behind(store: Store, key_of: Callable[[int], int]) -> None:
    alone = session(store, key_of(2))
    both = store.prepare_calibration("about call-2 and more", by="Lea")
    store.add_to_calibration(both, [key_of(2), key_of(3)], by="Lea")
    hear(store, key_of(2), "Ben", violations=NONE)
    store.delete("call-2", by="Lea")
    (left,) = store.calibrations()
    assert (left.key, left.calls, left.name) == (both, (key_of(3),), left.made[:10])
    with pytest.raises(StoreError, match="no such calibration session"):
        store.calibration(alone)
    assert store.verify_chain() > 0


def test_a_session_that_was_changed_is_found(store: Store, key_of: Callable[[int], int]) -> None:
    session(store, key_of(2))
    with store._database.writing() as connection:
        connection.execute(text("UPDATE calibrations SET closed = '2026-03-02T00:00:00Z'"))
    with pytest.raises(StoreError, match=r"the calibration session .*was changed"):
        store.verify_chain()
