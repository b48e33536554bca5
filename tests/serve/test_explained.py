"""What the words of a page mean opens beside them: by keyboard and by touch, on a phone, and without scripts."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from tests.serve.driven import sign_in
from tests.serve.serving import TOKEN, desk_of, served

from ausweis.store import CallFilter, Store


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    with served(desk_of(store)) as found:
        yield found


@pytest.mark.parametrize(("width", "scripts", "dark"), [(1280, True, False), (390, False, True)])
def test_a_word_is_explained_where_it_first_stands(
    browser: Browser, address: str, store: Store, width: int, scripts: bool, dark: bool
) -> None:
    key = store.keys(CallFilter(outcomes=("violation",)))[0]
    context = browser.new_context(
        viewport={"width": width, "height": 700},
        locale="de",
        has_touch=width < 400,
        java_script_enabled=scripts,
        color_scheme="dark" if dark else "light",
    )
    try:
        page = context.new_page()
        page.goto(f"{address}/signin?token={TOKEN}")
        sign_in(page, "Anna")
        page.wait_for_url(f"{address}/")
        page.goto(f"{address}/calls/{key}")
        page.locator("details:has(dl) > summary", has_text="Einzelheiten").click()
        button = page.get_by_role("button", name="Wie sicher?")
        told = page.locator(".gloss", has_text="Wie wahrscheinlich das angezeigte Ergebnis stimmt.")
        expect(told).to_be_hidden()
        button.focus()
        page.keyboard.press("Enter")
        expect(told).to_be_visible()
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            result = Axe().run(page)
            assert result.violations_count == 0, result.generate_report()
        page.keyboard.press("Escape")
        expect(told).to_be_hidden()
        (button.tap if width < 400 else button.click)()
        expect(told).to_be_visible()
        box = told.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        # Each word once a page, and no two explanations under one name.
        ids = page.locator(".gloss").evaluate_all("(all) => all.map((one) => one.id)")
        titles = page.locator(".term b").all_text_contents()
        assert len(set(ids)) == len(ids)
        assert len(set(titles)) == len(titles) > 5
    finally:
        context.close()
