"""Somebody who is signed in, in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext
from tests.browser import Opened
from tests.serve.serving import TOKEN

__all__ = ["signed_in"]


@contextmanager
def signed_in(
    browser: Browser,
    address: str,
    name: str = "Anna",
    *,
    width: int = 1280,
    dark: bool = False,
    language: str = "en",
    scripts: bool = True,
) -> Iterator[Opened]:
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if dark else "light",
        locale=language,
        java_script_enabled=scripts,
    )
    context.set_default_timeout(60_000)
    try:
        found = Opened(context.new_page())
        found.page.goto(f"{address}/signin?token={TOKEN}")
        found.page.locator("input[name=reviewer]").fill(name)
        found.page.keyboard.press("Enter")
        found.page.wait_for_url(f"{address}/")
        yield found
        assert found.complaints == [], found.complaints
        assert all(one.startswith(address) for one in found.requests)
    finally:
        context.close()
