"""The rule: who tries wrong keys waits longer and longer, and nobody else does."""

import pytest
from starlette.testclient import TestClient
from tests.serve.serving import TOKEN, desk_of

from ausweis.serve import create_app
from ausweis.serve.throttle import Throttle
from ausweis.store import Store


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_wrong_key_doubles_the_time() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(20):
        waits.append(throttle.wrong("192.0.2.1"))
        clock.now += waits[-1]
    assert waits[:9] == [0, 0, 0, 0, 0, 2, 4, 8, 16]
    assert waits[-1] == 900
    assert throttle.wrong("192.0.2.2") == 0
    throttle.right("192.0.2.1")
    assert throttle.wrong("192.0.2.1") == 0


def test_who_waits_is_not_made_to_wait_longer_by_trying() -> None:
    throttle = Throttle(Clock())
    assert {throttle.wrong("192.0.2.1") for _ in range(50)} == {0, 2, 3}


def test_what_was_long_ago_is_forgotten() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(10):
        throttle.wrong("192.0.2.1")
        clock.now += 1000
    clock.now += 4000
    assert throttle.wrong("192.0.2.1") == 0


def test_many_clients_are_slowed_together_and_cost_no_memory() -> None:
    throttle = Throttle(Clock())
    waits = [throttle.wrong(f"10.0.{number // 256}.{number % 256}") for number in range(5000)]
    assert waits[:100] == [0] * 100
    assert all(waits[100:])
    assert len(throttle._clients) <= 1000


@pytest.mark.parametrize(("one", "other", "same"), [("2001:db8::1", "2001:db8::2", True), ("x", "", True)])
def test_addresses_of_one_client(one: str, other: str, same: bool) -> None:
    throttle = Throttle(Clock())
    for _ in range(6):
        throttle.wrong(one)
    assert bool(throttle.wrong(other)) == same


def test_a_wrong_key_is_told_to_wait_and_a_right_one_never(store: Store) -> None:
    own = store.invite("Petra", by="Anna").own_key
    http = TestClient(create_app(desk_of(store)), base_url="http://127.0.0.1:8321", follow_redirects=False)
    http.headers["Accept-Language"] = "de"
    codes = [http.post("/signin", data={"token": "wrong", "reviewer": "Anna"}).status_code for _ in range(7)]
    assert codes == [403] * 5 + [429] * 2
    refused = http.get("/signin?token=wrong")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 3
    assert "Bitte warten Sie" in refused.text
    assert http.post("/signin", data={"token": own}).status_code == 303
    for _ in range(9):
        http.post("/signin", data={"token": "wrong", "reviewer": "Anna"})
    assert http.post("/signin", data={"token": TOKEN, "reviewer": "Anna"}).status_code == 303
