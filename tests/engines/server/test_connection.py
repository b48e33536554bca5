from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenacity import RetryCallState, Retrying

from ausweis.engines.server.connection import (
    RetryPolicy,
    TransientError,
    checked_address,
    outside_warning,
    retry_after,
    seconds_to_wait,
)
from ausweis.errors import InputError

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


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1"),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1"),
        ("HTTPS://LLM.Example/api/v3", "https://llm.example/api/v3"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert checked_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:8080",
        "ftp://127.0.0.1/v1",
        "http://",
        "http://:8080/v1",
        "http://host:0/v1",
        "http://host:99999/v1",
        "http://host:x/v1",
        "http://[::1/v1",
        "http://ho\nst/v1",
        "http://host/v1?key=geheim",
        "http://host/v1#geheim",
        "http://host/ v1",
        "http://geheim@host/v1",
        "http://me:geheim@host/v1",
        "http://xn--zzzzzz--.invalid",
        "http://a..b",
        f"http://{'a' * 64}.example",
        "http://[v1.a]:80",
        "http:// host",
        "http://host /v1",
        "http://\ud800/v1",
    ],
)
def test_what_is_no_address_is_not_quoted(text: str) -> None:
    with pytest.raises(InputError) as caught:
        checked_address(text)
    assert "geheim" not in str(caught.value)


SIGNS = st.text(alphabet="ax1-.:/[]@%?#\\ \t\n\u00e4\u3002\u200d\uff41\ud800\U0001f4a9", max_size=12)


@given(st.one_of(SIGNS, st.text(max_size=20), SIGNS.map("xn--".__add__)))
def test_an_address_is_refused_or_can_be_asked(host: str) -> None:
    """What passes here is taken by all that opens a connection: no other fault than one of the network is left."""
    try:
        address = checked_address(f"http://{host}")
    except InputError:
        return
    request = httpx.AsyncClient(trust_env=False).build_request("GET", f"{address}/models")
    assert request.url.host
    request.url.raw_host.decode("ascii").encode("idna")


def test_a_key_in_the_address_is_told_where_it_belongs() -> None:
    with pytest.raises(InputError, match="AUSWEIS_API_KEY"):
        checked_address("http://me:geheim@host/v1")


def test_nothing_leaves_this_machine() -> None:
    for host in ("127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]", "localhost"):
        assert outside_warning(f"http://{host}:8080/v1") is None


@pytest.mark.parametrize("host", ["8.8.8.8", "[2001:4860:4860::8888]", "[::ffff:8.8.8.8]", "172.32.0.1", "100.64.0.1"])
def test_what_leaves_the_network(host: str) -> None:
    assert "personal data too, is sent there" in (outside_warning(f"https://{host}/v1") or "")


@pytest.mark.parametrize("host", ["10.1.2.3", "172.16.0.1", "192.168.1.1", "[fd00::1]", "169.254.1.1"])
def test_in_the_house_only_what_is_not_encrypted_is_worth_a_word(host: str) -> None:
    assert outside_warning(f"https://{host}/v1") is None
    assert "is not encrypted" in (outside_warning(f"http://{host}/v1") or "")


def test_a_name_counts_as_all_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ["10.0.0.1", "8.8.8.8"]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: [(0, 0, 0, "", (one, 0)) for one in found])
    assert "llm.example is outside" in (outside_warning("https://llm.example") or "")
    del found[1]
    assert outside_warning("https://llm.example") is None


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("socket.getaddrinfo", fail)
    assert "cannot be resolved" in (outside_warning("https://llm.example") or "")
