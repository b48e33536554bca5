"""Markdown and CSV of the daily review: hostile words show, and do nothing."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.reports.review_days import DAY, filled

from ausweis.reports.review_csv import COLUMNS, review_csv
from ausweis.reports.review_markdown import review_markdown
from ausweis.reports.review_source import Review, Wanted, review_of

HOSTILE = (
    *("Ja;=cmd|'/c calc'!A1", 'Ja;"=1+1";', "Ja, nein |@SUM(1)", "Ja;\t+1", "Ja\n-1;-1", "Ja; \uff1d1", '"=1', ";;-1"),
    *('Ja;"', 'Ja;""=1', "=1;=1", "\uff201"),
)


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
    assert len(found) == review.to_review == 7
    assert {one["agent"] for one in found} == {""}
    assert (found[1]["turn"], found[1]["second"], found[1]["severity"]) == ("4", "6.0", "critical")


def test_csv_is_masked_and_holds_no_formula(review: Review) -> None:
    text = review_csv(review)
    assert "Krummbiegel" not in text
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows(review) for cell in row.values())


@pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
@pytest.mark.parametrize("words", HOSTILE)
def test_no_cell_is_a_formula_whichever_separator_a_spreadsheet_takes(
    review: Review, words: str, separator: str
) -> None:
    row = replace(review.rest[0], queue=words, team=words, call_id=words)
    text = review_csv(replace(review, rest=[row]))
    cells = [cell for line in csv.reader(io.StringIO(text), delimiter=separator) for cell in line]
    formulas = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    assert not [cell for cell in cells if cell.lstrip(' "').startswith(formulas)]


def test_a_guarded_text_is_whole_but_for_the_guard(review: Review) -> None:
    row = replace(review.rest[0], queue="Ja;=1+1; E-Mail - 3, oder?")
    (found,) = [one for one in rows(replace(review, rest=[row])) if one["queue"].startswith("Ja")]
    assert found["queue"] == "Ja;'=1+1; E-Mail - 3, oder?"


def test_markdown_tells_counts_moments_and_quotes(review: Review) -> None:
    text = review_markdown(review)
    assert "- **6 mit Verstoß** (30\u00a0%, sonst 5\u00a0%): 6 offen" in text
    assert "### kritisch: keine Authentifizierung, Anruf <code>call-1</code>" in text
    assert "> 4 Agent: Ihr Vertrag mit der Nummer ‹Nummer› läuft bis Mai. ◀" in text
    assert "Krummbiegel" not in text


def test_markdown_lets_no_markup_in(review: Review) -> None:
    text = review_markdown(review)
    assert "<script" not in text
    assert "<img" not in text
    assert "&#60;script&#62;" in text
    assert "\u202e" not in text
