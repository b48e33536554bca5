"""The rule: a call is one person's for some minutes after their last sign, and nobody is kept from it by force."""

from ausweis.serve.auth import Session
from ausweis.serve.places import MINUTES, Places


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


PETRA, PHONE, BEN = Session("1", "Petra", 0), Session("2", "petra", 0), Session("3", "Ben", 0)


def test_who_comes_first_is_at_the_call_until_they_go_on() -> None:
    places = Places(Clock())
    assert places.open(1, PETRA).name == "Petra"
    assert places.open(1, BEN).name == "Petra"
    assert set(places.of_others(BEN)) == {1}
    assert places.of_others(PETRA) == {}
    places.open(2, PETRA)
    assert places.open(1, BEN).name == "Ben"
    places.leave_all(PETRA)
    assert set(places.of_others(PETRA)) == {1}


def test_a_call_is_free_again_after_some_minutes_without_a_sign() -> None:
    clock = Clock()
    places = Places(clock)
    place = places.open(1, PETRA)
    clock.now = MINUTES * 60 - 1
    assert places.minutes(places.open(1, BEN)) == MINUTES - 1
    assert places.stay(1, PETRA, place.stamp)
    clock.now += MINUTES * 60 - 1
    assert places.open(1, BEN).name == "Petra"
    clock.now += 1
    assert places.of_others(BEN) == {}
    assert places.open(1, BEN).name == "Ben"
    assert not places.stay(1, PETRA, place.stamp)


def test_taking_over_is_told_to_who_was_there() -> None:
    places = Places(Clock())
    place = places.open(1, PETRA)
    places.take_over(1, BEN)
    assert not places.stay(1, PETRA, place.stamp)
    assert places.open(1, PETRA).name == "Ben"


def test_a_page_that_was_left_late_frees_no_later_one() -> None:
    places = Places(Clock())
    first, second = places.open(1, PETRA), places.open(1, PETRA)
    places.leave(1, PETRA, first.stamp)
    assert set(places.of_others(BEN)) == {1}
    places.leave(1, BEN, second.stamp)
    assert set(places.of_others(BEN)) == {1}
    places.leave(1, PETRA, second.stamp)
    assert places.of_others(BEN) == {}


def test_one_person_keeps_nothing_from_themselves() -> None:
    places = Places(Clock())
    places.open(1, PETRA)
    assert places.open(1, PHONE).session == PHONE.id
    assert places.of_others(PETRA) == {}
