"""The team in a real browser: from the invitation to the first decision."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from tests.axe import complaints
from tests.serve.serving import desk_of, served
from tests.serve.test_browser import signed_in

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
        page.get_by_role("link", name="Team").click()
        page.get_by_label("Name").fill("Petra Berg")
        page.get_by_role("button", name="Einladen").click()
        link = page.get_by_label("Der Link für Petra Berg:").input_value()
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
            expect(other.get_by_role("link", name="Team")).to_have_count(0)
            key = store.keys(CallFilter(to_review=True, states=("open",)))[0]
            other.goto(f"{address}/calls/{key}")
            other.get_by_role("button", name="Bestätigen").click()
            other.wait_for_url("**done=*")
            page.get_by_role("button", name="Entziehen").click()
            expect(page.get_by_role("status").first).to_contain_text("kann sich nicht mehr anmelden")
            other.goto(f"{address}/")
            other.wait_for_url(f"{address}/signin")
        finally:
            context.close()
    assert [one.reviewer for one in store.record(key).decisions] == ["Petra Berg"]
