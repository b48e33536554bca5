from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from tenacity import RetryCallState, Retrying

from ausweis.engines.server.connection import RetryPolicy, TransientError, retry_after, seconds_to_wait

RETRIES = RetryPolicy(first_wait=1.0, longest_wait=20.0)


def state(attempt: int, fault: Exception) -> RetryCallState:
    found: Any = RetryCallState(Retrying(), None, (), {})
    found.attempt_number = attempt
    found.set_exception((type(fault), fault, None))
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(("value", "seconds"), [("0", 0), ("7", 7), (" 12 ", 12), ("9" * 30, 999_999_999)])
def test_seconds(value: str, seconds: float) -> None:
    assert retry_after(value) == seconds


def test_a_date() -> None:
    for zone in (True, False):
        date = datetime.now(UTC) + timedelta(seconds=30)
        text = format_datetime(date, usegmt=True) if zone else format_datetime(date.replace(tzinfo=None))
        assert retry_after(text) == pytest.approx(30, abs=2)
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "1.5", "NaN", "Wed, 99 Oct 2015 07:28:00 GMT", "١٢"])
def test_anything_else(value: str | None) -> None:
    assert retry_after(value) is None


def test_waits_grow_up_to_the_longest() -> None:
    for attempt, least in ((1, 1), (2, 2), (3, 4), (4, 8), (9, 20)):
        wait = seconds_to_wait(state(attempt, TransientError("x")), RETRIES)
        assert least <= wait <= least + 1


def test_what_the_server_asks_for_is_waited_out() -> None:
    assert seconds_to_wait(state(1, TransientError("x", wait=33.0)), RETRIES) == 33
    assert seconds_to_wait(state(4, TransientError("x", wait=0.0)), RETRIES) >= 8


def test_other_faults_wait_as_long_as_any() -> None:
    assert 1 <= seconds_to_wait(state(1, ValueError()), RETRIES) <= 2
