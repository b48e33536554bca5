"""Markdown and CSV of the daily review: hostile words show, and do nothing."""

import csv
import io
from collections.abc import Iterator

import pytest
from tests.reports.review_days import DAY, filled

from ausweis.reports.review_csv import COLUMNS, review_csv
from ausweis.reports.review_markdown import review_markdown
from ausweis.reports.review_source import Review, Wanted, review_of


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    with filled(tmp_path_factory.mktemp("days")) as store:
        yield review_of(store, Wanted(DAY, DAY, full=6))


def rows(review: Review) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(review_csv(review))))


def test_csv_has_a_line_for_each_flagged_call(review: Review) -> None:
    found = rows(review)
    assert tuple(found[0]) == COLUMNS
    assert [one["call_id"] for one in found][:1] == ["call-1"]
    assert len(found) == review.flagged == 7
    assert {one["agent"] for one in found} == {""}
    assert (found[1]["turn"], found[1]["second"], found[1]["severity"]) == ("4", "6.0", "critical")


def test_csv_is_masked_and_holds_no_formula(review: Review) -> None:
    text = review_csv(review)
    assert "Krummbiegel" not in text
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows(review) for cell in row.values())


def test_markdown_tells_counts_moments_and_quotes(review: Review) -> None:
    text = review_markdown(review)
    assert "- **6 mit Verstoß** (30\u00a0%, sonst 5\u00a0%)" in text
    assert "### kritisch: droht mit Anwalt oder Gericht, Anruf <code>call-1</code>" in text
    assert "> 4 Agent: Ihr Vertrag mit der Nummer ‹Nummer› läuft bis Mai. ◀" in text
    assert "Krummbiegel" not in text


def test_markdown_lets_no_markup_in(review: Review) -> None:
    text = review_markdown(review)
    assert "<script" not in text
    assert "<img" not in text
    assert "&#60;script&#62;" in text
    assert "\u202e" not in text
