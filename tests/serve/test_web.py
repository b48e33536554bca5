"""What is read from a request, and what somebody typed."""

import re
import sqlite3
from datetime import date, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.serve.filled import LAST_DAY
from tests.serve.serving import TOKEN, Visitor, desk_of, visitor
from tests.serve.test_call_page import break_store, checked

from ausweis.serve import Auth, create_app
from ausweis.serve.web import date_of, dates_of, form_address, language_of, number_of, page_of, typed_of
from ausweis.store import CallFilter, Store


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        (" 12\n", 12),
        ("9" * 15, 10**15 - 1),
        *((text, None) for text in ("", " ", "-1", "+1", "1.0", "1e3", "1 2", "1_000", "٣", "²", "x", "9" * 16)),
    ],
)
def test_a_number_of_a_form(text: str, number: int | None) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-02", date(2026, 3, 2)),
        *((text, None) for text in ("", "2026-02-30", "20260302", "2.3.2026", "x" * 10)),
    ],
)
def test_a_day_of_a_form(text: str, day: date | None) -> None:
    assert date_of(text) == day


def test_the_first_day_comes_before_the_last_or_is_the_same() -> None:
    first, last = date(2026, 3, 1), date(2026, 3, 2)
    assert dates_of({"first": "2026-03-01", "last": "2026-03-02"}) == (first, last)
    assert dates_of({"first": "2026-03-01", "last": "2026-03-01"}) == (first, first)
    assert dates_of({"first": "2026-03-02", "last": "2026-03-01"}) is None
    assert dates_of({"first": "2026-03-01"}) is None


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "de-DE,de;q=0.9,en;q=0.8", "de"),
        (None, "en;q=0.2,de;q=0.9", "de"),
        ("en", "de", "en"),
        ("fr", "de", "de"),
        (None, "fr;q=x, ;q=, de;q=0.1", "de"),
        (None, "," * 10_000, "en"),
    ],
)
def test_the_language_is_the_chosen_or_the_browsers(chosen: str | None, accepted: str, language: str) -> None:
    assert language_of(chosen, accepted) == language


NOTE = "Erste Zeile <b>\nzweite „Zeile“ & mehr"
FIELDS = {
    "choice": "done",
    "finding-1": "no",
    "reason-1": "place",
    "finding-2": "yes",
    "missing-1": "late_authentication@3",
    "missing-2": "rude_agent@4",
    "note": NOTE,
}


@pytest.fixture
def key(store: Store) -> int:
    return store.keys(CallFilter(to_review=True, states=("open",), incidents=("cancel_threat",)))[0]


