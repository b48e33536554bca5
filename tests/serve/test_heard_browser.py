"""The sample in a real browser: what was heard is said by keys or clicks, then stands beside the verdict."""

from collections.abc import Iterator
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from tests.browser import looked_at
from tests.serve.driven import signed_in
from tests.serve.serving import desk_of, served

from ausweis.store import CallFilter, Store


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    store.draw_sample(date(2026, 2, 1), date(2026, 3, 2), 4, seed=1)
    with served(desk_of(store)) as found:
        yield found


def drawn(store: Store, *, audio: bool = False) -> list[int]:
    keys = store.keys(CallFilter(unheard_by=("Anna",)), order="chance")
    return [key for key in keys if store.record(key).audio] if audio else keys


@pytest.mark.journey
def test_a_call_of_the_sample_is_heard_by_keys_then_compared(browser: Browser, address: str, store: Store) -> None:
    first, second, *_ = drawn(store)
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/?show=sample")
        expect(page.locator(".row .what").first).to_have_text("Not heard yet")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/calls/{first}?show=sample")
        expect(page.locator(".chip, mark, .badge, .finding, .ticks, [data-marked]")).to_have_count(0)
        for turn in (1, 3):
            page.locator(f"#t{turn} .missing-here").click()
            page.locator("[name=add-kind]").select_option("late_authentication")
            page.locator("[name=add-kind]").press("Enter")
        looked_at(page)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="do not say the same")).to_be_visible()
        expect(page.locator("tr.differs")).to_have_count(2)
        assert Axe().run(page).response["violations"] == []
        # It is kept: Enter goes on, and decides nothing again.
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/calls/{second}?show=sample")
    (decision,) = store.record(first).decisions
    assert (decision.blind, decision.choice) == (True, "overrule")
    assert decision.violations == (("late_authentication", 1), ("late_authentication", 3))


def test_the_recording_and_the_transcript_begin_at_the_beginning(browser: Browser, address: str, store: Store) -> None:
    key = drawn(store, audio=True)[0]
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{key}")
        page.wait_for_function("() => document.querySelector('audio').readyState >= 1")
        assert page.evaluate("document.querySelector('audio').currentTime") == 0
        assert "#" not in str(page.locator("audio").get_attribute("src"))
        page.wait_for_timeout(500)
        expect(page.locator(".places > *")).to_have_count(0)
        expect(page.locator("#t1")).to_be_in_viewport()


def test_it_works_without_scripts(browser: Browser, address: str, store: Store) -> None:
    key = drawn(store)[0]
    with signed_in(browser, address, scripts=False) as found:
        page = found.page
        page.goto(f"{address}/calls/{key}?show=sample")
        page.locator("[name=add-turn]").fill("2")
        page.locator("[name=add-kind]").select_option("no_authentication")
        page.locator("[value=add]").click()
        page.locator("#decide [value=done]").click()
        expect(page.get_by_role("heading", name="do not say the same")).to_be_visible()
    assert store.record(key).decisions[0].violations == (("no_authentication", 2),)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_the_pages_are_accessible_and_fit_the_screen(
    browser: Browser, address: str, store: Store, width: int, dark: bool
) -> None:
    key = drawn(store)[0]
    with signed_in(browser, address, width=width, dark=dark, language="de" if dark else "en") as found:
        page = found.page
        for one in ("/?show=sample", "/?show=all", f"/calls/{key}", "add", "sent"):
            if one == "add":
                page.locator("#t2 .missing-here").click()
                page.locator("[name=add-kind]").select_option("late_authentication")
            elif one == "sent":
                looked_at(page)
                page.locator("#decide [value=done]").click()
                page.locator(".compared").wait_for()
                page.wait_for_load_state()
            else:
                page.goto(address + one)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, one
            result = Axe().run(page)
            assert result.violations_count == 0, result.generate_report()


@pytest.mark.journey
def test_a_calibration_session_in_the_browser(browser: Browser, store: Store) -> None:
    *keys, known = sorted(store.keys(CallFilter(outcomes=("violation",)))[:3])
    for name in ("Ben", "Mia"):
        store.decide(known, reviewer=name, choice="confirm", verdict_key=store.record(known).verdict_key)
    with (
        served(desk_of(store)) as address,
        signed_in(browser, address, "Lea") as lead,
        signed_in(browser, address, "Ben", width=390, language="de") as ben,
    ):
        page = lead.page
        page.goto(f"{address}/settings#calibration")
        page.get_by_label("Name of the session").fill("March")
        page.locator("#calibration").get_by_label("How many").fill("0")
        assert Axe().run(page).response["violations"] == []
        page.get_by_role("button", name="Prepare").click()
        page.wait_for_url("**/calibrations/1")
        for key in keys:
            page.goto(f"{address}/calls/{key}?show=all")
            page.locator(".more summary").click()
            page.locator("form[action$=calibrate] button").click()
            page.wait_for_url("**/calibrations/1")
        assert Axe().run(page).response["violations"] == []
        page.get_by_role("button", name="Start the session").click()
        other = ben.page
        other.goto(address)
        other.locator(".waits").get_by_role("link", name="eine Kalibrierung").click()
        other.locator(".session-calls a").first.click()
        other.wait_for_url(f"{address}/calls/{keys[0]}")
        expect(other.locator(".chip, mark, .finding, .badge")).to_have_count(0)
        other.locator("[name=add-turn]").fill("2")
        other.locator("[name=add-kind]").select_option("no_authentication")
        other.locator("[value=add]").click()
        for after in (f"calls/{keys[1]}", "calibrations/1?heard=1"):
            looked_at(other)
            other.locator("#decide [value=done]").click()
            other.wait_for_url(f"{address}/{after}")
        expect(other.locator(".said")).to_contain_text("über alle Anrufe")
        store.hear(keys[0], reviewer="Mia", verdict_key=store.record(keys[0]).verdict_key)
        page.reload()
        expect(page.locator(".done-by")).to_contain_text("2 of 2")
        page.get_by_role("button", name="Close the session").click()
        expect(page.locator(".big")).to_contain_text("0%")
        for one, width in ((page, 1280), (other, 390)):
            one.goto(f"{address}/calibrations/1")
            expect(one.locator(".opinion").first).to_contain_text("Mia")
            assert one.evaluate("document.documentElement.scrollWidth") <= width
            assert Axe().run(one).response["violations"] == []
