"""Somebody who is signed in, in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser import PATIENCE, Opened
from tests.serve.serving import TOKEN


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
    context.set_default_timeout(PATIENCE)
    try:
        found = Opened(context.new_page())
        found.page.goto(f"{address}/signin?token={TOKEN}")
        sign_in(found.page, name)
        found.page.wait_for_url(f"{address}/")
        yield found
        assert found.complaints == [], found.complaints
        assert all(one.startswith(address) for one in found.requests)
    finally:
        context.close()


def sign_in(page: Page, name: str, token: str | None = None) -> None:
    """Fill the page on which one signs in, and send it.

    Nothing is typed before the first field has the focus, as people wait for it: Chromium complains of a page whose
    autofocus comes when another field has it.
    """
    expect(page.locator("[autofocus]")).to_be_focused()
    if token is not None:
        page.locator("input[name=token]").fill(token)
    page.locator("input[name=reviewer]").fill(name)
    page.keyboard.press("Enter")
