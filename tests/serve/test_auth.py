"""Tokens, cookies and a company's sign-on let in who may; wrong keys are slowed."""

import base64
import json
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.serve.serving import TOKEN, desk_of

from ausweis.errors import StoreError
from ausweis.serve import Desk, create_app
from ausweis.serve.auth import LIFETIME, Auth, SignOn, Throttle, reviewer_name
from ausweis.store import CallFilter, Store


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_cookie_opens_its_session() -> None:
    auth = Auth()
    session, cookie = auth.sign_in("Änne 李")
    assert auth.session(cookie) == session
    assert session.reviewer == "Änne 李"


def test_only_the_token_is_known() -> None:
    auth = Auth()
    assert len(auth.token) >= 43
    assert auth.knows(auth.token)
    assert not any(auth.knows(one) for one in ("", auth.token[:-1], auth.token + "x", "ü", "\ud800"))
    assert Auth().token != auth.token


@pytest.mark.parametrize("cookie", ["", ".", "x", "x.y", "ü.ü", "\ud800", "W10=.", "e30=.e30="])
def test_a_forged_cookie_opens_nothing(cookie: str) -> None:
    assert Auth().session(cookie) is None


def test_a_changed_name_breaks_the_signature() -> None:
    auth = Auth()
    session, cookie = auth.sign_in("Anna")
    body = base64.urlsafe_b64encode(json.dumps([session.id, "Ben", session.began]).encode()).decode()
    assert auth.session(f"{body}.{cookie.partition('.')[2]}") is None


def test_a_cookie_of_another_server_opens_nothing() -> None:
    _, cookie = Auth("same").sign_in("Anna")
    assert Auth("same").session(cookie) is None


def test_token_and_cookies_last_where_they_are_kept_and_who_signed_out_stays_out(tmp_path: Path) -> None:
    kept = tmp_path / "calls.sqlite.token"
    first = Auth(kept=kept)
    _, cookie = first.sign_in("Anna")
    gone, signed_out = first.sign_in("Ben")
    first.sign_out(gone)
    assert kept.stat().st_mode & 0o777 == 0o600
    for again in (Auth(kept=kept), Auth(kept=kept)):
        assert (again.token, again.session(cookie) is not None, again.session(signed_out)) == (first.token, True, None)
    kept.unlink()
    new = Auth(kept=kept)
    assert new.token != first.token
    assert new.session(cookie) is None


def test_ends_are_kept_for_as_long_as_cookies_last(tmp_path: Path) -> None:
    clock, kept = Clock(), tmp_path / "token"
    auth = Auth(now=clock, kept=kept)
    auth.sign_out(auth.sign_in("Anna")[0])
    clock.now += LIFETIME
    Auth(now=clock, kept=kept)
    assert len(kept.read_text().splitlines()) == 2


@pytest.mark.parametrize(("text", "mode"), [("x\ny\n", 0o600), ("", 0o600), ("ä", 0o600), (None, 0o640)])
def test_a_token_that_is_none_or_that_others_may_read_is_refused(tmp_path: Path, text: str | None, mode: int) -> None:
    kept = tmp_path / "token"
    Auth(kept=kept)
    if text is not None:
        kept.write_text(text)
    kept.chmod(mode)
    with pytest.raises(StoreError):
        Auth(kept=kept)


def test_a_session_ends_after_a_working_day() -> None:
    clock = Clock()
    auth = Auth(now=clock)
    _, cookie = auth.sign_in("Anna")
    clock.now += LIFETIME - 1
    assert auth.session(cookie) is not None
    clock.now += 1
    assert auth.session(cookie) is None


def test_who_signs_out_stays_out() -> None:
    auth = Auth()
    session, cookie = auth.sign_in("Anna")
    auth.sign_out(session)
    assert auth.session(cookie) is None


