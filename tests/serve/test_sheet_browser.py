"""Coaching sheet and Excel file in a real browser: by key, on one page of paper, for everybody."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from openpyxl import load_workbook
from playwright.sync_api import Browser, expect
from tests.serve.driven import signed_in
from tests.serve.serving import desk_of, served

from ausweis.store import CallFilter, Store


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    with served(desk_of(store)) as found:
        yield found


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.journey
def test_a_reviewer_writes_a_note_for_coaching_and_prints_the_sheet(
    browser: Browser, address: str, store: Store
) -> None:
    keys = store.keys(CallFilter(to_review=True, states=("open",)))
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{keys[0]}")
        tick = page.get_by_label("for coaching")
        expect(tick).to_be_hidden()
        page.locator("[name=note]").fill("Ask first.")
        page.keyboard.press("Tab")
        expect(tick).to_be_focused()
        page.keyboard.press("Space")
        page.locator("#decide [value=done]").click()
        page.wait_for_url("**done=*")
        page.goto(f"{address}/calls/{keys[0]}")
        page.locator(".more summary").click()
        page.get_by_role("link", name="Coaching sheet").click()
        page.wait_for_url(f"{address}/calls/{keys[0]}/sheet")
        expect(page.locator(".said-of-it")).to_have_text("Note: Ask first.")
        assert Axe().run(page).response["violations"] == []
        assert pages(page.pdf(prefer_css_page_size=True)) == 1
        page.emulate_media(media="print")
        expect(page.locator("nav")).to_be_hidden()
        assert (
            page.locator(".lines div").evaluate_all(
                "lines => lines.filter(line => line.getBoundingClientRect().bottom"
                " <= line.parentElement.getBoundingClientRect().bottom + 1).length"
            )
            >= 2
        )


def test_that_others_have_decided_is_not_on_paper(browser: Browser, address: str, store: Store) -> None:
    key = store.keys(CallFilter(to_review=True, states=("open",)))[0]
    store.decide(key, reviewer="Ben", choice="confirm", verdict_key=store.record(key).verdict_key)
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{key}/sheet")
        expect(page.locator(".decided")).to_contain_text("once you have")
        page.emulate_media(media="print")
        expect(page.locator(".decided")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_sheet_fits_every_screen(browser: Browser, address: str, store: Store, width: int) -> None:
    with signed_in(browser, address, width=width, dark=True, language="de", scripts=False) as found:
        page = found.page
        page.goto(f"{address}/calls/{store.keys(CallFilter(to_review=True))[0]}/sheet")
        assert page.locator("h1").inner_text() == "Coaching-Blatt"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("link", name="Zum Anruf").click()
        page.locator(".more summary").click()
        page.get_by_role("link", name="Coaching-Blatt").click()


def test_the_queue_is_taken_as_an_excel_file_after_it_was_filtered(
    browser: Browser, address: str, store: Store, tmp_path: Path
) -> None:
    with signed_in(browser, address) as found:
        page = found.page
        page.get_by_text("More filters").click()
        page.get_by_label("Order").select_option("Riskiest first")
        page.wait_for_url("**order=risk*")
        expect(page.locator("form[action*='calls.xlsx?order=risk'] button")).to_have_text("As an Excel file")
        with page.expect_download() as download:
            page.get_by_role("button", name="As an Excel file").click()
        download.value.save_as(tmp_path / "queue.xlsx")
        assert Axe().run(page).response["violations"] == []
    sheet = load_workbook(tmp_path / "queue.xlsx")["Calls"]
    keys = store.keys(CallFilter(to_review=True, states=("open",)), order="risk")
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        store.record(key).row.call_id for key in keys
    ]
