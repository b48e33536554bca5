"""A reviewer's morning in a real browser: what each piece of work costs in keys, clicks and seconds of waiting.

    python benchmarks/review_morning.py --calls 500
    python benchmarks/review_morning.py --calls 500 --pictures morning      # a picture of the page after each

The calls are those of the golden set, again and again, spread over five days; those of the last day have a recording
(a tone). The reviewer knows the keys. Seconds are those that she waits: from a key or click until the page shows what
follows. Reading and listening take none here, nor does the moment after a new page in which nothing can be decided.
"""

import argparse
import tempfile
import time
import wave
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page, expect, sync_playwright
from review_pages import LAST_DAY, Served, chromium, make_store

DAYS = 5
DECIDED = 10
"""Calls that are decided one after another."""
READY = "#decide:not(.locked)"
"""Nothing can be decided in the first second of a page."""
PLAYS = "[...document.querySelectorAll('audio')].some(file => !file.paused && file.currentTime > 0)"


class Step(NamedTuple):
    """One piece of work: what it cost."""

    what: str
    keys: int
    clicks: int
    waited: float


class Reviewer:
    """Somebody at the browser, who counts her keys and clicks and waits for what they bring."""

    def __init__(self, page: Page, pictures: Path | None) -> None:
        self.page = page
        self.steps: list[Step] = []
        self._pictures = pictures
        self._keys = self._clicks = 0
        self._waited = 0.0

    def press(self, key: str, until: Callable[[], object]) -> None:
        """Press a key, and wait for what it brings."""
        self._keys += 1
        self._wait(lambda: self.page.keyboard.press(key), until)

    def click(self, selector: str, until: Callable[[], object]) -> None:
        """Click, and wait for what it brings."""
        self._clicks += 1
        self._wait(self.page.locator(selector).first.click, until)

    def write(self, selector: str, text: str, until: Callable[[], object] = lambda: None) -> None:
        """Type into a field: a key a letter."""
        self._keys += len(text)
        self._wait(lambda: self.page.locator(selector).first.fill(text), until)

    def done(self, what: str) -> None:
        """The piece of work is done."""
        self.steps.append(Step(what, self._keys, self._clicks, self._waited))
        if self._pictures:
            self.page.screenshot(path=self._pictures / f"{len(self.steps):02}-{what.replace(' ', '-')}.png")
        self._keys = self._clicks = 0
        self._waited = 0.0

    def _wait(self, act: Callable[[], object], until: Callable[[], object]) -> None:
        # Nobody is quick enough to press a key before the page's script is there; a program is.
        self.page.wait_for_load_state()
        begun = time.perf_counter()
        act()
        until()
        self._waited += time.perf_counter() - begun


def morning(reviewer: Reviewer, address: str, token: str) -> None:
    """One piece of work after another."""
    page = reviewer.page
    page.goto(f"{address}/signin?token={token}")
    reviewer.write("input[name=reviewer]", "Petra")
    reviewer.press("Enter", lambda: expect(page.locator(".row").first).to_be_visible())
    reviewer.done("sign in")
    _narrow(reviewer)
    _decide(reviewer)
    _take_back(reviewer)
    _overrule(reviewer)
    _listen(reviewer)
    _find(reviewer, address)
    _hear_blind(reviewer, address)
    _look_at_figures(reviewer, address)


def _narrow(reviewer: Reviewer) -> None:
    page = reviewer.page
    page.locator("details.fields summary").click()
    reviewer.write("input[name=first]", str(LAST_DAY), lambda: page.wait_for_url("**first=*"))
    reviewer.click("input[name=queue]", lambda: page.wait_for_url("**queue=*"))
    reviewer.done("one day, one hotline")


def _decide(reviewer: Reviewer) -> None:
    page = reviewer.page
    reviewer.click(".row", page.locator("#decide").wait_for)
    for _ in range(DECIDED):
        _ready(page)
        reviewer.press("Enter", _elsewhere(page))
    reviewer.done(f"confirm {DECIDED} calls")


def _take_back(reviewer: Reviewer) -> None:
    page = reviewer.page
    _ready(page)
    reviewer.press("z", page.locator("#taken-back").wait_for)
    _ready(page)
    reviewer.click("#decide [value=not_sure]", lambda: expect(page.locator(".said")).to_be_visible())
    reviewer.done("take one back, not sure")


