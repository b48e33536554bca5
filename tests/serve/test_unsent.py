"""In a real browser: whatever comes between, what was typed about a call is in its form again."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.browser import looked_at
from tests.serve.driven import sign_in, signed_in
from tests.serve.filled import LAST_DAY
from tests.serve.serving import TOKEN, desk_of, served

from ausweis.serve import Auth, Desk
from ausweis.store import CallFilter, Store

DONE = "#decide [value=done]"
NOTE = "Erste Zeile,\nzweite Zeile"


@pytest.fixture
def desk(store: Store) -> Desk:
    return desk_of(store)


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    with served(desk) as found:
        yield found


@pytest.fixture
def key(store: Store) -> int:
    return store.keys(CallFilter(to_review=True, states=("open",)))[0]


def typed(page: Page, address: str) -> None:
    """Open a call and fill in its form: a finding rejected, two added, a note."""
    page.goto(address)
    looked_at(page)
    fill_in(page)


def fill_in(page: Page) -> None:
    page.locator("label.no").first.click()
    page.locator("[name=reason-1]").select_option("place")
    for turn, kind in (("3", "late_authentication"), ("2", "rude_agent")):
        page.locator("[name=add-turn]").fill(turn)
        page.locator("[name=add-kind]").select_option(kind)
        page.locator("[value=add]").click()
    page.locator("[name=note]").fill(NOTE)


def is_there(page: Page) -> None:
    # Scripts run when all of the page is there.
    page.wait_for_load_state()
    expect(page.locator("[name=note]")).to_have_value(NOTE)
    expect(page.locator("[name=finding-1][value=no]")).to_be_checked()
    expect(page.locator("[name=reason-1]")).to_have_value("place")
    for number, value in ((1, "late_authentication@3"), (2, "rude_agent@2")):
        expect(page.locator(f"[name=missing-{number}][value='{value}']")).to_be_checked()


def kept(store: Store, key: int) -> None:
    (decision,) = store.record(key).decisions
    assert (decision.choice, decision.outcome, decision.note) == ("overrule", "violation", NOTE)
    assert ("late_authentication", 3) in decision.violations
    assert ("rude_agent", 2) in (decision.incidents or ())
    assert [reason for *_, reason in decision.reasons] == ["place"]


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (390, True), (1280, False)])
def test_a_session_that_ended_costs_nothing(
    browser: Browser, address: str, desk: Desk, store: Store, key: int, width: int, scripts: bool
) -> None:
    with signed_in(browser, address, width=width, dark=width == 390, scripts=scripts) as found:
        page = found.page
        if scripts:
            typed(page, f"{address}/calls/{key}?show=all")
        else:
            page.goto(f"{address}/calls/{key}?show=all")
            fill_in(page)
        desk.auth = Auth(TOKEN)
        page.locator(DONE).click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(page.get_by_text("Nothing that you typed is lost")).to_be_visible()
        if scripts:
            assert Axe().run(page).response["violations"] == []
        sign_in(page, "Anna", TOKEN)
        expect(page.locator("#decide [role=alert]:visible")).to_contain_text("You were signed out.")
        is_there(page)
        if scripts:
            assert Axe().run(page).response["violations"] == []
        assert store.record(key).decisions == ()
        page.locator(DONE).click()
        page.wait_for_url(f"**done={key}")
        found.complaints = [one for one in found.complaints if "403" not in one and "[DOM] Password forms" not in one]
    kept(store, key)


def test_another_language_and_unmasking_keep_it(browser: Browser, address: str, store: Store, key: int) -> None:
    with signed_in(browser, address, language="de") as found:
        page = found.page
        typed(page, f"{address}/calls/{key}?show=all")
        page.get_by_role("link", name="English").click()
        expect(page.locator("html[lang=en]")).to_be_visible()
        is_there(page)
        page.locator(".more summary").click()
        page.get_by_role("button", name="Unmask").click()
        expect(page.locator("form.unmask")).to_have_attribute("action", f"/calls/{key}/mask?show=all")
        is_there(page)
        page.get_by_role("link", name="Deutsch").click()
        expect(page.locator("html[lang=de]")).to_be_visible()
        is_there(page)
        page.locator(DONE).click()
        page.wait_for_url(f"**show=all&done={key}")
    kept(store, key)


@pytest.mark.journey
def test_a_server_that_is_away_takes_nothing_with_it(browser: Browser, address: str, store: Store, key: int) -> None:
    with signed_in(browser, address) as found:
        page = found.page
        typed(page, f"{address}/calls/{key}?show=all")
        page.context.set_offline(True)
        page.locator(DONE).click()
        expect(page.get_by_text("The server does not answer.")).to_be_visible()
        is_there(page)
        assert Axe().run(page).response["violations"] == []
        page.context.set_offline(False)
        page.locator(DONE).dblclick()
        page.wait_for_url(f"**done={key}")
        found.complaints = [one for one in found.complaints if "ERR_INTERNET_DISCONNECTED" not in one]
    kept(store, key)


def test_who_leaves_something_typed_behind_is_warned_and_nobody_else(
    browser: Browser, address: str, store: Store, key: int
) -> None:
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{key}")
        page.get_by_role("link", name="Next").click()
        page.wait_for_url(lambda url: not url.endswith(f"/{key}"))
        page.goto(f"{address}/calls/{key}")
        page.get_by_label("Note").fill("noch nicht")
        page.locator("p.outcome").click()
        with page.expect_event("dialog") as asked:
            page.get_by_role("link", name="Next").click()
        assert asked.value.type == "beforeunload"
        page.wait_for_timeout(200)
        assert page.url == f"{address}/calls/{key}"
        expect(page.get_by_label("Note")).to_have_value("noch nicht")
        # Emptied, it is nothing that is lost.
        page.get_by_label("Note").fill("")
        page.locator(".brand").click()
        page.wait_for_url(f"{address}/")
        assert [one for one in found.complaints if one.startswith("dialog")] == ["dialog: "]
        found.complaints = [one for one in found.complaints if not one.startswith("dialog")]


def test_a_label_that_is_refused_comes_back_and_is_still_unsent(
    browser: Browser, address: str, store: Store, key: int
) -> None:
    with signed_in(browser, address) as found:
        page = found.page
        typed(page, f"{address}/calls/{key}?show=all")
        page.locator("[name=add-turn]").fill("999")
        page.locator("[name=add-kind]").select_option("rude_agent")
        page.locator("[value=add]").click()
        page.locator(DONE).click()
        expect(page.locator("#decide [role=alert]:visible")).to_be_visible()
        page.locator("p.outcome").click()
        with page.expect_event("dialog"):
            page.get_by_role("link", name="Figures").click()
        page.locator("[value='rude_agent@999']").uncheck()
        is_there(page)
        page.locator(DONE).click()
        page.wait_for_url(f"**done={key}")
        found.complaints = [one for one in found.complaints if "409" not in one and not one.startswith("dialog")]
    kept(store, key)


def test_what_was_heard_blind_is_not_lost_either(browser: Browser, address: str, desk: Desk, store: Store) -> None:
    key = store.draw_sample(LAST_DAY - timedelta(days=30), LAST_DAY, 3)[0]
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{key}?show=sample")
        page.locator("[name=add-turn]").fill("2")
        page.locator("[name=add-kind]").select_option("late_authentication")
        page.locator("[value=add]").click()
        page.locator("[name=note]").fill(NOTE)
        page.get_by_role("link", name="Deutsch").click()
        expect(page.locator("html[lang=de]")).to_be_visible()
        expect(page.locator("[value='late_authentication@2']")).to_be_checked()
        desk.auth = Auth(TOKEN)
        page.locator(DONE).click()
        sign_in(page, "Anna", TOKEN)
        expect(page.locator("[value='late_authentication@2']")).to_be_checked()
        expect(page.locator("[name=note]")).to_have_value(NOTE)
        looked_at(page)
        page.locator(DONE).click()
        expect(page.locator(".compared")).to_be_visible()
        told = ("403", "[DOM] Password forms")
        found.complaints = [one for one in found.complaints if not any(known in one for known in told)]
    (decision,) = store.record(key).decisions
    assert (decision.blind, decision.note, decision.violations) == (True, NOTE, (("late_authentication", 2),))


def test_the_browser_keeps_nothing_of_it(browser: Browser, address: str, key: int) -> None:
    with signed_in(browser, address) as found:
        page = found.page
        typed(page, f"{address}/calls/{key}")
        page.get_by_role("link", name="Deutsch").click()
        expect(page.locator("html[lang=de]")).to_be_visible()
        assert "Zeile" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
