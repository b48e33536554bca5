"""The settings, for leads: sections of one page; addresses of before lead there."""

import json
import re
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient
from tests.axe import complaints
from tests.serve.driven import signed_in
from tests.serve.serving import TOKEN, Visitor, desk_of, served, visitor

from ausweis.journal import lock_file
from ausweis.pages.words import table
from ausweis.serve import Desk, create_app
from ausweis.store import CallFilter, Store
from ausweis.vocabulary import Language


def reviewer(store: Store, name: str = "Petra") -> Visitor:
    """Somebody who leads nobody."""
    return Visitor(desk_of(store), "", store.invite(name, by="Lea").own_key)


def test_settings_are_for_leads(store: Store) -> None:
    petra = reviewer(store)
    assert petra.http.get("/settings").status_code == 403
    assert 'href="/settings' not in petra.page("/")


@pytest.mark.parametrize("address", ["/sample", "/settings/delete", "/calibrations", "/team/invite"])
def test_only_leads_do_what_stands_there(store: Store, address: str) -> None:
    entries = len(store.chain()) + 1
    assert reviewer(store).send(address, call="x", again="x", name="x", n="1", **DAYS)[0] == 403
    assert len(store.chain()) == entries


def test_one_section_is_open_without_scripts_too(store: Store) -> None:
    anna = visitor(store)
    for section in ("team", "rules", "sample", "calibration", "objections", "deletion", "log"):
        page = anna.page(f"/settings?open={section}")
        assert re.findall(r'<details id="(\w+)" class="section[^>]* open>', page) == [section]
    assert " open>" not in anna.page("/settings")


def test_the_rules_of_every_policy_that_judged_stand_there(store: Store) -> None:
    page = visitor(store).page("/settings")
    used = {row.policy.id for row in store.judged_by()}
    assert used
    assert all(f"({policy} " in page for policy in used)
    assert "The caller&#39;s name" in page or "The name is always wanted" in page


def test_a_call_is_deleted_by_its_id_typed_twice_while_the_server_runs(store: Store) -> None:
    anna, row = visitor(store), store.calls()[0]
    for again, told in (("", "type the id twice alike"), (row.call_id + "x", "type the id twice alike")):
        status, page = anna.send("/settings/delete", call=row.call_id, again=again)
        assert (status, told in page, f'value="{row.call_id}"' in page) == (409, True, True)
    assert anna.send("/settings/delete", call="unknown-1", again="unknown-1")[0] == 409
    assert store.find(row.call_id) == row.key
    status, page = anna.send("/settings/delete", call=row.call_id, again=f" {row.call_id}")
    assert (status, "nothing of it is left in the store" in page) == (200, True)
    assert store.find(row.call_id) is None
    assert (store.chain(limit=1)[0].what, store.chain(limit=1)[0].who) == ("deleted", "Anna")
    assert anna.http.get(f"/calls/{row.key}").status_code == 404
    assert store.verify_chain() > 0


@pytest.mark.parametrize("language", ["de", "en"])
def test_why_a_call_was_not_deleted_is_said_without_paths_of_the_server(
    store: Store, tmp_path: Path, language: Language, caplog: pytest.LogCaptureFixture
) -> None:
    anna, row, path = visitor(store), store.calls()[0], tmp_path / "out" / "verdicts.jsonl"
    anna.http.headers["Accept-Language"] = language
    path.parent.mkdir()
    path.write_text(json.dumps({"call_id": row.call_id}) + "\n", encoding="utf-8")
    store.register(path, "verdicts")

    def told() -> str:
        caplog.clear()
        status, page = anna.send("/settings/delete", call=row.call_id, again=row.call_id)
        problem = page.partition('<p class="problem" role="alert">')[2].partition("</p>")[0]
        assert (status, str(path.parent) in caplog.text, str(tmp_path) in problem) == (200, True, False)
        return unescape(problem)

    with path.open("rb") as file:
        lock_file(file)
        assert table(language, "errors")["delete_file"] in told()
    path.parent.rename(tmp_path / "elsewhere")
    assert table(language, "errors")["delete_away"] in told()
    assert store.find(row.call_id) == row.key


def test_the_log_is_told_in_words_fifty_at_a_time(store: Store) -> None:
    anna = visitor(store)
    for _ in range(60):
        store.log("searched", who="Ben")
    page = anna.page("/settings?open=log")
    assert page.count("searched masked data") == 50
    older = re.search(r'href="(/settings\?open=log&amp;before=\d+)#log"', page)
    assert older
    page = anna.page(older[1].replace("&amp;", "&"))
    assert page.count("searched masked data") == 10
    assert "read or judged calls" in page


