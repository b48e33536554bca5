"""Excel files."""

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ausweis.calls.text import clean
from ausweis.errors import NoCallError
from ausweis.pages.findings import call_view
from ausweis.pages.tables import Cell, Column, Kind, Linked, Table, call_lines, finding_lines, tables
from ausweis.pages.words import Words
from ausweis.store import CallRecord, Store

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST = 16_000
"""Letters of a cell; Excel takes 32,767 halves of one."""
LONGEST_ADDRESS = 2_000
MOST_LINKS = 65_000
"""Links of a sheet; Excel takes 65,530."""
_A4 = 9
_WIDTHS: dict[Kind, int] = {"text": 16, "prose": 40, "day": 12, "time": 8, "turn": 12, "second": 9, "share": 12}
"""Letters."""
_FORMATS: dict[Kind, dict[str, Any]] = {
    "text": {},
    "prose": {"text_wrap": True},
    # Numbers of formats that Excel writes as the reader's settings say.
    "day": {"num_format": 14, "align": "left"},
    "time": {"num_format": 20, "align": "left"},
    "turn": {"num_format": 1},
    "second": {"num_format": "[m]:ss"},
    "share": {"num_format": 9},
}
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")


class _Sheet(NamedTuple):
    sheet: Worksheet
    table: Table[Any]


class Book:
    """An Excel file that is being written, in memory: what it holds is nobody's to find in a temporary folder."""

    def __init__(self, title: str, words: Words, tables: Sequence[Table[Any]]) -> None:
        """Begin the sheets of these tables; `title` is the file's own."""
        self._bytes = io.BytesIO()
        self._book = Workbook(self._bytes, {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False})
        self._book.set_properties({"title": clean(title)})
        self._words = words
        self._formats = {
            (kind, guarded): self._book.add_format({**made, "valign": "top", "quote_prefix": guarded})
            for kind, made in _FORMATS.items()
            for guarded in (False, True)
        }
        self._link = self._book.add_format({"valign": "top", "font_color": "#0563C1", "underline": 1})
        head = self._book.add_format({"bold": True, "bg_color": "#E4EDEF", "valign": "top", "text_wrap": True})
        self._sheets = {table.name: _Sheet(self._begin(table, head), table) for table in tables}
        self._rows = dict.fromkeys(self._sheets, 0)

    def add(self, name: str, rows: Iterable[Any]) -> None:
        """Add rows to the table of this name."""
        sheet, table = self._sheets[name]
        for row in rows:
            self._rows[name] += 1
            for place, (column, cell) in enumerate(zip(table.columns, table.cells(row), strict=True)):
                self._write(sheet, self._rows[name], place, column, cell)

    def add_notes(self, name: str, lines: Iterable[str]) -> None:
        """A sheet of sentences about the file."""
        sheet = self._book.add_worksheet(name)
        sheet.set_column(0, 0, 110)
        for place, line in enumerate(lines):
            sheet.write_string(place, 0, _text(line), self._text_format("prose", line))
        self._paper(sheet)

    def content(self) -> bytes:
        """The file, which is done with this."""
        for name, (sheet, table) in self._sheets.items():
            sheet.autofilter(0, 0, max(1, self._rows[name]), len(table.columns) - 1)
        self._book.close()
        return self._bytes.getvalue()

    def _begin(self, table: Table[Any], head: Format) -> Worksheet:
        sheet = self._book.add_worksheet(self._words.text(f"sheet_{table.name}"))
        for place, (column, name) in enumerate(zip(table.columns, table.heads(self._words), strict=True)):
            sheet.set_column(place, place, _WIDTHS[column.kind])
            sheet.write_string(0, place, name, head)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        self._paper(sheet)
        return sheet

    def _paper(self, sheet: Worksheet) -> None:
        sheet.set_paper(_A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&R&P / &N")

    def _write(self, sheet: Worksheet, row: int, place: int, column: Column[Any], cell: Cell) -> None:
        plain = self._formats[column.kind, False]
        match cell:
            case None | "":
                sheet.write_blank(row, place, None, plain)
            case Linked(text, address) if row <= MOST_LINKS and len(address) <= LONGEST_ADDRESS:
                sheet.write_url(row, place, address, self._link, _text(text))
            case Linked(text) | str(text):
                sheet.write_string(row, place, _text(text), self._text_format(column.kind, text))
            case datetime() | date() | time():
                sheet.write_datetime(row, place, cell, plain)
            case _:
                # Excel counts time in days.
                sheet.write_number(row, place, cell / 86_400 if column.kind == "second" else cell, plain)

    def _text_format(self, kind: Kind, text: str) -> Format:
        return self._formats[kind, _FORMULA.match(_text(text)) is not None]


def _text(text: str) -> str:
    cleaned = clean(text)
    return cleaned if len(cleaned) <= LONGEST else f"{cleaned[:LONGEST]} …"


def call_book(
    records: Iterable[CallRecord],
    words: Words,
    *,
    title: str,
    by: str,
    notes: Sequence[str] = (),
    agents: bool = False,
    serve: str | None = None,
    masked: bool = True,
    reviewer: str | None = None,
) -> bytes:
    """The file. `by`: who has it made; `notes`: what else is to be said of it; `reviewer`: whose eyes it is for.

    `serve`: address of the desk, for links.
    """
    book = Book(title, words, tables(words, agents=agents, serve=serve))
    states: Counter[str] = Counter()
    for record in records:
        view = call_view(record, words, masked=masked, reviewer=reviewer)
        states[view.decided.state] += 1
        book.add("calls", call_lines(view))
        book.add("findings", finding_lines(view))
    made = words.text("book_made", day=words.day(date.today()), by=by)
    calls = words.text("book_calls", count=words.number(states.total()))
    counts = [words.text("book_counts", counts=words.text("column_counts"))]
    if hidden := states["decided"]:
        counts.append(words.text("book_decided", count=words.number(hidden)))
    told = (title, made, calls, *notes, *counts, words.text("sheet_masked" if masked else "sheet_unmasked"))
    book.add_notes(words.text("sheet_about"), told)
    return book.content()


def records_of(store: Store, keys: Iterable[int]) -> Iterator[CallRecord]:
    """The calls of these keys, one at a time, but for those that have been deleted meanwhile."""
    for key in keys:
        try:
            yield store.record(key)
        except NoCallError:
            continue
