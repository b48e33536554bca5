"""For all tests. The rule: nothing fails because a machine is slow."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile("patient", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("nightly", deadline=None, max_examples=400)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "patient"))

SLOW = ("browser", "extras", "model", "ray", "training", "typed")
"""Marks of tests that are slow by what they start; others that take over two seconds say `slow` themselves."""
GROUPS = ("browser", "model")
"""Marks of tests that one worker runs, before all others: they share a browser, or the smallest model's memory."""


@pytest.fixture(autouse=True, scope="session")
def _surroundings() -> Iterator[None]:
    """No store and no learned parts of the user's are meant.

    No power fails, so nothing waits until what is written here is on the disk.
    """
    from ausweis.store import database

    quick = tuple("PRAGMA synchronous = OFF" if "synchronous" in line else line for line in database._SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AUSWEIS_STORE", "AUSWEIS_STORE_KEY_FILE", "AUSWEIS_LEARNED"):
            patch.delenv(name, raising=False)
        patch.setattr(os, "fsync", lambda handle: None)
        patch.setattr(database, "_SETTINGS", quick)
        yield


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is installed by those who have no checkout."""
    folder, root = tmp_path_factory.mktemp("wheel"), Path(__file__).parent.parent
    subprocess.run((sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, root), check=True)
    return next(folder.glob("*.whl"))


_chromium = ExitStack()


@pytest.fixture
def browser() -> "Browser":
    """Chromium, started once for all tests of this worker that follow one another with it."""
    return _started()


@cache
def _started() -> "Browser":
    from tests.browser import running

    return _chromium.enter_context(running())


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Close Chromium before a test without it: Playwright keeps an event loop running in this thread."""
    if nextitem is None or "browser" not in getattr(nextitem, "fixturenames", ()):
        _chromium.close()
        _started.cache_clear()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
            if item.get_closest_marker("journey") is None:
                item.add_marker("pages")
        if any(item.get_closest_marker(name) for name in SLOW):
            item.add_marker("slow")
        group = next((name for name in GROUPS if item.get_closest_marker(name)), item.path.as_posix())
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in GROUPS))