def test_the_mark_of_a_form_is_that_of_one_session() -> None:
    auth = Auth()
    (one, cookie), (other, _) = auth.sign_in("Anna"), auth.sign_in("Anna")
    assert auth.csrf_valid(one, auth.csrf_token(one))
    assert not auth.csrf_valid(one, auth.csrf_token(other))
    assert not auth.csrf_valid(one, "")
    assert auth.csrf_token(one) not in cookie


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" Anna \n Berg ", "Anna Berg"),
        ("\u202eAnna\x00", "Anna"),
        (" \t\u200b", None),
        ("", None),
        ("x" * 99, "x" * 60),
    ],
)
def test_names_are_one_clean_line(text: str, name: str | None) -> None:
    assert reviewer_name(text) == name


class Stopwatch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_wrong_key_doubles_the_time() -> None:
    clock = Stopwatch()
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
    throttle = Throttle(Stopwatch())
    assert {throttle.wrong("192.0.2.1") for _ in range(50)} == {0, 2, 3}


def test_what_was_long_ago_is_forgotten() -> None:
    clock = Stopwatch()
    throttle = Throttle(clock)
    for _ in range(10):
        throttle.wrong("192.0.2.1")
        clock.now += 1000
    clock.now += 4000
    assert throttle.wrong("192.0.2.1") == 0


def test_many_clients_are_slowed_together_and_cost_no_memory() -> None:
    throttle = Throttle(Stopwatch())
    waits = [throttle.wrong(f"10.0.{number // 256}.{number % 256}") for number in range(5000)]
    assert waits[:100] == [0] * 100
    assert all(waits[100:])
    assert len(throttle._clients) <= 1000


@pytest.mark.parametrize(("one", "other", "same"), [("2001:db8::1", "2001:db8::2", True), ("x", "", True)])
def test_addresses_of_one_client(one: str, other: str, same: bool) -> None:
    throttle = Throttle(Stopwatch())
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


SECRET = "the-secret-of-the-proxy"
USER = "X-Forwarded-User"
PROXY = {"X-Ausweis-Proxy-Secret": SECRET}


def desk_behind(store: Store, *, secret: str = SECRET, known_only: bool = False) -> Desk:
    return desk_of(store, sign_on=SignOn.of(USER, ("10.0.3.0/28", "127.0.0.1"), secret, known_only=known_only))


def client(desk: Desk, user: str = "", peer: str = "127.0.0.1", **headers: str) -> TestClient:
    http = TestClient(create_app(desk), base_url="http://127.0.0.1:8321", follow_redirects=False, client=(peer, 50_000))
    http.headers.update({"Accept-Language": "en", **PROXY, **headers})
    if user:
        http.headers[USER] = user
    return http


def test_whom_the_proxy_names_is_signed_in(store: Store) -> None:
    desk = desk_behind(store)
    petra = client(desk, "petra.berg@example.com")
    page = petra.get("/")
    assert page.status_code == 200
    assert "<bdi>petra.berg@example.com</bdi>" in page.text
    assert 'href="/settings"' not in page.text
    assert "Sign out" not in page.text
    assert "httponly" in page.headers["set-cookie"].lower()
    # The session stays, and with it what was unmasked and the marks of forms.
    assert "set-cookie" not in petra.get("/").headers
    key = store.keys(CallFilter(to_review=True))[0]
    csrf = re.search(r'name="csrf" value="([^"]+)"', petra.get(f"/calls/{key}").text)
    assert csrf
    verdict = str(store.record(key).verdict_key)
    sent = petra.post(f"/calls/{key}/decisions", data={"csrf": csrf[1], "choice": "done", "verdict_key": verdict})
    assert sent.status_code == 303
    assert store.record(key).decisions[0].reviewer == "petra.berg@example.com"


@pytest.mark.parametrize("peer", ["10.0.3.7", "127.0.0.1", "::ffff:10.0.3.7"])
def test_proxies_are_known_by_address(store: Store, peer: str) -> None:
    assert client(desk_behind(store), "Petra", peer).get("/").status_code == 200


