"""The team in a real browser: from the invitation to the first decision."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from tests.axe import complaints
from tests.browser import looked_at
from tests.serve.driven import signed_in
from tests.serve.serving import desk_of, served

from ausweis.store import CallFilter, Store


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    with served(desk_of(store)) as found:
        yield found


@pytest.mark.parametrize(("scripts", "width"), [(True, 1280), (False, 390)])
def test_who_is_invited_is_signed_in_by_one_press(
    browser: Browser, address: str, store: Store, scripts: bool, width: int
) -> None:
    with signed_in(browser, address, "Anna", language="de", scripts=scripts, width=width) as lead:
        page = lead.page
        page.get_by_role("link", name="Einstellungen").click()
        page.get_by_role("heading", name="Team").click()
        page.get_by_label("Name", exact=True).fill("Petra Berg")
        page.get_by_role("button", name="Einladen").click()
        link = page.get_by_role("textbox", name="Der Link für Petra Berg:").input_value()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") if scripts else True
        assert not scripts or complaints(page) == []
        context = browser.new_context(
            java_script_enabled=scripts, locale="de", viewport={"width": width, "height": 800}
        )
        try:
            other = context.new_page()
            other.goto(link)
            if scripts:
                expect(other.get_by_label("Schlüssel")).to_be_hidden()
                assert complaints(other) == []
                other.keyboard.press("Enter")
            else:
                other.get_by_label("Schlüssel").fill(link.partition("#")[2])
                other.get_by_role("button", name="Anmelden").click()
            other.wait_for_url(f"{address}/")
            expect(other.locator(".who")).to_contain_text("Petra Berg")
            expect(other.get_by_role("link", name="Einstellungen")).to_have_count(0)
            key = store.keys(CallFilter(to_review=True, states=("open",)))[0]
            other.goto(f"{address}/calls/{key}")
            other.locator("#decide [value=done]").click()
            other.wait_for_url("**done=*")
            page.get_by_role("button", name="Schlüssel entziehen").click()
            expect(page.get_by_role("status").first).to_contain_text("kann sich nicht mehr anmelden")
            other.goto(f"{address}/")
            other.wait_for_url(f"{address}/signin")
        finally:
            context.close()
    assert [one.reviewer for one in store.record(key).decisions] == ["Petra Berg"]


def test_the_team_fits_on_a_phone(browser: Browser, address: str, store: Store) -> None:
    for name in ("Petra Berg", "Lea-Sophie Sommerfeld-Winterstein"):
        store.invite(name, by="Anna")
    with signed_in(browser, address, "Anna", language="de", width=390, dark=True) as lead:
        page = lead.page
        page.goto(f"{address}/settings#team")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        expect(page.get_by_role("button", name="Schlüssel entziehen: Petra Berg")).to_be_in_viewport()
        assert complaints(page) == []


@pytest.mark.parametrize(("scripts", "width"), [(True, 1280), (False, 390)])
def test_two_reviewers_of_one_queue_do_not_do_the_same_call(
    browser: Browser, address: str, store: Store, scripts: bool, width: int
) -> None:
    first, second, *_ = store.keys(CallFilter(to_review=True, states=("open",)))
    with (
        signed_in(browser, address, "Petra", scripts=scripts) as petra,
        signed_in(browser, address, "Ben", language="de", scripts=scripts, width=width) as ben,
    ):
        petra.page.goto(f"{address}/calls/{first}")
        expect(petra.page.locator(".progress")).to_contain_text(" left")
        page = ben.page
        page.goto(f"{address}/")
        expect(page.locator(".row").first).to_contain_text("Petra ist dran")
        page.locator(".row").first.click()
        expect(page.locator(".held")).to_have_text("Petra hat diesen Anruf gerade geöffnet.")
        expect(page.locator("#decide")).to_have_count(0)
        assert not scripts or complaints(page) == []
        page.get_by_role("link", name="Zum nächsten freien Anruf").click()
        page.wait_for_url(f"{address}/calls/{second}")
        page.go_back()
        page.get_by_role("button", name="Übernehmen").click()
        page.locator("#decide [value=done]").click()
        page.wait_for_url("**done=*")
        # Petra had it open all the time, and loses nothing.
        petra.page.locator("#decide [value=not_sure]").click()
        petra.page.wait_for_url("**done=*")
    assert [one.reviewer for one in store.record(first).decisions] == ["Ben", "Petra"]


def test_a_page_that_is_left_frees_its_call(browser: Browser, address: str, store: Store) -> None:
    key, *_ = store.keys(CallFilter(to_review=True, states=("open",)))
    with signed_in(browser, address, "Petra") as petra, signed_in(browser, address, "Ben") as ben:
        petra.page.goto(f"{address}/calls/{key}")
        petra.page.goto("about:blank")
        # What tells the server that she is gone may come after the next page of hers.
        end = time.monotonic() + 60
        ben.page.goto(f"{address}/calls/{key}")
        while not ben.page.locator("#decide").count() and time.monotonic() < end:
            ben.page.goto(f"{address}/calls/{key}")
        expect(ben.page.locator("#decide")).to_have_count(1)
        # Back from the memory of the browser, or anew: Ben is there by now.
        petra.page.go_back()
        expect(petra.page.locator(".held, [data-taken]:visible").first).to_be_visible()
        petra.requests = [one for one in petra.requests if not one.startswith("about:")]


@pytest.mark.journey
def test_a_lead_settles_what_others_differ_in(browser: Browser, address: str, store: Store) -> None:
    key, *_ = store.keys(CallFilter(outcomes=("violation",), states=("open",)))
    verdict = store.record(key).verdict_key
    store.decide(key, reviewer="Anna", choice="confirm", verdict_key=verdict)
    store.decide(key, reviewer="Ben", choice="overrule", outcome="compliant", verdict_key=verdict)
    with signed_in(browser, address, "Lea", language="de") as lead:
        page = lead.page
        page.goto(f"{address}/?show=again")
        page.locator(".row").first.click()
        expect(page.locator(".decision")).to_have_count(2)
        expect(page.locator(".held")).to_contain_text("Sie klären diesen Anruf")
        assert complaints(page) == []
        expect(page.locator("[value=not_sure]")).to_have_count(0)
        looked_at(page)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("done="))
        expect(page.locator(".row")).to_have_count(0)
        assert complaints(page) == []
        page.goto(f"{address}/calls/{key}?show=all")
        expect(page.locator(".decision").last).to_contain_text("von der Leitung geklärt")
    assert store.record(key).row.state == "confirmed"
