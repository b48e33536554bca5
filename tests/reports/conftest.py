"""The browser, for one module at a time: Playwright keeps an event loop running in this thread while it is there."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from tests.browser import running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running() as found:
        yield found
