"""What the desk keeps in memory, and what only leads may do."""

import threading
import time
from dataclasses import replace
from functools import partial

import pytest
from starlette.exceptions import HTTPException
from tests.serve.serving import desk_of

from ausweis.audio.wave_form import Row
from ausweis.pages.words import Words
from ausweis.serve.auth import Session
from ausweis.serve.desk import (
    FRESH,
    KEPT,
    MINUTES,
    WAITING,
    KeptWaves,
    Leases,
    Lists,
    Named,
    RequestContext,
    require_lead,
)
from ausweis.store import Store


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_names_are_in_order(store: Store) -> None:
    named = Lists(store).get()
    assert named == Named(["Hotline", "Rechnung", "Technik"], ["Nord", "Süd", "West"], ["cancel_threat"])


def test_old_names_are_made_again_without_anybody_waiting(store: Store) -> None:
    clock = Clock()
    lists = Lists(store, clock)
    lists.get()
    for row in store.calls():
        if row.incidents:
            store.delete(row.call_id)
    clock.now = FRESH
    assert lists.get().incidents == ["cancel_threat"]
    clock.now = FRESH + 1
    assert lists.get().incidents == ["cancel_threat"]
    until = time.monotonic() + 60
    while lists.get().incidents and time.monotonic() < until:
        time.sleep(0.01)
    assert lists.get().incidents == []


def row(number: int) -> list[Row]:
    return [Row(number, None, "", 1.0, b"", 1.0)]


def test_each_is_made_once_and_the_one_that_was_asked_for_longest_ago_is_forgotten() -> None:
    waves = KeptWaves()
    made: list[int] = []

    def make(number: int) -> list[Row]:
        made.append(number)
        return row(number)

    for number in (*range(KEPT), 0, 1, KEPT, KEPT + 1, 2, KEPT):
        waves.get(number, partial(make, number))
    assert made[:KEPT] == list(range(KEPT))
    # Two more than are kept: two are forgotten, and those are not what was asked for last.
    assert made[KEPT:] == [KEPT, KEPT + 1, 2]


def test_who_asks_while_it_is_made_waits_and_too_many_are_sent_away() -> None:
    waves, made, go_on, begun = KeptWaves(), [], threading.Event(), threading.Event()

    def make() -> list[Row]:
        made.append(1)
        begun.set()
        assert go_on.wait(60)
        return row(1)

    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(waves.get("a", make))) for _ in range(WAITING)]
    threads[0].start()
    assert begun.wait(60)
    for thread in threads[1:]:
        thread.start()
    while waves._waiting._value:
        pass
    assert waves.get("b", make) is None
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert found == [row(1)] * WAITING
    assert len(made) == 1
    assert waves.get("b", lambda: row(2)) == row(2)


def test_what_failed_is_made_again() -> None:
    waves = KeptWaves()

    def broken() -> list[Row]:
        raise ValueError("broken")

    for _ in range(WAITING + 1):
        with pytest.raises(ValueError, match="broken"):
            waves.get("a", broken)
    assert waves.get("a", lambda: row(1)) == row(1)


def test_only_a_lead_gets_through(store: Store) -> None:
    session = Session("1", "Anna", 0, role="lead")
    context = RequestContext(desk_of(store), session, Words("en"), "/", "", {}, {})
    require_lead(context)
    with pytest.raises(HTTPException) as refused:
        require_lead(replace(context, session=replace(session, role="reviewer")))
    assert refused.value.status_code == 403


# A call is one person's for some minutes after their last sign, and nobody is kept from it by force.
PETRA, PHONE, BEN = Session("1", "Petra", 0), Session("2", "petra", 0), Session("3", "Ben", 0)


def test_who_comes_first_is_at_the_call_until_they_go_on() -> None:
    leases = Leases(Clock())
    assert leases.open(1, PETRA).name == "Petra"
    assert leases.open(1, BEN).name == "Petra"
    assert set(leases.of_others(BEN)) == {1}
    assert leases.of_others(PETRA) == {}
    leases.open(2, PETRA)
    assert leases.open(1, BEN).name == "Ben"
    leases.leave_all(PETRA)
    assert set(leases.of_others(PETRA)) == {1}


def test_a_call_is_free_again_after_some_minutes_without_a_sign() -> None:
    clock = Clock()
    leases = Leases(clock)
    lease = leases.open(1, PETRA)
    clock.now = MINUTES * 60 - 1
    assert leases.minutes(leases.open(1, BEN)) == MINUTES - 1
    assert leases.stay(1, PETRA, lease.stamp)
    clock.now += MINUTES * 60 - 1
    assert leases.open(1, BEN).name == "Petra"
    clock.now += 1
    assert leases.of_others(BEN) == {}
    assert leases.open(1, BEN).name == "Ben"
    assert not leases.stay(1, PETRA, lease.stamp)


def test_taking_over_is_told_to_who_was_there() -> None:
    leases = Leases(Clock())
    lease = leases.open(1, PETRA)
    leases.take_over(1, BEN)
    assert not leases.stay(1, PETRA, lease.stamp)
    assert leases.open(1, PETRA).name == "Ben"


def test_a_page_that_was_left_late_frees_no_later_one() -> None:
    leases = Leases(Clock())
    first, second = leases.open(1, PETRA), leases.open(1, PETRA)
    leases.leave(1, PETRA, first.stamp)
    assert set(leases.of_others(BEN)) == {1}
    leases.leave(1, BEN, second.stamp)
    assert set(leases.of_others(BEN)) == {1}
    leases.leave(1, PETRA, second.stamp)
    assert leases.of_others(BEN) == {}


def test_one_person_keeps_nothing_from_themselves() -> None:
    leases = Leases(Clock())
    leases.open(1, PETRA)
    assert leases.open(1, PHONE).session == PHONE.id
    assert leases.of_others(PETRA) == {}
