"""The team. The rule: leads invite; each works under one name, by their own key, in the role that the table has now."""

import re

import pytest
from starlette.testclient import TestClient
from tests.serve.serving import TOKEN, Visitor, desk_of, visitor

from ausweis.serve import Desk, create_app
from ausweis.store import Store


def client(desk: Desk) -> TestClient:
    http = TestClient(create_app(desk), base_url="http://127.0.0.1:8321", follow_redirects=False)
    http.headers["Accept-Language"] = "en"
    return http


def key_in(page: str) -> str:
    found = re.search(r'value="http://127\.0\.0\.1:8321/invitation#([\w-]{43})"', page)
    assert found
    return found[1]


@pytest.fixture
def desk(store: Store) -> Desk:
    return desk_of(store)


def test_who_is_invited_signs_in_by_the_key_alone(desk: Desk) -> None:
    lead = Visitor(desk, "Anna")
    status, page = lead.send("/team/invite", name="Petra", role="reviewer")
    assert status == 200
    own = key_in(page)
    assert own not in lead.page("/settings")
    petra = client(desk)
    assert petra.get("/invitation").status_code == 200
    assert "set-cookie" not in petra.get("/invitation").headers
    assert petra.post("/signin", data={"token": own, "reviewer": "Anna"}).headers["location"] == "/"
    page = petra.get("/").text
    assert "<bdi>Petra</bdi>" in page
    assert 'href="/settings"' not in page
    assert [entry.what for entry in desk.store.chain(limit=1)] == ["reviewer_invited"]


def test_the_whole_link_is_taken_for_its_key(desk: Desk) -> None:
    own = desk.store.invite("Petra", by="Anna").own_key
    assert own
    for link in (f"http://127.0.0.1:8321/invitation#{own}", f" {own}\n"):
        answer = Visitor(desk, "", link).http.get("/")
        assert answer.status_code == 200
        assert "<bdi>Petra</bdi>" in answer.text


@pytest.mark.parametrize("address", ["/settings", "/team/invite", "/team/renew", "/team/withdraw", "/team/role"])
def test_only_leads_have_the_team(desk: Desk, address: str) -> None:
    own = desk.store.invite("Petra", by="Anna").own_key
    petra = Visitor(desk, "", own)
    if address == "/settings":
        answer = petra.http.get(address)
        assert (answer.status_code, "Only a lead may do that." in answer.text) == (403, True)
    else:
        assert petra.send(address, name="Petra", role="lead")[0] == 403
    known = desk.store.reviewer("Petra")
    assert known is not None
    assert known.role == "reviewer"
    assert len(desk.store.reviewers()) == 1


def test_sessions_end_with_their_key_and_roles_count_at_once(desk: Desk) -> None:
    lead = Visitor(desk, "Anna")
    petra = Visitor(desk, "", key_in(lead.send("/team/invite", name="Petra")[1]))
    assert petra.http.get("/settings").status_code == 403
    assert "now has the role lead" in lead.send("/team/role", name="Petra", role="lead")[1]
    assert petra.http.get("/settings").status_code == 200
    own = key_in(lead.send("/team/renew", name="Petra")[1])
    assert petra.http.get("/").headers["location"] == "/signin"
    petra = Visitor(desk, "", own)
    assert "can sign in no more" in lead.send("/team/withdraw", name="Petra")[1]
    assert petra.http.get("/").headers["location"] == "/signin"
    assert petra.http.post("/signin", data={"token": own}).status_code == 403
    assert "withdrawn on" in lead.page("/settings")


def test_keys_outlast_the_server(store: Store) -> None:
    own = store.invite("Petra", by="Anna").own_key
    for desk in (desk_of(store), desk_of(store)):
        assert client(desk).post("/signin", data={"token": own}).status_code == 303


def test_with_the_terminals_token_nobody_works_under_the_name_of_somebody_with_a_key(desk: Desk) -> None:
    before = Visitor(desk, "petra")
    lead = Visitor(desk, "Anna")
    lead.send("/team/invite", name="Petra")
    assert before.http.get("/").headers["location"] == "/signin"
    for name in ("Petra", "PETRA", "petra"):
        answer = client(desk).post("/signin", data={"token": TOKEN, "reviewer": name})
        assert (answer.status_code, "has a key of their own" in answer.text) == (422, True)


def test_one_person_is_one_name(desk: Desk) -> None:
    key = desk.store.keys()[0]
    verdict = str(desk.store.record(key).verdict_key)
    Visitor(desk, "Petra").send(f"/calls/{key}/decisions", choice="done", verdict_key=verdict)
    again = Visitor(desk, " PETRA ")
    again.send(f"/calls/{key}/decisions", choice="not_sure", verdict_key=verdict)
    assert [one.reviewer for one in desk.store.record(key).decisions if one.counts] == ["Petra"]
    assert desk.store.record(key).row.state == "not_sure"
    for name, told in (("Pеtra", "two alphabets"), ("Реtrа", "two alphabets"), ("P.etra", "looks like “Petra”")):
        answer = client(desk).post("/signin", data={"token": TOKEN, "reviewer": name})
        assert (answer.status_code, told in answer.text) == (422, True)


def test_names_of_before_are_offered(desk: Desk) -> None:
    key = desk.store.keys()[0]
    ben = Visitor(desk, "Ben")
    ben.send(f"/calls/{key}/decisions", choice="done", verdict_key=str(desk.store.record(key).verdict_key))
    lead = Visitor(desk, "Anna")
    assert "Names without a key" in lead.page("/settings")
    own = key_in(lead.send("/team/invite", name="Ben")[1])
    assert "Names without a key" not in lead.page("/settings")
    assert 'class="decision"' in Visitor(desk, "", own).page(f"/calls/{key}?show=all")


def test_what_cannot_be_is_said(desk: Desk) -> None:
    lead = Visitor(desk, "Anna")
    lead.send("/team/invite", name="Petra", role="lead")
    for name, told in (("petra", "in the team already"), ("", "Please give a name"), ("x" * 70, "Please give a name")):
        status, page = lead.send("/team/invite", name=name)
        assert (status, told in page) == (409, True)
    assert lead.send("/team/renew", name="Nobody")[0] == 409
    own = desk.store.renew_key("Petra", by="Anna").own_key
    petra = Visitor(desk, "", own)
    for address in ("/team/withdraw", "/team/role"):
        assert petra.send(address, name="petra", role="reviewer")[0] == 409
    assert petra.http.get("/settings").status_code == 200


def test_a_single_user_needs_nothing_else(store: Store) -> None:
    anna = visitor(store)
    assert 'href="/settings"' in anna.page("/")
    assert store.reviewers() == []
