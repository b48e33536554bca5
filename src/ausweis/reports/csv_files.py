"""CSV for programs and for Excel: what parts cells and decimals there, and no formula in any of them."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from ausweis.calls.text import clean
from ausweis.views.tables import Cell, Kind, Linked, Table

__all__ = ["DIALECTS", "PLAIN", "Dialect", "safe", "table_csv"]

_FORMULA = re.compile(r"""((?:^|[;,|])[ "]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")
"""What a formula begins with, in full width too, at the start of a cell. Tabs and line ends are no part of a text."""
_BOM = "\ufeff"


@dataclass(frozen=True)
class Dialect:
    """How a file is written. `excel`: with the mark by which Excel knows UTF-8, and times as it reads them."""

    separator: str = ","
    decimal: str = "."
    excel: bool = False

    def number(self, value: float, places: int) -> str:
        """A number with so many decimals."""
        return f"{value:.{places}f}".replace(".", self.decimal)

    def moment(self, text: str | None) -> str:
        """A time of ISO 8601; for Excel, which knows no time zones, that of the clock where the call was."""
        told = text or ""
        return f"{told[:10]} {told[11:19]}" if self.excel and told[10:11] in ("T", " ") else told

    def file(self, rows: Iterable[Iterable[str]]) -> str:
        """The text of a file with these rows: line ends CRLF, every field in quotes."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.separator, quoting=csv.QUOTE_ALL)
        writer.writerows(map(safe, row) for row in rows)
        return (_BOM if self.excel else "") + text.getvalue()


PLAIN = Dialect()
DIALECTS = {
    "plain": PLAIN,
    "excel-de": Dialect(separator=";", decimal=",", excel=True),
    "excel-en": Dialect(excel=True),
}
"""By the names that users give. German Excel parts cells at `;` and takes `,` for the decimal sign."""


def table_csv(table: Table[Any], rows: Iterable[Any], dialect: Dialect = PLAIN) -> str:
    """Head line and rows; seconds with one decimal, shares with three."""
    head = [column.name for column in table.columns]
    kinds = [column.kind for column in table.columns]
    lines = ([_cell(cell, kind, dialect) for cell, kind in zip(table.cells(row), kinds, strict=True)] for row in rows)
    return dialect.file([head, *lines])


def safe(text: str) -> str:
    """On one line, and no formula in it: a spreadsheet runs what begins like one.

    Where the list separator is `;`, as in German, a spreadsheet cuts at each of them, whatever stands in quotes. So a
    `'` goes before what would begin a formula at the start of the text and behind every sign that may part cells; the
    text itself stays whole (OWASP: CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection).
    """
    return _FORMULA.sub(r"\1'", " ".join(clean(text).split()))


def _cell(cell: Cell, kind: Kind, dialect: Dialect) -> str:
    match cell:
        case None:
            return ""
        case Linked(text) | str(text):
            return text
        case time():
            return cell.isoformat("minutes")
        case date():
            return cell.isoformat()
        case _:
            return dialect.number(cell, {"share": 3, "second": 1}.get(kind, 0))
