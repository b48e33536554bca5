import time

from ausweis.serve.lists import FRESH, Lists, Named
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
