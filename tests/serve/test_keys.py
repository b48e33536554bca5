"""Keys and clicks decide what somebody meant to decide about a call that they saw, and a slip is undone by a key."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.browser import looked_at
from tests.serve.driven import signed_in
from tests.serve.serving import desk_of, served

from ausweis.store import CallFilter, Store

TO_REVIEW = CallFilter(to_review=True, states=("open",))
DONE = "#decide [value=done]"


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    with served(desk_of(store)) as found:
        yield found


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(150)


def holds(page: Page, number: int, value: str) -> None:
    """What is ticked of a finding."""
    expect(page.locator(f"[name=finding-{number}][value={value}]")).to_be_checked()


def choices(store: Store, key: int) -> list[str]:
    return [decision.choice for decision in store.record(key).decisions]


def middle_of(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.journey
def test_numbers_turn_ticks_over_and_enter_sends(browser: Browser, address: str, store: Store) -> None:
    key = store.find("dev-055") or 0
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{key}")
        expect(page.locator("[name=reason-1]")).to_be_hidden()
        press(page, "1")
        holds(page, 1, "no")
        expect(page.locator("[name=reason-1]")).to_be_focused()
        assert Axe().run(page).response["violations"] == []
        looked_at(page)
        # Without a reason it is not sent.
        press(page, "Enter")
        assert page.url == f"{address}/calls/{key}"
        press(page, "Escape", "1", "2", "9")
        holds(page, 1, "yes")
        holds(page, 2, "no")
        page.locator("[name=reason-2]").select_option("place")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**done={key}")
    (decision,) = store.record(key).decisions
    assert (decision.choice, decision.reasons) == ("overrule", (("no_authentication", 5, "place"),))


def test_who_chose_a_reason_goes_on_with_the_keys(browser: Browser, address: str, store: Store) -> None:
    key = store.find("dev-055") or 0
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/")
        first = page.locator(".row").first.get_attribute("href")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}{first}")
        page.goto(f"{address}/calls/{key}")
        page.keyboard.press("1")
        page.locator("[name=reason-1]").select_option("rule")
        expect(page.locator("[name=reason-1]")).to_be_focused()
        page.keyboard.press("n")
        page.keyboard.type("Doch.")
        looked_at(page)
        page.keyboard.press("Control+Enter")
        page.wait_for_url(f"**done={key}")
    (decision,) = store.record(key).decisions
    assert (decision.note, [reason for *_, reason in decision.reasons]) == ("Doch.", ["rule"])


@pytest.mark.journey
def test_what_is_missing_is_added_at_its_turn(browser: Browser, address: str, store: Store) -> None:
    key = store.find("dev-055") or 0
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{key}")
        page.locator("#t2 .missing-here").click()
        expect(page.locator("[name=add-turn]")).to_have_value("2")
        page.locator("[name=add-kind]").select_option("factor_leaked")
        expect(page.locator("[name=missing-1]")).to_have_count(0)
        page.locator("[name=add-kind]").press("Enter")
        expect(page.locator("[name=missing-1]")).to_be_checked()
        page.locator("[name=add-kind]").select_option("rude_agent")
        page.locator("[name=add-turn]").fill("4")
        page.locator("[name=add-turn]").press("Enter")
        expect(page.locator("[name=missing-2]")).to_be_checked()
        assert Axe().run(page).response["violations"] == []
        page.locator("[name=missing-1]").uncheck()
        looked_at(page)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**done={key}")
    (decision,) = store.record(key).decisions
    assert (len(decision.violations), decision.incidents) == (2, (("rude_agent", 4),))


@pytest.mark.parametrize(("page_of", "field"), [("/calls/{key}", "button"), ("/", "input[type=number]")])
def test_escape_closes_a_menu_and_gives_the_focus_back(
    browser: Browser, address: str, store: Store, page_of: str, field: str
) -> None:
    key = store.keys(TO_REVIEW)[0]
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(address + page_of.format(key=key))
        menu, summary = page.locator("details[data-menu]"), page.locator("details[data-menu] > summary")
        # From within the menu, from what opened it, and after a click on nothing.
        for leave in (
            menu.locator(field).first.focus,
            summary.focus,
            lambda: page.locator("main").evaluate("document.activeElement.blur()"),
        ):
            summary.click()
            leave()
            page.keyboard.press("Escape")
            expect(menu).not_to_have_attribute("open", "")
            expect(summary).to_be_focused()


@pytest.mark.parametrize("kind", ["range", "number", "text"])
def test_no_key_acts_with_the_focus_on_a_field(browser: Browser, address: str, store: Store, kind: str) -> None:
    key = store.keys(TO_REVIEW)[1]
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{key}")
        page.evaluate(
            """(kind) => {
              const field = Object.assign(document.createElement('input'), {type: kind, id: 'field'});
              document.querySelector('.where-am-i').append(field);
              field.focus();
            }""",
            kind,
        )
        press(page, *"1nz/?")
        expect(page.locator("#field")).to_be_focused()
        expect(page.locator("#help")).to_be_hidden()
        holds(page, 1, "yes")
        assert page.url == f"{address}/calls/{key}"


LONGER_LOOK = "const soon = setTimeout; window.setTimeout = (then, ms) => soon(then, ms === 1000 ? 4000 : ms);"
"""The second in which nothing is decided takes four: a busy machine needs more than one for four presses."""


@pytest.mark.journey
def test_the_second_press_decides_no_call_that_nobody_has_seen(browser: Browser, address: str, store: Store) -> None:
    key, after, *_ = store.keys(TO_REVIEW)
    with signed_in(browser, address) as found:
        page = found.page
        page.add_init_script(LONGER_LOOK)
        page.goto(f"{address}/calls/{key}")
        looked_at(page)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/calls/{after}?done={key}")
        for _ in range(4):
            page.keyboard.press("Enter")
            page.mouse.click(*middle_of(page, DONE))
            page.wait_for_timeout(60)
        assert Axe().run(page).response["violations"] == []
        assert choices(store, after) == []
        looked_at(page)
        expect(page.locator("[aria-disabled]")).to_have_count(0)
        assert Axe().run(page).response["violations"] == []
        page.keyboard.press("Enter")
        page.wait_for_url(f"**done={after}")
    assert (choices(store, key), choices(store, after)) == (["confirm"], ["confirm"])


@pytest.mark.journey
def test_a_double_click_decides_once_without_scripts_too(browser: Browser, address: str, store: Store) -> None:
    key, after, *_ = store.keys(TO_REVIEW)
    for scripts, choice in ((True, "done"), (False, "not_sure")):
        with signed_in(browser, address, f"Anna {scripts}", scripts=scripts) as found:
            page = found.page
            page.add_init_script(LONGER_LOOK)
            page.goto(f"{address}/calls/{key}?show=all")
            if scripts:
                looked_at(page)
            while page.evaluate("document.getAnimations().length"):
                page.wait_for_timeout(50)
            page.mouse.click(*middle_of(page, f"#decide [value={choice}]"))
            page.wait_for_url(f"{address}/calls/{after}?show=all&done={key}")
            page.mouse.click(*middle_of(page, f"#decide [value={choice}]"))
            page.wait_for_timeout(300)
            assert page.url == f"{address}/calls/{after}?show=all&done={key}"
    assert (choices(store, key), choices(store, after)) == (["confirm", "not_sure"], [])


def test_a_page_that_comes_back_or_is_swapped_in_is_to_be_looked_at_first(
    browser: Browser, address: str, store: Store
) -> None:
    key = store.keys(TO_REVIEW)[0]
    events = (
        "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))",
        "document.body.dispatchEvent(new CustomEvent('htmx:afterSwap', {bubbles: true}))",
        "document.body.dispatchEvent(new CustomEvent('htmx:historyRestore', {bubbles: true}))",
    )
    with signed_in(browser, address) as found:
        page = found.page
        page.add_init_script(LONGER_LOOK)
        page.goto(f"{address}/calls/{key}")
        for event in events:
            looked_at(page)
            page.evaluate(event)
            page.wait_for_timeout(300)
            press(page, "Enter")
            assert page.url == f"{address}/calls/{key}"
        assert choices(store, key) == []
        looked_at(page)
        page.keyboard.press("Enter")
        page.wait_for_url("**done=*")


def test_in_a_tab_that_nobody_sees_the_second_does_not_begin(browser: Browser, address: str, store: Store) -> None:
    key = store.keys(TO_REVIEW)[0]
    hide = "Object.defineProperty(document, 'visibilityState', {configurable: true, get: () => '%s'});"
    with signed_in(browser, address) as found:
        page = found.page
        page.add_init_script(hide % "hidden" + LONGER_LOOK)
        page.goto(f"{address}/calls/{key}")
        page.wait_for_timeout(1500)
        press(page, "Enter")
        expect(page.locator("#decide.locked")).to_be_visible()
        page.evaluate(hide % "visible" + "document.dispatchEvent(new Event('visibilitychange'))")
        press(page, "Enter")
        assert page.url == f"{address}/calls/{key}"
        looked_at(page)
        page.keyboard.press("Enter")
        page.wait_for_url("**done=*")
    assert choices(store, key) == ["confirm"]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_slip_is_undone_by_one_key_and_costs_nothing(
    browser: Browser, address: str, store: Store, width: int, dark: bool
) -> None:
    key, after, *_ = store.keys(TO_REVIEW)
    with signed_in(browser, address, width=width, dark=dark, language="de") as found:
        page = found.page
        page.goto(f"{address}/calls/{key}")
        page.get_by_label("Notiz").fill("bricht ab")
        page.locator("p.outcome").click()
        page.keyboard.press("1")
        page.locator("[name=reason-1]").select_option("rule")
        looked_at(page)
        page.locator(DONE).click()
        page.wait_for_url(f"{address}/calls/{after}?done={key}")
        expect(page.get_by_role("button", name="Rückgängig machen")).to_be_visible()
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("z")
        page.wait_for_url(f"{address}/calls/{key}?undone=1")
        page.keyboard.press("z")
        expect(page.locator(".said")).to_contain_text("Ihre Entscheidung ist zurückgenommen.")
        holds(page, 1, "no")
        expect(page.locator("[name=reason-1]")).to_have_value("rule")
        expect(page.locator("[name=note]")).to_have_value("bricht ab")
        expect(page.locator("[name=note]")).to_be_visible()
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert choices(store, key) == ["overrule", "withdrawn"]
        looked_at(page)
        page.locator(DONE).click()
        page.wait_for_url(f"**done={key}")
    assert store.record(key).row.state == "overruled"
    assert store.verify_chain() > 2


def test_the_key_undoes_only_while_the_banner_stands(browser: Browser, address: str, store: Store) -> None:
    key, *_ = store.keys(TO_REVIEW)
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/calls/{key}?show=all")
        looked_at(page)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**done={key}")
        for place in ("/", f"/calls/{key}"):
            page.goto(address + place)
            press(page, "z")
            assert page.url == address + place
        assert choices(store, key) == ["confirm"]
        page.get_by_role("button", name="Undo").click()
        page.wait_for_url(f"{address}/calls/{key}?undone=1")
    assert choices(store, key) == ["confirm", "withdrawn"]


def test_undoing_works_without_scripts(browser: Browser, address: str, store: Store) -> None:
    key = store.keys(TO_REVIEW)[0]
    with signed_in(browser, address, scripts=False) as found:
        page = found.page
        for _ in range(2):
            page.goto(f"{address}/calls/{key}")
            page.get_by_label("Note").fill("so")
            page.locator(DONE).click()
            page.wait_for_url(f"**done={key}")
            if _:
                page.get_by_role("link", name="Look again").click()
            page.get_by_role("button", name="Undo").click()
            page.wait_for_url(f"{address}/calls/{key}?undone=1")
            expect(page.get_by_label("Note")).to_have_value("so")
    assert choices(store, key) == ["confirm", "withdrawn"] * 2


def test_a_note_that_comes_back_is_seen_on_a_phone_too(browser: Browser, address: str, store: Store) -> None:
    key = store.keys(TO_REVIEW)[0]
    record = store.record(key)
    made = store.decide(key, reviewer="Anna", choice="confirm", note="bricht ab", verdict_key=record.verdict_key)
    store.withdraw(key, reviewer="Anna", decision_key=made.key)
    with signed_in(browser, address, width=390) as found:
        found.page.goto(f"{address}/calls/{key}")
        expect(found.page.locator("[name=note]")).to_be_visible()
        expect(found.page.locator("[name=note]")).to_have_value("bricht ab")


def test_who_is_not_sure_says_why_on_a_phone(browser: Browser, address: str, store: Store) -> None:
    key = store.keys(TO_REVIEW)[0]
    with signed_in(browser, address, width=360) as found:
        page = found.page
        page.goto(f"{address}/calls/{key}")
        page.locator("[name=note]").fill("hard to hear")
        # What is ticked does not matter then, nor a reason that is missing.
        page.locator("label.no").first.click()
        looked_at(page)
        page.locator("#decide [value=not_sure]").click()
        page.wait_for_url("**done=*")
    assert [one.note for one in store.record(key).decisions] == ["hard to hear"]


@pytest.mark.journey
def test_from_the_search_by_keys_to_what_was_found(browser: Browser, address: str, store: Store) -> None:
    key = store.keys(TO_REVIEW)[1]
    with signed_in(browser, address) as found:
        page = found.page
        page.goto(f"{address}/?show=all")
        page.keyboard.press("/")
        page.keyboard.type(store.record(key).row.call_id)
        expect(page.locator(".row")).to_have_count(1)
        page.keyboard.press("Escape")
        page.wait_for_timeout(600)
        expect(page.locator("[type=search]")).to_have_value(store.record(key).row.call_id)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/calls/{key}?**")
