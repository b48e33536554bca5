"""Excel files, read back by another library: real dates and numbers, and no word of a call is ever a formula."""

import io
import warnings
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from ausweis.pages.tables import Cell, Column, Linked, Table
from ausweis.pages.words import Words
from ausweis.pages.workbook import Book

Row = tuple[Cell, ...]
KINDS = ("text", "day", "time", "turn", "second", "share", "prose")
NAMES = ("call_id", "day", "time", "turn", "second", "risk", "quote")


def table() -> Table[Row]:
    def of(place: int) -> Any:
        return lambda row: row[place]

    return Table("calls", [Column(name, kind, of(n)) for n, (name, kind) in enumerate(zip(NAMES, KINDS))])  # type: ignore[arg-type]  # noqa: B905


def written(*rows: Row) -> bytes:
    book = Book("Anrufe", Words("de"), [table()])
    book.add("calls", rows)
    book.add_notes("Über diese Datei", ["Ein Satz.", "=1+1"])
    return book.content()


def row(text: Cell = "call-1", quote: str = "Wie bitte?") -> Row:
    return (text, date(2026, 3, 2), time(9, 14), 12, 65.5, 0.914, quote)


def test_days_times_numbers_and_shares_are_what_they_are() -> None:
    sheet = load_workbook(io.BytesIO(written(row())))["Anrufe"]
    assert [cell.value for cell in sheet[1]] == ["Anruf", "Tag", "Uhrzeit", "Redebeitrag", "Stelle", "Risiko", "Zitat"]
    cells = sheet[2]
    wanted = ["call-1", datetime(2026, 3, 2), time(9, 14), 12, timedelta(seconds=65.5), 0.914, "Wie bitte?"]
    assert [cell.value for cell in cells] == wanted
    # The numbers of formats that Excel writes as the reader's own settings say (ECMA-376, 18.8.30).
    assert [cell._style.numFmtId for cell in cells[1:4]] == [14, 20, 1]
    assert [cell.number_format for cell in cells[4:6]] == ["[m]:ss", "0%"]
    assert cells[6].alignment.wrap_text
    assert {cell.alignment.vertical for cell in cells} == {"top"}


def test_the_head_stays_in_view_and_filters() -> None:
    sheet = load_workbook(io.BytesIO(written(row(), row("call-2"))))["Anrufe"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:G3")
    assert sheet.column_dimensions["A"].width >= 12
    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$1:$1")


def test_a_file_without_rows_opens() -> None:
    book = load_workbook(io.BytesIO(written()))
    assert book.sheetnames == ["Anrufe", "Über diese Datei"]
    assert book["Anrufe"].max_row == 1


@pytest.mark.parametrize("words", ["=1+1", "+49 30 23125 0", "-1", "@SUM(1)", " =cmd|' /C calc'!A0", "\uff1d1", "\t=1"])
def test_what_begins_like_a_formula_is_a_text_and_stays_one_when_it_is_edited(words: str) -> None:
    data = written(row(words, words))
    cells = load_workbook(io.BytesIO(data))["Anrufe"][2]
    assert (cells[0].value, cells[0].data_type, cells[6].data_type) == (words, "s", "s")
    assert cells[0].quotePrefix
    assert cells[6].quotePrefix
    assert not cells[1].quotePrefix
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert all(b"<f>" not in parts.read(name) for name in parts.namelist())


def test_words_that_no_file_can_hold_are_cleaned_and_long_ones_cut() -> None:
    hostile = "null:\x00 bell:\x07 \u202eedoc\u202c _x0041_ \ufffe <b> & 😀"
    cells = load_workbook(io.BytesIO(written(row(hostile, "😀" * 40_000))))["Anrufe"][2]
    assert str(cells[0].value).startswith("null: bell: edoc _x0041_ ")
    assert str(cells[0].value).endswith(" <b> & 😀")
    assert str(cells[6].value).endswith("😀 …")


def test_a_call_leads_to_its_page() -> None:
    cells = load_workbook(io.BytesIO(written(row(Linked("call-1", "http://127.0.0.1:8321/calls/7")))))["Anrufe"][2]
    assert (cells[0].value, cells[0].hyperlink.target) == ("call-1", "http://127.0.0.1:8321/calls/7")


def test_more_links_than_excel_takes_are_texts() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        book = Book("x", Words("en"), [Table("calls", [Column("call_id", "text", lambda text: text)])])
        book.add("calls", (Linked(str(n), f"http://localhost/{n}") for n in range(65_600)))
        sheet = load_workbook(io.BytesIO(book.content()), read_only=True)["Calls"]
    assert sheet.max_row == 65_601
