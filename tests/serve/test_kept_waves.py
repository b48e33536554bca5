"""Wave forms in memory: made once, the oldest forgotten, and never so many at once that pages wait."""

import threading
from functools import partial

import pytest

from ausweis.audio.wave_form import Row
from ausweis.serve.kept_waves import KEPT, WAITING, KeptWaves


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
