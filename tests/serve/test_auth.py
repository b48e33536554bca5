import base64
import json

import pytest

from ausweis.serve.auth import LIFETIME, Auth, reviewer_name


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