def test_the_log_tells_what_a_masked_search_promises_and_to_whom_calls_were_assigned(store: Store) -> None:
    anna = visitor(store)
    promise = "with the time, how many calls were found, and what kind of data it was about, without the words."
    assert promise in anna.page("/?q=x")
    # The date of birth of nobody, and a word that many say.
    for words in ("24.12.1891", "Rechnung"):
        assert anna.send("/search", q=words)[0] == 303
    anna.send("/assign", to="Petra", n="1")
    anna.send("/assign", to="", n="1")
    page = anna.page("/settings?open=log")
    told = re.findall(
        r"(?:searched masked data|assigned a call to somebody) <span class=\"note\"><bdi>(.*?)</bdi>", page
    )
    found = len(store.keys(CallFilter(text="Rechnung")))
    assert told == ["→ nobody any more", "→ Petra", f"Found in all calls: {found}", "Found in all calls: 0, ‹date›"]


DAYS = {"first": "2026-02-01", "last": "2026-03-02"}


def test_drawn_calls_are_those_without_a_flag(store: Store) -> None:
    anna = visitor(store)
    assert anna.send("/sample", n="5", **DAYS) == (303, "/settings?open=sample&new=5#sample")
    drawn = store.calls(CallFilter(sampled=True))
    assert len(drawn) == 5
    assert not any(row.to_review for row in drawn)
    page = anna.page("/settings?open=sample&new=5")
    assert "5 calls drawn." in page
    assert "Open: 5 of 5 drawn calls" in page
    assert 'href="/?show=sample"' in page
    assert store.chain(limit=1)[0].who == "Anna"


def test_the_sample_is_not_listed_by_risk(store: Store) -> None:
    anna = visitor(store)
    anna.send("/sample", n="12", **DAYS)
    wanted = [str(key) for key in store.keys(CallFilter(sampled=True), order="chance")]
    page = anna.page("/?show=sample")
    assert re.findall(r'href="/calls/(\d+)\?show=sample"', page) == wanted
    assert '<option value="">By chance</option>' in page
    assert wanted != [str(key) for key in store.keys(CallFilter(sampled=True))]


def test_deciding_walks_through_the_sample(store: Store) -> None:
    anna = visitor(store)
    anna.send("/sample", n="3", **DAYS)
    keys = store.keys(CallFilter(sampled=True), order="chance")
    for key, after in zip(keys, [*keys[1:], None], strict=True):
        verdict = str(store.record(key).verdict_key)
        _, where = anna.send(f"/calls/{key}/decisions?show=sample", choice="done", verdict_key=verdict)
        assert where.startswith(f"/calls/{after}?show=sample" if after else "/?show=sample")
    assert "Open: 0 of 3 drawn calls" in anna.page("/settings")


@pytest.mark.parametrize(
    "fields",
    [{"n": "0"}, {"n": "1001"}, {"n": "x"}, {"n": ""}, {"first": "x"}, {"last": ""}, {"first": "2026-03-03"}],
)
def test_wrong_days_or_numbers_draw_nothing(store: Store, fields: dict[str, str]) -> None:
    status, page = visitor(store).send("/sample", **({"n": "5"} | DAYS | fields))
    assert status == 409
    assert "Please check days and number" in page
    assert store.count(CallFilter(sampled=True)) == 0


def test_drawing_needs_the_mark(store: Store) -> None:
    assert visitor(store).http.post("/sample", data={"n": "5", **DAYS}).status_code == 403
    assert store.count(CallFilter(sampled=True)) == 0


@pytest.mark.parametrize(("width", "dark"), [(1366, False), (375, True)])
def test_sections_in_the_browser(browser: Browser, store: Store, width: int, dark: bool) -> None:
    for name in ("Ben", "Mia"):
        store.invite(name, by="Anna")
    with (
        served(desk_of(store)) as address,
        signed_in(browser, address, "Anna", language="de", width=width, dark=dark) as lead,
    ):
        page = lead.page
        page.goto(f"{address}/settings#deletion")
        expect(page.get_by_label("Kennung des Anrufs")).to_be_visible()
        page.goto(f"{address}/settings#rules")
        expect(page.locator("#rules")).to_have_attribute("open", "")
        page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert complaints(page) == []


# The team: leads invite; each works under one name, by their own key, in the role that the table has now.
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
