"""The page of a report, `path` of its module, in a browser: it complains of nothing and asks for nothing besides."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.browser import Opened, opened


@pytest.fixture
def found(browser: Browser, path: Path) -> Iterator[Opened]:
    with opened(browser, path) as found:
        yield found
        assert found.complaints == []
        assert {request.partition("#")[0] for request in found.requests} == {path.as_uri()}


@pytest.fixture
def page(found: Opened) -> Page:
    return found.page
