"""The rule: a call is one person's for some minutes after their last sign, and nobody is kept from it by force."""

from ausweis.serve.auth import Session
from ausweis.serve.leases import MINUTES, Leases


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


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