@pytest.mark.parametrize(
    ("peer", "user", "secret", "told"),
    [
        ("10.0.4.1", "Petra", SECRET, "company&#39;s sign-on only"),
        ("testclient", "Petra", SECRET, "company&#39;s sign-on only"),
        ("::1", "Petra", SECRET, "company&#39;s sign-on only"),
        ("127.0.0.1", "Petra", "wrong", "company&#39;s sign-on only"),
        ("127.0.0.1", "Petra", "", "company&#39;s sign-on only"),
        ("127.0.0.1", "", SECRET, "did not say who you are"),
        ("127.0.0.1", " ", SECRET, "did not say who you are"),
        ("127.0.0.1", "x" * 61, SECRET, "cannot use the name"),
        ("127.0.0.1", "Pe  tra", SECRET, "cannot use the name"),
    ],
)
def test_who_is_no_proxy_or_names_nobody_is_refused(store: Store, peer: str, user: str, secret: str, told: str) -> None:
    http = client(desk_behind(store), user, peer, **{"X-Ausweis-Proxy-Secret": secret})
    for address in ("/", "/calls/1", "/figures", "/settings"):
        answer = http.get(address)
        assert (answer.status_code, told in answer.text, "set-cookie" in answer.headers) == (403, True, False)
    assert http.post("/calls/1/decisions", data={"choice": "done"}).status_code == 403


def test_a_header_that_comes_twice_is_refused(store: Store) -> None:
    http = client(desk_behind(store))
    twice = [("X-Forwarded-User", "Petra"), ("X-Forwarded-User", "Root"), *PROXY.items()]
    assert http.get("/", headers=twice).status_code == 403


def test_the_cookie_of_one_opens_nothing_for_another(store: Store) -> None:
    desk = desk_behind(store)
    anna, ben = client(desk, "Anna"), client(desk, "Ben")
    anna.get("/")
    ben.cookies.update(anna.cookies)
    assert "<bdi>Ben</bdi>" in ben.get("/").text
    nobody = client(desk)
    nobody.cookies.update(anna.cookies)
    assert nobody.get("/").status_code == 403


def test_tokens_and_keys_open_nothing_beside_it(store: Store) -> None:
    own = store.invite("Petra", by="Anna").own_key
    http = client(desk_behind(store))
    for token in (TOKEN, own):
        answer = http.post("/signin", data={"token": token, "reviewer": "Petra"})
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert http.get("/signin").headers["location"] == "/"
    assert http.get("/invitation").headers["location"] == "/"


def test_roles_are_of_the_table_and_count_at_once(store: Store) -> None:
    desk = desk_behind(store)
    lea = client(desk, "LEA")
    assert lea.get("/settings").status_code == 403
    store.invite("Lea", "lead", by="me", with_key=False)
    page = lea.get("/settings").text
    assert "<bdi>Lea</bdi>" in page
    assert "invitation#" not in page
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    added = lea.post("/team/invite", data={"csrf": csrf[1], "name": "Petra", "role": "reviewer"})
    assert "invitation#" not in added.text
    assert "by the company&#39;s sign-on" in added.text
    petra = client(desk, "petra")
    assert petra.get("/").status_code == 200
    assert "Let in again" in lea.post("/team/withdraw", data={"csrf": csrf[1], "name": "Petra"}).text
    assert "Your access was withdrawn" in petra.get("/").text
    lea.post("/team/renew", data={"csrf": csrf[1], "name": "Petra"})
    assert petra.get("/").status_code == 200
    assert store.verify_chain() > 3


def test_strangers_review_or_are_refused(store: Store) -> None:
    store.invite("Petra", by="me", with_key=False)
    desk = desk_behind(store, known_only=True)
    assert client(desk, "Petra").get("/").status_code == 200
    refused = client(desk, "Ben").get("/")
    assert (refused.status_code, "not in the team yet" in refused.text) == (403, True)


def test_names_beyond_ascii_are_read(store: Store) -> None:
    http = client(desk_behind(store))
    for raw in ("Jörg".encode(), "Jörg".encode("latin-1")):
        assert "<bdi>Jörg</bdi>" in http.get("/", headers=[(USER.encode(), raw)]).text


def test_without_it_the_header_is_nothing(store: Store) -> None:
    http = client(desk_of(store), "Petra")
    assert http.get("/").headers["location"] == "/signin"
