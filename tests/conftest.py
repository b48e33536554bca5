"""For all tests. The rule: nothing fails because a machine is slow."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser
from tests.browser import running

settings.register_profile("patient", deadline=None, derandomize=True)
settings.load_profile("patient")

SLOW = ("browser", "extras", "model", "ray", "training")
"""Marks of tests that are slow by what they start; others that take over two seconds say `slow` themselves."""


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module at a time: Playwright keeps an event loop running in this thread while it is there."""
    with running() as started:
        yield started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if any(item.get_closest_marker(name) for name in SLOW):
            item.add_marker("slow")
