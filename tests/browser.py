"""A real browser for tests of pages: the system's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60_000
"""Milliseconds until a page that is not as expected is a fault, on however slow a machine."""


class Opened:
    """A page, with what it said on the console and asked of the network besides itself."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._refused)
        page.on("request", lambda request: self.requests.append(request.url))

    def _refused(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()


def chromium() -> Path:
    """Where the browser is; without one, a sentence that says how to get it."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError("tests of pages need Chromium: apt-get install chromium")
    return Path(found)


def looked_at(page: Page) -> None:
    """Wait until the page of a call was shown for so long that something may be decided on it."""
    page.wait_for_load_state()
    page.locator("#decide:not(.locked)").wait_for()


@contextmanager
def running() -> Iterator[Browser]:
    """The browser, without a window."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, path: Path, *, width: int = 1200, dark: bool = False) -> Iterator[Opened]:
    """A page of a file, as by a double click."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    try:
        found = Opened(context.new_page())
        found.page.goto(path.as_uri())
        yield found
    finally:
        context.close()
