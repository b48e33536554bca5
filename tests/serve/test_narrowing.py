"""Which calls the queue shows. The rule: a saved filter moves with the calendar, and keeps no word of a call."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.axe import complaints
from tests.serve.driven import signed_in
from tests.serve.filled import call_of, fill, judged
from tests.serve.serving import desk_of, served, visitor

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
        page.get_by_text("Filter speichern").click()
        page.get_by_label("Name").fill("Meine zwei <b>")
        page.get_by_role("button", name="Speichern").click()
        expect(page.locator(".saved [aria-current]")).to_have_text("Meine zwei <b>")
        assert shown(page) == ["b", "c"]
        assert complaints(page) == []
        page.goto(address)
        page.get_by_role("link", name="Meine zwei").click()
        expect(page.locator(".row")).to_have_count(2)
        expect(page.get_by_label("Süd & Ost")).to_be_checked()
        page.get_by_role("button", name="Meine zwei").click()
        expect(page.locator(".saved li")).to_have_count(0)
        assert shown(page) == ["b", "c"]


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
    week.save_filter("Anna", "n" * 60, "?queue=Nord")
    with served(desk_of(week)) as address, signed_in(browser, address, width=width, dark=True) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert complaints(found.page) == []


def test_what_is_searched_for_is_not_saved(week: Store) -> None:
    anna = visitor(week)
    status, onward = anna.send("/filters", name="Mine", query="?show=all&queue=Nord&q=Kowalski&found=abc&after=1&key=2")
    assert (status, onward) == (303, "/?show=all&queue=Nord")
    assert [one.query for one in week.saved_by("Anna")] == ["?show=all&queue=Nord"]


def test_a_filter_is_forgotten_by_its_maker_alone(week: Store) -> None:
    week.save_filter("Ben", "His", "?queue=Nord")
    (his,) = week.saved_by("Ben")
    anna = visitor(week)
    assert anna.send(f"/filters/{his.key}/forget", query="")[0] == 303
    assert week.saved_by("Ben") == [his]
    assert anna.send("/filters", name=" ", query="?queue=Nord")[0] == 409


def test_several_queues_go_through_an_address_and_back() -> None:
    question = ListQuery.of({"queue": "Nord\nSüd & Ost\r\nMesse"})
    assert question.queues == ("Nord", "Süd & Ost", "Messe")
    assert question.filter.queues == question.queues
