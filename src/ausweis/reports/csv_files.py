"""CSV for programs, with no formula in any cell, should a spreadsheet open it."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import date, time
from typing import Any

from ausweis.calls.text import clean
from ausweis.views.tables import Cell, Kind, Linked, Table

__all__ = ["csv_text", "safe", "table_csv"]

_FORMULA = re.compile(r"""((?:^|[;,|])[ "]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")
"""What a formula begins with, in full width too, at the start of a cell. Tabs and line ends are no part of a text."""
_PLACES: dict[Kind, int] = {"share": 3, "second": 1}


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """The text of a file with these rows: line ends CRLF, every field in quotes."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(map(safe, row) for row in rows)
    return text.getvalue()


def table_csv(table: Table[Any], rows: Iterable[Any]) -> str:
    """Head line and rows; seconds with one decimal, shares with three."""
    kinds = [column.kind for column in table.columns]
    lines = (map(_cell, table.cells(row), kinds) for row in rows)
    return csv_text([[column.name for column in table.columns], *lines])


def safe(text: str) -> str:
    """On one line, and no formula in it: a spreadsheet runs what begins like one.

    Where the list separator is `;`, as in German, a spreadsheet cuts at each of them, whatever stands in quotes. So a
    `'` goes before what would begin a formula at the start of the text and behind every sign that may part cells; the
    text itself stays whole (OWASP: CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection).
    """
    return _FORMULA.sub(r"\1'", " ".join(clean(text).split()))


def _cell(cell: Cell, kind: Kind) -> str:
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
            return f"{cell:.{_PLACES.get(kind, 0)}f}"
