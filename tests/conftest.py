"""For all tests. The rule: nothing fails because a machine is slow."""

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SLOW = ("browser", "model", "ray", "training")
"""Marks of tests that are slow by what they start; others that take over two seconds say `slow` themselves."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if any(item.get_closest_marker(name) for name in SLOW):
            item.add_marker("slow")
