"""CSV as programs read it."""

import csv
import io
from collections.abc import Iterator
from datetime import date, time

import pytest
from tests.reports.review_days import DAY, filled

from ausweis.reports.csv_files import table_csv
from ausweis.reports.review_csv import review_csv
from ausweis.reports.review_source import Review, Wanted, review_of
from ausweis.views.tables import Column, Linked, Table


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    with filled(tmp_path_factory.mktemp("days")) as store:
        yield review_of(store, Wanted(DAY, DAY, full=6))


def test_numbers_and_times_are_as_programs_write_them(review: Review) -> None:
    text = review_csv(review)
    assert text.startswith('"day","started_at",')
    rows = list(csv.DictReader(io.StringIO(text)))
    assert (rows[1]["risk"], rows[1]["second"]) == ("1.000", "6.0")
    assert rows[1]["started_at"] == "2026-03-02T09:14:00+01:00"


def test_calls_in_short_tell_their_reason(review: Review) -> None:
    assert list(review.reasons) == [row.key for row in review.rest]
    rows = list(csv.DictReader(io.StringIO(review_csv(review))))
    assert rows[-1]["quote"] == ""


def test_no_cell_of_a_table_is_a_formula() -> None:
    table = Table("x", [Column("quote", "prose", 9, lambda text: text), Column("share", "share", 9, lambda _: 0.5)])
    text = table_csv(table, ["=1+1", "Ja;=1", "Nein,\n@x"])
    for separator in ",;":
        cells = [cell for line in csv.reader(io.StringIO(text), delimiter=separator) for cell in line]
        assert not [cell for cell in cells if cell.lstrip(' "').startswith(("=", "+", "-", "@"))]


def test_cells_are_written_by_their_kind() -> None:
    kinds = ("text", "day", "time", "turn", "second", "share")
    table = Table("x", [Column(kind, kind, 9, lambda row, n=n: row[n]) for n, kind in enumerate(kinds)])  # type: ignore[misc,arg-type]
    row = (Linked("c", "http://x"), date(2026, 3, 2), time(9, 5), 4, 61.25, 0.91)
    assert table_csv(table, [row, (None,) * 6]).splitlines()[1:] == [
        '"c","2026-03-02","09:05","4","61.2","0.910"',
        '"","","","","",""',
    ]
