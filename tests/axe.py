"""What axe finds wrong with a page: rules of WCAG 2.2 A and AA, and good practice."""

import json
from functools import cache
from importlib.resources import files

from playwright.sync_api import Page


@cache
def _script() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def complaints(page: Page) -> list[str]:
    """Each as its rule and the first element that breaks it; none is what a page should have."""
    # Evaluated by the debugger: the page's own policy lets no script in.
    page.evaluate(_script())
    options = "{resultTypes: ['violations']}"
    found = page.evaluate(f"axe.run(document, {options}).then((found) => JSON.stringify(found.violations))")
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}: {one['help']}" for one in json.loads(found)]
