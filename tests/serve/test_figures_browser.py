"""Figures in a real browser: a number leads to its calls, on a phone and by the keyboard too."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from tests.serve.driven import signed_in
from tests.serve.serving import desk_of, served
from tests.serve.test_figures import overruled

from ausweis.store import Store


@pytest.mark.parametrize(("width", "dark", "scripts"), [(1280, False, True), (390, True, True), (1280, False, False)])
def test_a_number_leads_to_its_calls(browser: Browser, store: Store, width: int, dark: bool, scripts: bool) -> None:
    with (
        served(desk_of(overruled(store))) as address,
        signed_in(browser, address, width=width, dark=dark, scripts=scripts) as found,
    ):
        page = found.page
        page.goto(f"{address}/figures")
        if scripts:
            results = Axe().run(page)
            assert results.violations_count == 0, results.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("link", name="All calls: 5 rejected").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".count")).to_have_text("5 calls")
        # What the machine said is struck through, what people say stands beside it.
        row = page.locator(".row", has_text="Reviewers: compliant").first
        expect(row.locator("s")).to_be_visible()
        expect(row.locator(".people")).to_have_text("Reviewers: compliant")
        row.click()
        expect(page.locator(".outcome .people")).to_have_text("Reviewers: compliant")


def test_period_and_kind_are_chosen_in_a_form(browser: Browser, store: Store) -> None:
    with served(desk_of(store)) as address, signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/figures")
        page.get_by_label("Figures of").select_option("threatens to cancel")
        page.get_by_label("From").first.fill("2026-02-24")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("heading", name="Threatens to cancel")).to_be_visible()
        page.get_by_role("link", name="Last 7 days").click()
        expect(page.get_by_label("From").first).to_have_value("2026-02-24")
        expect(page.get_by_label("Figures of")).to_have_value("cancel_threat")


def test_what_others_say_is_hidden_until_one_has_decided(browser: Browser, store: Store) -> None:
    with served(desk_of(overruled(store))) as address, signed_in(browser, address, "Ben") as found:
        page = found.page
        page.goto(f"{address}/?show=all&finding=overruled")
        expect(page.locator(".count")).to_have_text("5 calls")
        expect(page.locator(".row .people")).to_have_count(0)
        page.locator(".row").first.click()
        expect(page.locator(".outcome .people")).to_have_count(0)
