"""Runs side by side, as a page in a real browser and as Markdown: names and ids show, and do nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.evals.cases import case
from tests.pages.eval_runs import HOSTILE

from ausweis.evals.comparing import SideBySide, side_by_side
from ausweis.pages.compare_page import compare_markdown, compare_page, run_rows


def runs(worse: str = "a", name: str = "third") -> SideBySide:
    """The second run judges one call better than the first, the third this one worse, with no seconds."""
    first = [case(worse, "violation", "violation", seconds=2.0), case("b", "compliant", "violation", seconds=4.0)]
    better = [first[0], case("b", "compliant", "compliant")]
    return side_by_side({"first": first, "second": better, name: [case(worse, "violation", "compliant"), first[1]]})


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "compared.html"
    path.write_text(compare_page(runs(HOSTILE[0], HOSTILE[1])), encoding="utf-8")
    return path


def test_each_run_has_its_numbers_and_is_paired_with_the_first() -> None:
    assert list(run_rows(runs())) == [
        ("first", "2", "0.500", "1.000", "1.000", "0.500", "3.0", "", "", ""),
        ("second", "2", "1.000", "1.000", "0.000", "0.500", "2.0", "1", "0", "1.000"),
        ("third", "2", "0.000", "0.000", "1.000", "0.500", "4.0", "0", "1", "1.000"),
    ]


def test_what_calls_do_not_tell_is_no_number() -> None:
    """No violation among them, no time."""
    clean = [case("a", "compliant", "compliant"), case("b", "compliant", "violation")]
    (row, _) = run_rows(side_by_side({"one": clean, "two": clean}))
    assert row[2:7] == ("0.500", "–", "0.500", "–", "–")


def test_hostile_names_and_ids_show_and_do_nothing(page: Page) -> None:
    expect(page.locator("tbody th").nth(2)).to_have_text(HOSTILE[1])
    expect(page.locator("section:last-child tbody th").last).to_have_text(HOSTILE[0])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_markdown_names_the_calls_of_each_pair() -> None:
    text = compare_markdown(runs("x|y", "<b>"))
    assert text.count("\n## ") == 2
    assert "| <code>x&#124;y</code> | `violation` | `violation` | `compliant` |" in text
    assert "| violation or not right | 0.500 | 1.000 | 1 | 0 | p 1.000 |" in text
    assert text.count("AP: average precision of risk") == 1
    assert "<b>" not in text
