"""The rule: nothing but our own files runs or loads, no foreign name or site gets in, and no error tells of a call."""

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ausweis.serve.security import CONTENT_SECURITY_POLICY, LOOPBACK, MAX_BODY, BrokenError, Guard


async def _answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("in")


async def _break(request: Request) -> PlainTextResponse:
    raise ValueError("the PIN is 4711")


GUARD = Guard(
    Starlette(routes=[Route("/", _answer, methods=["GET", "POST"]), Route("/broken", _break)]), hosts=LOOPBACK
)


@pytest.fixture
def http() -> TestClient:
    return TestClient(GUARD, base_url="http://127.0.0.1:8321")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8321", "localhost:1", "LOCALHOST", "[::1]:8321"])
def test_our_own_names_are_let_in(http: TestClient, host: str) -> None:
    assert http.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8321",
        "localhost@evil.example",
        "localhost:x",
        "localhost/",
        "127.0.0.1, evil.example",
        "[::1",
        "localhost#.evil.example",
    ],
)
def test_foreign_names_are_refused(http: TestClient, host: str) -> None:
    assert http.get("/", headers={"Host": host}).status_code == 421


def test_every_answer_carries_the_headers(http: TestClient) -> None:
    for answer in (http.get("/"), http.get("/gone"), http.get("/", headers={"Host": "evil.example"})):
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_policy_lets_nothing_inline_run() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self';")


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
def test_forms_of_other_sites_are_refused(http: TestClient, site: str, status: int) -> None:
    assert http.post("/", data={"a": "b"}, headers={"Sec-Fetch-Site": site}).status_code == status


@pytest.mark.parametrize("host", ["127.0.0.1:8321", "localhost", "[::1]:8321"])
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://{}", 200),
        ("https://{}", 200),
        ("http://evil.example", 403),
        ("http://evil.example/{}", 403),
        ("http://{}.evil.example", 403),
        ("http://{}1", 403),
        ("http://127.0.0.1:1", 403),
        ("null", 403),
        ("", 403),
        ("{}", 403),
    ],
)
def test_where_a_browser_does_not_say_it_the_origin_must_be_the_host_that_was_asked(
    http: TestClient, host: str, origin: str, status: int
) -> None:
    named = {"Host": host, "Origin": origin.format(host)}
    assert http.post("/", data={"a": "b"}, headers=named).status_code == status
    assert http.get("/", headers=named).status_code == 200
    # What the browser itself says goes first: a proxy may ask for another host.
    assert http.post("/", data={"a": "b"}, headers=named | {"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert http.post("/", data={"a": "b"}, headers=named | {"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_large_forms_are_refused(http: TestClient) -> None:
    assert http.post("/", content=b"x" * MAX_BODY).status_code == 200
    assert http.post("/", content=b"x" * (MAX_BODY + 1)).status_code == 413


def test_forms_of_unknown_length_are_refused(http: TestClient) -> None:
    assert http.post("/", content=iter([b"x", b"y"])).status_code == 411


def test_an_error_tells_its_kind_and_place_only() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/broken", "raw_path": b"/broken", "query_string": b""}
    scope |= {"headers": [(b"host", b"localhost")], "http_version": "1.1", "scheme": "http", "root_path": ""}
    with pytest.raises(BrokenError) as caught:
        asyncio.run(GUARD(scope, receive, send))
    assert str(caught.value).startswith("ValueError at ")
    assert "4711" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert sent[0]["status"] == 500
    assert b"content-security-policy" in dict(sent[0]["headers"])
    assert b"4711" not in sent[1]["body"]
