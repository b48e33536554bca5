from urllib.parse import quote

import pytest
from starlette.testclient import TestClient
from tests.serve.serving import TOKEN, desk_of, visitor

from ausweis.serve import create_app
from ausweis.store import Store

CLOSED = ("/", "/calls/1", "/calls/1/audio/0", "/settings", "/figures")


@pytest.fixture
def http(store: Store) -> TestClient:
    return TestClient(create_app(desk_of(store)), base_url="http://127.0.0.1:8321", follow_redirects=False)


@pytest.mark.parametrize("address", CLOSED)
def test_nothing_is_shown_before_the_sign_in(http: TestClient, address: str) -> None:
    answer = http.get(address)
    back = "" if address == "/" else f"?back={quote(address, safe='')}"
    assert (answer.status_code, answer.headers["location"]) == (303, f"/signin{back}")


@pytest.mark.parametrize("address", ["/calls/1/decisions", "/calls/1/unmask", "/calls/1/mask", "/sample"])
def test_nothing_is_done_before_the_sign_in(http: TestClient, store: Store, address: str) -> None:
    entries = len(store.chain())
    back = "/signin?back=%2Fcalls%2F1" if address.startswith("/calls") else "/signin"
    assert http.post(address, data={"choice": "confirm"}).headers["location"] == back
    assert len(store.chain()) == entries


def test_htmx_is_sent_to_sign_in(http: TestClient) -> None:
    assert http.get("/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/signin"


def test_the_token_of_the_address_goes_into_the_form(http: TestClient) -> None:
    assert f'name="token" value="{TOKEN}"' in http.get(f"/signin?token={TOKEN}").text
    wrong = http.get("/signin?token=wrong")
    assert "wrong" not in wrong.text
    assert "does not know this key" in wrong.text


def test_the_cookie_is_for_this_server_alone(http: TestClient) -> None:
    answer = http.post("/signin", data={"token": TOKEN, "reviewer": "Anna"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("ausweis-8321=")
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "Anna" in http.get("/").text


def test_behind_https_the_cookie_is_secure(store: Store) -> None:
    http = TestClient(create_app(desk_of(store, secure=True)), base_url="https://localhost", follow_redirects=False)
    assert "secure" in http.post("/signin", data={"token": TOKEN, "reviewer": "A"}).headers["set-cookie"].lower()


@pytest.mark.parametrize("fields", [{}, {"token": "wrong", "reviewer": "Anna"}, {"reviewer": "Anna"}])
def test_without_the_token_nobody_gets_in(http: TestClient, fields: dict[str, str]) -> None:
    answer = http.post("/signin", data=fields)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_name_is_wanted(http: TestClient) -> None:
    assert http.post("/signin", data={"token": TOKEN, "reviewer": " \u200b"}).status_code == 422


def test_after_signing_out_the_old_cookie_opens_nothing(store: Store) -> None:
    anna = visitor(store)
    kept = dict(anna.http.cookies)
    assert anna.send("/signout") == (303, "/signin")
    anna.http.cookies.update(kept)
    assert anna.http.get("/").headers["location"] == "/signin"


def test_signing_out_needs_the_mark(store: Store) -> None:
    anna = visitor(store)
    assert anna.http.post("/signout", data={"csrf": "x"}).status_code == 403
    assert anna.http.get("/").status_code == 200


BACK = pytest.mark.parametrize(
    ("back", "to"),
    [
        ("/calls/1?show=all", "/calls/1?show=all"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil", "/"),
        ("/a\r\nX: y", "/"),
        ("", "/"),
        ("/\tx", "/"),
    ],
)


@BACK
def test_after_the_sign_in_comes_what_was_asked_for(http: TestClient, back: str, to: str) -> None:
    page = http.get("/signin", params={"back": back}).text
    assert ("value=" + f'"{to}"' in page) == (to != "/")
    wrong = http.post("/signin", data={"token": TOKEN, "reviewer": "", "back": back})
    assert (wrong.status_code, f'name="back" value="{to}"' in wrong.text) == (422, to != "/")
    answer = http.post("/signin", data={"token": TOKEN, "reviewer": "Anna", "back": back})
    assert (answer.status_code, answer.headers["location"]) == (303, to)


def test_a_link_to_a_call_leads_there_through_the_sign_in(http: TestClient) -> None:
    sign_in = http.get("/calls/1?show=all&q=a").headers["location"]
    assert 'name="back" value="/calls/1?show=all&amp;q=a"' in http.get(sign_in).text


@BACK
def test_the_switch_of_languages_stays_here(http: TestClient, back: str, to: str) -> None:
    answer = http.get("/language", params={"to": "de", "back": back})
    assert answer.headers["location"] == to
    assert '<html lang="de">' in http.get("/signin").text


def test_the_browsers_language_is_taken(http: TestClient) -> None:
    assert '<html lang="de">' in http.get("/signin", headers={"Accept-Language": "fr, de;q=0.8, en;q=0.5"}).text
    assert '<html lang="en">' in http.get("/signin", headers={"Accept-Language": "en-GB, de;q=0.9"}).text
