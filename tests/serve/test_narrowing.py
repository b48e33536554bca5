"""Which calls the queue shows. The rule: what is asked stands in the address."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.axe import complaints
from tests.serve.driven import signed_in
from tests.serve.filled import call_of, fill, judged
from tests.serve.serving import desk_of, served

from ausweis.facts import Facts
from ausweis.serve.question import ListQuery
from ausweis.store import Store

TODAY = date.today()
YESTERDAY = TODAY - timedelta(days=1)
CALLS = [("a", "Nord", TODAY), ("b", "Nord", YESTERDAY), ("c", "Süd & Ost", YESTERDAY), ("d", "Messe", YESTERDAY)]


@pytest.fixture
def week(tmp_path: Path) -> Iterator[Store]:
    """Calls of three queues, of today and of yesterday."""
    told = [
        judged(call_of(name, ["Guten Tag."], queue=queue, started_at=f"{day}T09:15:00Z"), Facts(call_id=name, turns=1))
        for name, queue, day in CALLS
    ]
    with fill(tmp_path / "s.sqlite", told) as store:
        yield store


def shown(page: Page) -> list[str]:
    page.wait_for_load_state()
    return sorted(page.locator(".row .id").all_text_contents())


@pytest.mark.journey
def test_a_morning_begins_with_yesterday_in_two_queues(browser: Browser, week: Store) -> None:
    with served(desk_of(week)) as address, signed_in(browser, address, language="de-DE") as found:
        page = found.page
        page.goto(f"{address}/?show=all")
        page.get_by_label("Zeitraum").select_option(label="Gestern")
        expect(page.locator(".row")).to_have_count(3)
        assert shown(page) == ["b", "c", "d"]
        page.get_by_text("Mehr Filter").click()
        page.get_by_label("Nord").check()
        page.get_by_label("Süd & Ost").check()
        expect(page.locator(".row")).to_have_count(2)
        assert shown(page) == ["b", "c"]
        assert complaints(page) == []
        expect(page).to_have_url(re.compile("S%C3%BCd"))
        page.reload()
        expect(page.locator(".row")).to_have_count(2)
        expect(page.get_by_label("Süd & Ost")).to_be_checked()


def test_days_that_are_typed_win_over_the_period(browser: Browser, week: Store) -> None:
    with served(desk_of(week)) as address, signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/?show=all&period=yesterday")
        page.get_by_text("More filters").click()
        page.get_by_label("From").fill(str(TODAY))
        expect(page.locator(".row")).to_have_count(1)
        expect(page.get_by_label("Period")).to_have_value("own")
        page.get_by_label("Period").select_option(label="All days")
        expect(page.locator(".row")).to_have_count(4)
        expect(page.get_by_label("From")).to_have_value("")


def test_the_other_lists_are_narrowed_with_the_one_that_is_shown(browser: Browser, week: Store) -> None:
    with served(desk_of(week)) as address, signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/?show=all")
        page.get_by_text("More filters").click()
        page.get_by_label("Nord").check()
        every = page.locator(".views").get_by_role("link", name="All")
        expect(every).to_have_text(re.compile("2$"))
        expect(page.locator("summary").filter(has_text="filters").first).to_have_text(re.compile("More filters 1"))
        page.locator(".views").get_by_role("link", name="Decided").click()
        expect(page.get_by_label("Nord")).to_be_checked()


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_its_screen(browser: Browser, week: Store, width: int) -> None:
    with served(desk_of(week)) as address, signed_in(browser, address, width=width, dark=True) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert complaints(found.page) == []


def test_several_queues_go_through_an_address_and_back() -> None:
    question = ListQuery.of({"queue": "Nord\nSüd & Ost\r\nMesse"})
    assert question.queues == ("Nord", "Süd & Ost", "Messe")
    assert question.filter.queues == question.queues