def _overrule(reviewer: Reviewer) -> None:
    page = reviewer.page
    _ready(page)
    reviewer.press("1", lambda: expect(page.locator("[name=reason-1]")).to_be_visible())
    reviewer.press("t", lambda: expect(page.locator("[name=reason-1]")).not_to_have_value(""))
    reviewer.write("textarea[name=note]", "PIN in Turn 2 genannt")
    reviewer.press("Control+Enter", _elsewhere(page))
    reviewer.done("reject with a note")


def _listen(reviewer: Reviewer) -> None:
    page = reviewer.page
    _ready(page)
    reviewer.press("Space", lambda: _until(lambda: page.evaluate(PLAYS)))
    reviewer.press("Space", lambda: _until(lambda: not page.evaluate(PLAYS)))
    reviewer.click("details.more summary", page.locator("details.more a").first.wait_for)
    reviewer.click("details.more a[href*='/sheet']", page.locator("main.sheet").wait_for)
    reviewer.done("listen, coaching sheet")


def _ready(page: Page) -> None:
    page.wait_for_load_state()
    page.locator(READY).wait_for()


def _elsewhere(page: Page) -> Callable[[], None]:
    """Waits until another page is shown than now."""
    here = page.url.split("?")[0]
    return lambda: page.wait_for_url(lambda url: url.split("?")[0] != here)


def _until(done: Callable[[], bool]) -> None:
    """Wait until it is so: the pages allow no script of ours that could."""
    until = time.monotonic() + 10
    while not done():
        assert time.monotonic() < until, "nothing plays"
        time.sleep(0.01)


def _find(reviewer: Reviewer, address: str) -> None:
    page = reviewer.page
    page.goto(f"{address}/?show=all")
    reviewer.press("/", lambda: None)
    reviewer.write("input[name=q]", "Rufnummer", page.locator("mark.hit").first.wait_for)
    reviewer.done("search for a word")
    with page.expect_download():
        reviewer.click("form[action^='/calls.xlsx'] button", lambda: None)
    reviewer.done("the list for Excel")


def _hear_blind(reviewer: Reviewer, address: str) -> None:
    page = reviewer.page
    page.goto(f"{address}/settings#sample")
    reviewer.write("#sample input[name=n]", "5")
    reviewer.click("#sample button.main", page.locator("#sample .said").wait_for)
    reviewer.click("#sample a[href='/?show=sample']", page.locator(".row").first.wait_for)
    reviewer.click(".row", page.locator("main.blind #decide").wait_for)
    assert page.locator(".badge.violation, .finding").count() == 0, "a sample shows its verdict"
    _ready(page)
    reviewer.click("#decide button.main", page.locator("main.call:not(.blind)").wait_for)
    reviewer.done("draw five, hear one blind")


def _look_at_figures(reviewer: Reviewer, address: str) -> None:
    page = reviewer.page
    reviewer.click("nav a[href='/figures']", page.locator("main.figures").wait_for)
    number = page.locator("main.figures a[href^='/?']").first
    shown = number.inner_text()
    reviewer.click("main.figures a[href^='/?']", page.locator(".count").wait_for)
    assert shown in page.locator(".count").inner_text(), "the figure and its calls differ"
    reviewer.done("a figure, and its calls")


def record(folder: Path) -> Path:
    """A minute of a tone, as the recordings."""
    path = folder / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(array("h", (2000 * (1 if moment % 20 < 10 else -1) for moment in range(60 * 8000))).tobytes())
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill a store, and work a morning with it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="where a picture after each piece of work goes")
    given = parser.parse_args(arguments)
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        served = Served(make_store(folder, given.calls, DAYS, record(folder)))
        browser = playwright.chromium.launch(executable_path=chromium())
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="de-DE")
        reviewer = Reviewer(page, given.pictures)
        try:
            morning(reviewer, served.address, served.token)
        finally:
            browser.close()
            served.close()
    print(f"\n{'work':<28} {'keys':>5} {'clicks':>6} {'waited':>8}")
    for step in reviewer.steps:
        print(f"{step.what:<28} {step.keys:>5} {step.clicks:>6} {step.waited:>6.2f} s")


if __name__ == "__main__":
    main()
