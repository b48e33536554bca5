"""The pages in a real browser. The rule: words of a call are shown and do nothing, and two reviewers lose nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.browser import looked_at
from tests.serve.driven import sign_in, signed_in
from tests.serve.filled import call_of, fill, incident, judged, tone
from tests.serve.serving import TOKEN, desk_of, served

from ausweis.facts import Event, Facts
from ausweis.serve.security import CONTENT_SECURITY_POLICY
from ausweis.store import CallFilter, Store

HOSTILE = [
    "</p></li></ol></section><script>document.title = 'ran'</script>",
    '<img src=x onerror="document.title = \'ran\'"> " onfocus="alert(1)" autofocus=" \' & {{ 7 * 7 }}',
    "<svg onload=alert(3)> <a href=javascript:alert(4)>x</a> \u202eback to front\u202c null:\x00 bell:\x07",
    "<style>* { display: none }</style><meta http-equiv=refresh content=0><form action=//evil.example>",
]


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    with served(desk_of(store)) as found:
        yield found


def focused(page: Page) -> str:
    """The address or id of what has the focus."""
    return str(page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.id"))


@pytest.mark.journey
def test_a_reviewer_goes_through_the_queue_by_keys_alone(browser: Browser, address: str, store: Store) -> None:
    keys = store.keys(CallFilter(to_review=True, states=("open",)))
    with signed_in(browser, address) as found:
        page = found.page
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        assert focused(page) == f"/calls/{keys[1]}"
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/calls/{keys[1]}")
        for after in keys[2:4]:
            looked_at(page)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{address}/calls/{after}?done=*")
            expect(page.locator(".said")).to_contain_text("confirmed")
        page.keyboard.press("z")
        page.wait_for_url(f"{address}/calls/{keys[2]}?undone=1")
    assert [store.record(key).row.state for key in keys[:4]] == ["open", "confirmed", "open", "open"]


@pytest.mark.journey
def test_a_critical_incident_is_the_first_call_and_the_first_finding(browser: Browser, incidents: Store) -> None:
    with served(desk_of(incidents)) as address, signed_in(browser, address) as found:
        page = found.page
        expect(page.locator(".row .id")).to_have_text(["critical", "leaked", "medium"])
        expect(page.locator(".row .what").first).to_have_text(
            "Threatens with the press or the public (2 ×), rude to the caller turn 1"
        )
        assert Axe().run(page).response["violations"] == []
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/calls/3")
        expect(page.locator(".finding .badge")).to_have_text(["critical", "low", "low"])
        expect(page.locator(".outcome")).not_to_contain_text("ompliant")
        page.locator("[rel=next]").click()
        page.wait_for_url(f"{address}/calls/2")
        page.goto(f"{address}/")
        page.locator(".fields summary").click()
        page.get_by_label("Order").select_option("Riskiest first")
        page.wait_for_url("**order=risk*")
        expect(page.locator(".row .id")).to_have_text(["leaked", "critical", "medium"])


def test_a_wrong_price_is_read_in_the_quote_and_in_its_turn(browser: Browser, tmp_path: Path) -> None:
    call = call_of("c", ["Das macht 39,99 Euro.", "Abgebucht sind 84,50 Euro."])
    one = judged(call, Facts(call_id="c", turns=2), incidents=(incident(call, turn=1, kind="wrong_terms"),))
    with (
        fill(tmp_path / "s.sqlite", [one]) as store,
        served(desk_of(store)) as address,
        signed_in(browser, address) as found,
    ):
        page = found.page
        page.goto(f"{address}/calls/1")
        expect(page.locator("blockquote")).to_have_text("Das macht 39,99 Euro.")
        expect(page.locator("#t1 .said-here p")).to_have_text("Das macht 39,99 Euro.")
        expect(page.locator("#t2 .said-here p")).to_have_text("Abgebucht sind ‹amount›.")


@pytest.mark.journey
def test_incidents_are_decided_in_the_form(browser: Browser, tmp_path: Path) -> None:
    call = call_of("c", ["Guten Tag.", "Ich gehe zum Anwalt.", "Na und?"])
    found_in = (incident(call, kind="lawyer_threat"), incident(call, kind="press_threat"))
    one = judged(call, Facts(call_id="c", turns=3), outcome="compliant", incidents=found_in)
    with fill(tmp_path / "s.sqlite", [one]) as store, served(desk_of(store)) as address:
        for width in (1280, 390):
            with signed_in(browser, address, width=width) as found:
                page = found.page
                page.goto(f"{address}/calls/1?show=all")
                page.locator("label.no:has([name=finding-1])").click()
                page.locator("[name=reason-1]").select_option("other")
                page.locator("[name=add-turn]").fill("3")
                page.locator("[name=add-kind]").select_option(label="Rude to the caller")
                page.locator("[value=add]").click()
                assert Axe().run(page).response["violations"] == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                page.locator("#decide [value=done]").click()
                page.wait_for_url("**done=1*")
        assert {*(store.record(1).decisions[-1].incidents or ())} == {("press_threat", 2), ("rude_agent", 3)}


def test_a_link_on_another_site_opens_the_call(browser: Browser, address: str, store: Store) -> None:
    key = store.keys(CallFilter())[0]
    with signed_in(browser, address) as found:
        other = found.page.context.new_page()
        other.goto(f"data:text/html,<a href='{address}/calls/{key}'>call</a>")
        other.get_by_text("call").click()
        other.wait_for_url(f"{address}/calls/{key}")
        expect(other.locator("main.call")).to_be_visible()


def test_keys_do_nothing_while_somebody_writes_or_has_turned_them_off(
    browser: Browser, address: str, store: Store
) -> None:
    key = store.keys(CallFilter(to_review=True, states=("open",)))[0]
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{key}")
        looked_at(page)
        page.get_by_label("Note").press_sequentially("1z?/")
        # Enter is a new line there.
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+1")
        page.keyboard.press("?")
        for key_of in ("1", "Enter"):
            page.keyboard.press(key_of)
        page.locator("#keys-on").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("1")
        page.wait_for_timeout(200)
        expect(page.locator("[name=finding-1][value=yes]")).to_be_checked()
        expect(page.get_by_label("Note")).to_have_value("1z?/\n")
        assert page.url == f"{address}/calls/{key}"
        page.get_by_label("Note").fill("")
        page.reload()
        page.keyboard.press("1")
        expect(page.locator("[name=finding-1][value=yes]")).to_be_checked()
    assert store.record(key).decisions == ()


def test_turns_are_walked_by_keys_and_a_note_names_the_turn(browser: Browser, address: str, store: Store) -> None:
    row = store.calls(CallFilter(outcomes=("violation",)))[0]
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{row.key}")
        worst = page.locator(".moment a").first.get_attribute("data-to")
        expect(page.locator(f"#t{worst}")).to_be_in_viewport()
        for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown"):
            page.keyboard.press(key)
        assert focused(page) == "t2"
        page.keyboard.press("n")
        expect(page.get_by_label("Note")).to_be_focused()
        page.keyboard.type("leise")
        expect(page.get_by_label("Note")).to_have_value("Turn 2: leise")
        page.get_by_label("Note").fill("")


@pytest.mark.journey
def test_the_recording_jumps_to_the_place(browser: Browser, address: str, store: Store) -> None:
    # One that is over before the recording is, which lasts a minute.
    calls = store.calls(CallFilter(outcomes=("violation",)))
    row = next(one for one in calls if (one.seconds or 60) < 55 and store.record(one.key).audio)
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{row.key}")
        page.wait_for_function("() => document.querySelector('audio').readyState >= 1")
        seconds = float(page.locator(".moment a").first.get_attribute("data-seconds") or 0)
        ready = "() => Math.abs(document.querySelector('audio').currentTime - %f) < 1.5"
        page.wait_for_function(ready % max(seconds - 2, 0))
        page.locator(".moment .play").first.click()
        page.wait_for_function(ready % max(seconds - 2, 0) + " && !document.querySelector('audio').paused")
        page.locator("p.outcome").click()
        page.keyboard.press(" ")
        page.wait_for_function("() => document.querySelector('audio').paused")
        last = page.locator(".turn button.play").last
        last.click()
        end = float(last.get_attribute("data-seconds") or 0)
        page.wait_for_function(ready % end)
        assert end > seconds


def test_an_address_with_a_second_opens_the_call_there(browser: Browser, tmp_path: Path) -> None:
    call = call_of("c", ["Ich gehe zum Anwalt. " * 20] * 12)
    one = judged(call, Facts(call_id="c", turns=12), incidents=(incident(call, turn=1, kind="lawyer_threat"),))
    at = "() => Math.abs(document.querySelector('audio').currentTime - %d) < 0.5"
    with (
        fill(tmp_path / "s.sqlite", [one], audio={"c": (tone(tmp_path / "call.wav"),)}) as store,
        served(desk_of(store)) as address,
        signed_in(browser, address, width=1280) as found,
        signed_in(browser, address, width=390) as narrow,
    ):
        for page in (found.page, narrow.page):
            # The eighth turn begins at 35.0, the ninth at 40.0: within the second that follows 39.
            for second, turn in ((37, 8), (39, 9)):
                page.goto(f"{address}/calls/1#t={second}")
                page.wait_for_function(at % second)
                expect(page.locator(f"#t{turn}")).to_be_in_viewport()
                expect(page.locator("#t1")).not_to_be_in_viewport()
            page.goto(f"{address}/calls/1#t=x")
            page.reload()
            page.wait_for_function(at % 0)


def test_the_second_outlasts_the_sign_in(browser: Browser, address: str, store: Store) -> None:
    row = next(one for one in store.calls(CallFilter()) if store.record(one.key).audio)
    page = browser.new_page(locale="en")
    try:
        page.goto(f"{address}/calls/{row.key}?show=all#t=7")
        for name, token in (("Anna", "wrong"), ("Anna", TOKEN)):
            sign_in(page, name, token)
            expect(page.locator("[role=alert]")).to_have_count(1 if token == "wrong" else 0)
        page.wait_for_url(f"{address}/calls/{row.key}?show=all#t=7")
        page.wait_for_function("() => Math.abs(document.querySelector('audio').currentTime - 7) < 0.5")
        assert page.url == f"{address}/calls/{row.key}?show=all#t=7"
    finally:
        page.context.close()


def test_a_recording_that_is_gone_leaves_no_button_that_does_nothing(browser: Browser, tmp_path: Path) -> None:
    file = tone(tmp_path / "call.wav", 1)
    call = call_of("c", ["Guten Tag.", "Ich kündige!"])
    one = judged(call, Facts(call_id="c", turns=2), incidents=(incident(call),))
    with fill(tmp_path / "s.sqlite", [one], audio={"c": (file,)}) as store, served(desk_of(store)) as address:
        file.unlink()
        with signed_in(browser, address, width=390, language="de") as found:
            page = found.page
            page.goto(f"{address}/calls/1")
            expect(page.get_by_text("Eine Aufnahme dieses Anrufs ist nicht mehr vorhanden.")).to_be_visible()
            expect(page.locator("audio, button.play")).to_have_count(0)
            expect(page.locator(".moment")).not_to_contain_text("▶")
            page.locator(".moment a[data-to]").click()
            expect(page.locator("#t2")).to_be_focused()
            assert Axe().run(page).response["violations"] == []


def test_a_store_that_cannot_be_read_is_said_so(browser: Browser, address: str, tmp_path: Path) -> None:
    with signed_in(browser, address) as found:
        with closing(sqlite3.connect(tmp_path / "calls.sqlite")) as connection:
            connection.execute("ALTER TABLE calls RENAME TO elsewhere")
        page = found.page
        page.goto(f"{address}/calls/1")
        expect(page.get_by_role("heading")).to_have_text("The store cannot be read at the moment.")
        assert Axe().run(page).response["violations"] == []
        found.complaints = [one for one in found.complaints if "503" not in one]


@pytest.mark.journey
def test_the_filter_works_as_somebody_writes(browser: Browser, address: str, store: Store) -> None:
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/?show=all")
        page.keyboard.press("/")
        page.keyboard.type("Rechnung")
        wanted = store.count(CallFilter(text="Rechnung"))
        expect(page.locator(".row")).to_have_count(wanted)
        expect(page.locator(".count")).to_contain_text(f"{wanted} call")
        page.wait_for_url("**q=Rechnung*")
        page.locator(".row").first.click()
        page.wait_for_url("**/calls/*q=Rechnung*")
        page.go_back()
        expect(page.locator(".row")).to_have_count(wanted)
        assert page.evaluate("JSON.stringify([localStorage, sessionStorage])").count("Rechnung") <= 1


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [1280, 320])
def test_masked_data_is_searched_by_a_button_that_says_what_it_does(
    browser: Browser, address: str, store: Store, width: int, scripts: bool
) -> None:
    with signed_in(browser, address, width=width, language="de", scripts=scripts) as found:
        page = found.page
        page.goto(f"{address}/?show=all&q=Petersen")
        expect(page.locator(".row")).to_have_count(0)
        if scripts:
            assert Axe().run(page).response["violations"] == []
        page.locator(".unmasked-search button").click()
        page.wait_for_url("**/?*found=*")
        expect(page.locator(".row")).to_have_count(1)
        expect(page.get_by_role("status").first).to_contain_text("„Petersen“, gefunden: 1.")
        expect(page.locator(".found-at mark .masked")).to_have_text("‹Name›")
        assert "Petersen" not in page.url
        if scripts:
            assert Axe().run(page).response["violations"] == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator(".row").click()
        page.wait_for_url("**/calls/*found=*#t2")
        expect(page.locator("#t2")).to_be_in_viewport()
        page.locator(".where-am-i > a").click()
        page.get_by_role("link", name="Suche beenden").click()
        page.wait_for_url(f"{address}/")
        assert store.chain(limit=1)[0].detail == {"found": 1, "kinds": ["words"]}


@pytest.mark.journey
def test_pages_work_without_scripts(browser: Browser, address: str, store: Store) -> None:
    key = store.keys(CallFilter(to_review=True, states=("open",)))[0]
    with signed_in(browser, address, scripts=False) as found:
        page = found.page
        page.locator("input[name=q]").fill("Rechnung")
        page.locator("#search button").click()
        page.wait_for_url("**q=Rechnung*")
        page.goto(f"{address}/calls/{key}")
        page.locator("[name=add-turn]").fill("2")
        page.locator("[name=add-kind]").select_option("late_authentication")
        page.locator("[value=add]").click()
        expect(page.locator("[name=missing-1]")).to_be_checked()
        page.locator("label.no").first.click()
        page.locator("#decide [value=done]").click()
        expect(page.locator("[role=alert]")).to_contain_text("why")
        page.locator("[name=reason-1]").select_option("rule")
        page.locator("#decide [value=done]").click()
        page.wait_for_url("**done=*")
        found.complaints = [one for one in found.complaints if "409" not in one]
    (decision,) = store.record(key).decisions
    assert ("late_authentication", 2) in decision.violations
    assert [reason for *_, reason in decision.reasons] == ["rule"]


@pytest.mark.journey
def test_two_reviewers_at_once_lose_nothing(browser: Browser, address: str, store: Store) -> None:
    key = store.keys(CallFilter(to_review=True, states=("open",)))[0]
    with signed_in(browser, address, "Anna") as anna, signed_in(browser, address, "Ben") as ben:
        for one in (anna, ben):
            one.page.goto(f"{address}/calls/{key}?show=all")
        anna.page.get_by_label("Note").fill("from Anna")
        ben.page.get_by_label("Note").fill("from Ben")
        anna.page.locator("#decide [value=done]").click()
        anna.page.wait_for_url("**done=*")
        ben.page.locator("#decide [value=not_sure]").click()
        ben.page.wait_for_url("**done=*")
        anna.page.goto(f"{address}/calls/{key}")
        expect(anna.page.locator(".decision")).to_have_count(2)
        expect(anna.page.locator(".decide")).to_contain_text("from Ben")
    found = {(one.reviewer, one.choice, one.note) for one in store.record(key).decisions}
    assert found == {("Anna", "confirm", "from Anna"), ("Ben", "not_sure", "from Ben")}
    assert store.record(key).row.state == "confirmed"
    assert [one.who for one in store.chain(limit=2)] == ["Ben", "Anna"]
    assert store.verify_chain() > 2


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A call whose words, id and names are hostile, one of its turns a megabyte long."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    name = "<b onmouseover=alert(5)>'\"&"
    call = call_of(name, [*HOSTILE, "<b>" * 350_000], queue=HOSTILE[0], team=HOSTILE[1])
    facts = Facts(
        call_id=name,
        turns=5,
        events=(
            Event(kind="discloses", subject="contract_data", turn=1, quote=HOSTILE[0][:30]),
            Event(kind="gives", subject="password", turn=2, quote=HOSTILE[1][:20]),
        ),
    )
    broken = incident(call, turn=3, kind=HOSTILE[0]) | {"description": HOSTILE[3]}
    one = judged(call, facts, incidents=(broken,))
    with fill(folder / "s.sqlite", [one], audio={name: (tone(folder / "a'<b>.wav", 2),)}) as store:
        yield store


@pytest.mark.parametrize("masked", [True, False])
def test_hostile_words_are_shown_and_do_nothing(browser: Browser, hostile: Store, masked: bool) -> None:
    with served(desk_of(hostile)) as address, signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/1?show=all")
        if not masked:
            page.locator(".more summary").click()
            page.get_by_role("button", name="Unmask").click()
            expect(page.locator("form.unmask")).to_have_attribute("action", "/calls/1/mask?show=all")
        page.keyboard.press("ArrowDown")
        assert page.title() != "ran"
        assert page.locator("script").count() == 7
        assert (
            page.locator("main img, main style, main meta, main [onload], main [onerror], main [onfocus]").count() == 0
        )
        assert page.locator("main form").evaluate_all(
            "(forms) => forms.every((form) => new URL(form.action).origin === location.origin)"
        )
        assert page.locator(".turn").count() == 5
        if not masked:
            shown = page.locator("#t1 .said-here p").inner_text()
            assert shown == HOSTILE[0]
            assert len(page.locator("#t5 .said-here p").inner_text()) > 1_000_000
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        page.goto(f"{address}/?show=all")
        assert page.locator(".row .id").inner_text() == "<b onmouseover=alert(5)>'\"&"


@pytest.mark.journey
def test_a_script_that_got_in_would_not_run(browser: Browser, address: str) -> None:
    with signed_in(browser, address) as found:
        page = found.page
        mark = "<script>document.title = 'ran'</script><p id='in' style='color: red' onclick=\"document.title='ran'\">x"

        def worse(route: object) -> None:
            answer = route.fetch()  # type: ignore[attr-defined]
            body = answer.text().replace("<h1>", f"{mark}<h1>")
            route.fulfill(response=answer, body=body)  # type: ignore[attr-defined]

        page.route(f"{address}/figures", worse)
        answer = page.goto(f"{address}/figures")
        assert answer is not None
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        page.locator("#in").click()
        assert page.title() != "ran"
        assert any("Content Security Policy" in one for one in found.complaints)
        found.complaints.clear()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.journey)])
def test_pages_are_accessible_and_fit_the_screen(
    browser: Browser, address: str, store: Store, width: int, dark: bool
) -> None:
    key = store.keys(CallFilter(outcomes=("violation",)))[0]
    store.decide(key, reviewer="Anna", choice="confirm", verdict_key=store.record(key).verdict_key, note="n")
    calm = store.keys(CallFilter(outcomes=("compliant",)))[0]
    addresses = ("/?show=all&queue=Technik", f"/calls/{key}", f"/calls/{calm}?done={key}", "/?show=sample")
    language = "de" if dark else "en"
    with signed_in(browser, address, width=width, dark=dark, language=language) as found:
        page = found.page
        for one in (*addresses, "/figures", "/calls/999", "reject a finding", "open the help"):
            if one.startswith("/"):
                page.goto(address + one)
            elif one == "reject a finding":
                page.goto(f"{address}/calls/{key}")
                page.locator("label.no").first.click()
            else:
                page.locator("[data-help]").click()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, one
            assert page.locator("html").get_attribute("lang") == language
            result = Axe().run(page)
            assert result.violations_count == 0, result.generate_report()
        found.complaints = [one for one in found.complaints if "404" not in one]


@pytest.mark.journey
def test_the_sign_in_is_accessible(browser: Browser, address: str) -> None:
    page = browser.new_page()
    try:
        for one in ("/signin", f"/signin?token={TOKEN}", "/signin?token=wrong"):
            page.goto(address + one)
            result = Axe().run(page)
            assert result.violations_count == 0, result.generate_report()
    finally:
        page.context.close()