def sent_fields(page: str) -> dict[str, str]:
    """What the form of a page would send along, hidden."""
    names = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    notes = re.findall(r'<textarea name="note" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    return names | ({"note": notes[0]} if notes else {})


def filled_in(page: str) -> None:
    """The form of a page is as it was typed."""
    assert "Erste Zeile &lt;b&gt;\nzweite „Zeile“ &amp; mehr</textarea>" in page
    ticked = checked(page)
    assert {name: ticked[name] for name in FIELDS if name in ticked} == {
        name: value for name, value in FIELDS.items() if name.startswith(("finding", "missing"))
    }
    assert 'value="place" selected' in page
    assert " data-unsent" in page


def fields_for(store: Store, key: int) -> dict[str, str]:
    record = store.record(key)
    return FIELDS | {"verdict_key": str(record.verdict_key), "says": record.says}


def end_sessions(anna: Visitor) -> None:
    """As a server does that is started anew."""
    desk = anna.http.app._app.state.desk  # type: ignore[attr-defined]
    desk.auth = Auth(TOKEN)


def test_it_outlasts_the_sign_in(store: Store, key: int) -> None:
    anna = visitor(store)
    end_sessions(anna)
    fields = fields_for(store, key)
    answer = anna.http.post(f"/calls/{key}/decisions?show=all", data={"csrf": anna.csrf, **fields})
    assert answer.status_code == 403
    assert "Nothing that you typed is lost" in answer.text
    carried = {
        name: value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        for name, value in sent_fields(answer.text).items()
    }
    assert carried["back"] == f"/calls/{key}?show=all"
    assert {name: value for name, value in carried.items() if name != "back"} == fields
    # A wrong token, then no name: it still goes along.
    wrong = anna.http.post("/signin", data={**carried, "token": "wrong", "reviewer": "Anna"})
    assert (wrong.status_code, sent_fields(wrong.text)["missing-1"]) == (403, "late_authentication@3")
    nameless = anna.http.post("/signin", data={**carried, "token": TOKEN, "reviewer": " "})
    assert (nameless.status_code, sent_fields(nameless.text)["finding-1"]) == (422, "no")
    right = anna.http.post("/signin", data={**carried, "token": TOKEN, "reviewer": "Anna"})
    assert (right.status_code, right.headers["location"]) == (307, f"/calls/{key}/form?show=all")
    page = anna.http.post(right.headers["location"], data={**carried, "token": TOKEN, "reviewer": "Anna"})
    assert page.status_code == 200
    filled_in(page.text)
    assert "You were signed out." in page.text
    assert TOKEN not in page.text
    assert store.record(key).decisions == ()
    # The form is one of the new session.
    (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', page.text))
    assert anna.http.post(f"/calls/{key}/decisions", data={"csrf": csrf, **fields}).status_code == 303


def test_who_has_signed_in_in_another_tab_gets_it_back(store: Store, key: int) -> None:
    anna = visitor(store)
    old = anna.csrf
    anna.http.post("/signin", data={"token": TOKEN, "reviewer": "Anna"})
    answer = anna.http.post(f"/calls/{key}/decisions?show=all", data={"csrf": old, **fields_for(store, key)})
    assert answer.status_code == 403
    assert "You have signed in anew since." in answer.text
    filled_in(answer.text)
    assert f'action="/calls/{key}/decisions?show=all"' in answer.text
    assert store.record(key).decisions == ()


def test_it_outlasts_another_language(store: Store, key: int) -> None:
    anna = visitor(store)
    answer = anna.http.post(f"/calls/{key}/form?show=all&to=de", data={"csrf": anna.csrf, **fields_for(store, key)})
    assert answer.status_code == 200
    filled_in(answer.text)
    assert '<html lang="de">' in answer.text
    assert 'class="problem" role="alert"><b>' not in answer.text
    assert f'href="/language?to=en&amp;back=/calls/{key}%3Fshow%3Dall"' in answer.text
    assert '<html lang="de">' in anna.page(f"/calls/{key}")
    assert anna.http.get(f"/calls/{key}/form?show=all").headers["location"] == f"/calls/{key}?show=all"
    assert anna.http.post("/calls/999/form", data=fields_for(store, key)).status_code == 409


def test_it_outlasts_unmasking(store: Store, key: int) -> None:
    anna = visitor(store)
    for address in ("unmask", "mask"):
        status, page = anna.send(f"/calls/{key}/{address}?show=all", **fields_for(store, key))
        assert status == 200
        filled_in(page)
        assert ("Mask again" in page) == (address == "unmask")
    assert store.chain(limit=1)[0].what == "unmasked"


def test_the_note_outlasts_other_words_of_the_call(store: Store, key: int) -> None:
    """Ticks do not: they were about others (see the tests of the call)."""
    anna, fields = visitor(store), fields_for(store, key)
    status, page = anna.send(f"/calls/{key}/decisions", **fields | {"says": "x"})
    assert (status, "changed" in page, "zweite „Zeile“" in page) == (409, True, True)
    assert checked(page)["finding-1"] == "yes"


def test_it_outlasts_a_store_that_is_away(store: Store, key: int, tmp_path: Path) -> None:
    anna, fields = visitor(store), fields_for(store, key)
    break_store(tmp_path / "calls.sqlite")
    status, page = anna.send(f"/calls/{key}/decisions?show=all", **fields)
    assert (status, "Not kept" in page) == (409, True)
    assert "<blockquote" in page
    assert f'action="/calls/{key}/form?show=all"' in page
    carried = sent_fields(page)
    assert (carried["choice"], carried["missing-1"]) == ("done", "late_authentication@3")
    connection = sqlite3.connect(tmp_path / "calls.sqlite")
    connection.execute("ALTER TABLE elsewhere RENAME TO calls")
    connection.close()
    back = anna.http.post(f"/calls/{key}/form?show=all", data=fields)
    assert back.status_code == 200
    filled_in(back.text)


def test_what_was_heard_blind_is_kept_likewise(store: Store) -> None:
    key = store.draw_sample(LAST_DAY - timedelta(days=30), LAST_DAY, 3)[0]
    anna = visitor(store)
    record = store.record(key)
    fields = {"choice": "done", "missing-1": "late_authentication@2", "note": "leise", "opened": "1", "blind": "1"}
    fields |= {"verdict_key": str(record.verdict_key), "says": record.says}
    end_sessions(anna)
    answer = anna.http.post(f"/calls/{key}/decisions?show=sample", data=fields)
    typed = sent_fields(answer.text) | {"token": TOKEN, "reviewer": "Anna"}
    assert fields.items() <= typed.items()
    where = anna.http.post("/signin", data=typed).headers["location"]
    page = anna.http.post(where, data=typed).text
    assert f'action="/calls/{key}/decisions?show=sample"' in page
    assert checked(page) == {"missing-1": "late_authentication@2"}
    assert "leise</textarea>" in page
    assert 'name="blind"' in page
    assert store.record(key).decisions == ()


def test_nothing_of_a_call_is_shown_to_whoever_is_not_signed_in(store: Store, key: int) -> None:
    http = TestClient(create_app(desk_of(store)), base_url="http://127.0.0.1:8321", follow_redirects=False)
    name = store.record(key).row.call_id
    for address in ("decisions", "form", "unmask"):
        answer = http.post(f"/calls/{key}/{address}", data=fields_for(store, key))
        assert answer.status_code == 403
        assert name not in answer.text
        assert 'name="token"' in answer.text
    assert http.post(f"/calls/{key}/decisions", data={"note": "x"}).status_code == 303
    foreign = {"sec-fetch-site": "cross-site"}
    assert visitor(store).http.post(f"/calls/{key}/form", data=FIELDS, headers=foreign).status_code == 403


def test_only_fields_of_the_form_go_along() -> None:
    form = {"verdict_key": "1", "note": "n", "token": "t", "csrf": "c", "finding-3": "no", "add-turn": "3", "x": "y"}
    assert typed_of(form) == {"verdict_key": "1", "note": "n", "finding-3": "no", "add-turn": "3"}
    assert typed_of({"note": "n"}) == {}
    assert page_of("/calls/7/decisions") == "/calls/7"
    assert page_of("/calls/7") is page_of("/sample") is page_of("/calls/7/decisions/x") is None
    assert form_address("/calls/7?show=all#t=62") == "/calls/7/form?show=all"
    assert form_address("/?show=all") is form_address("/calls/7/form") is None
