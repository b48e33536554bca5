import base64
import json

import pytest

from ausweis.serve.sessions import LIFETIME, Doorkeeper, reviewer_name


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_cookie_opens_its_session() -> None:
    door = Doorkeeper()
    session, cookie = door.begin("Änne 李")
    assert door.session(cookie) == session
    assert session.reviewer == "Änne 李"


def test_only_the_token_is_known() -> None:
    door = Doorkeeper()
    assert len(door.token) >= 43
    assert door.knows(door.token)
    assert not any(door.knows(one) for one in ("", door.token[:-1], door.token + "x", "ü", "\ud800"))
    assert Doorkeeper().token != door.token


@pytest.mark.parametrize("cookie", ["", ".", "x", "x.y", "ü.ü", "\ud800", "W10=.", "e30=.e30="])
def test_a_forged_cookie_opens_nothing(cookie: str) -> None:
    assert Doorkeeper().session(cookie) is None


def test_a_changed_name_breaks_the_signature() -> None:
    door = Doorkeeper()
    session, cookie = door.begin("Anna")
    body = base64.urlsafe_b64encode(json.dumps([session.id, "Ben", session.began]).encode()).decode()
    assert door.session(f"{body}.{cookie.partition('.')[2]}") is None


def test_a_cookie_of_another_server_opens_nothing() -> None:
    _, cookie = Doorkeeper("same").begin("Anna")
    assert Doorkeeper("same").session(cookie) is None


def test_a_session_ends_after_a_working_day() -> None:
    clock = Clock()
    door = Doorkeeper(now=clock)
    _, cookie = door.begin("Anna")
    clock.now += LIFETIME - 1
    assert door.session(cookie) is not None
    clock.now += 1
    assert door.session(cookie) is None


def test_who_signs_out_stays_out() -> None:
    door = Doorkeeper()
    session, cookie = door.begin("Anna")
    door.end(session)
    assert door.session(cookie) is None


def test_the_mark_of_a_form_is_that_of_one_session() -> None:
    door = Doorkeeper()
    (one, cookie), (other, _) = door.begin("Anna"), door.begin("Anna")
    assert door.marked(one, door.form_mark(one))
    assert not door.marked(one, door.form_mark(other))
    assert not door.marked(one, "")
    assert door.form_mark(one) not in cookie


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
