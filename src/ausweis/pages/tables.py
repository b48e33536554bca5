"""Calls and findings as tables with typed cells, and tables as CSV."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from ausweis.calls.text import clean
from ausweis.pages.findings import CallView, Finding
from ausweis.pages.words import Words, time_of
from ausweis.store import CallRow, Decision

__all__ = [
    "Cell",
    "CellFormat",
    "Column",
    "Kind",
    "Linked",
    "Table",
    "call_table",
    "csv_text",
    "finding_lines",
    "finding_table",
    "table_csv",
]

T = TypeVar("T")
Kind = Literal["text", "prose", "day", "time", "turn", "second", "share"]
"""prose: sentences, which are wrapped; turn: a whole number; second: of the call; share: from 0 to 1."""


class Linked(NamedTuple):
    """A text that leads to a page."""

    text: str
    address: str


Cell = str | int | float | date | time | Linked | None


@dataclass(frozen=True)
class Column(Generic[T]):
    """A column. `name`: its word in files for programs; `width` in letters; `of` gives its cell of a row."""

    name: str
    kind: Kind
    width: int
    of: Callable[[T], Cell]


@dataclass(frozen=True)
class Table(Generic[T]):
    """The columns of a table, whose rows come one at a time."""

    name: str
    columns: Sequence[Column[T]]

    def cells(self, row: T) -> list[Cell]:
        """The cells of a row, in order."""
        return [column.of(row) for column in self.columns]


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


class FindingLine(NamedTuple):
    """A finding as a row; None for a call without any, so that none is left out.

    `counts`: 1 in one row of all those of a type or kind in a call, 0 in the others.
    """

    call: CallView
    finding: Finding | None
    counts: int = 0


@dataclass(frozen=True)
class CellFormat:
    """The form of cells. `words`: in words; with None, as the contracts say.

    `agents`: with their pseudonyms; `serve`: the address of the desk, for links.
    """

    words: Words | None
    agents: bool = False
    serve: str | None = None

    def say(self, word: str | None) -> str:
        """A word of the domain; empty for none."""
        if not word or self.words is None:
            return word or ""
        return self.words.capital(self.words.word(word))

    def kind(self, finding: Finding | None) -> str:
        """Whether it is a violation or an incident; empty for none."""
        if finding is None:
            return ""
        kind = "incident" if finding.incident else "violation"
        return kind if self.words is None else self.words.text(kind)

    def state(self, line: FindingLine) -> str:
        """What people say of a finding; of a call without any, of the call."""
        state = line.finding.state if line.finding else ""
        if self.words is None or state not in ("confirmed", "overruled", "added"):
            return self.say(state or line.call.decided.state)
        return self.words.capital(self.words.text(f"count_{state}"))

    def listed(self, kinds: Sequence[str]) -> str:
        """Several of them."""
        return " ".join(kinds) if self.words is None else self.words.capital(", ".join(map(self.words.word, kinds)))

    def yes(self, is_so: bool) -> str:
        """Whether it is so; in words, only where it is."""
        if self.words is None:
            return str(is_so).lower()
        return self.words.text("yes") if is_so else ""

    def label(self, decision: Decision | None) -> str:
        """What is right, with turns."""
        if decision is None:
            return ""
        if self.words is not None:
            return self.words.capital(self.words.label(decision))
        happened = (*decision.violations, *(decision.incidents or ()))
        return " ".join([decision.outcome or "", *(f"{kind}@{turn}" for kind, turn in happened)])

    def call(self, row: CallRow) -> Cell:
        """The id, which leads to the desk."""
        return Linked(row.call_id, f"{self.serve}/calls/{row.key}") if self.serve else row.call_id


def finding_lines(line: CallView) -> Iterator[FindingLine]:
    """A row for each finding; one for a call without any."""
    counted: set[tuple[bool, str]] = set()
    # Those that hold come first: a type that holds at one turn counts as confirmed, whatever was rejected at others.
    for finding in line.findings:
        subject = finding.incident, finding.name
        yield FindingLine(line, finding, counts=int(subject not in counted))
        counted.add(subject)
    if not line.findings:
        yield FindingLine(line, None)


def call_table(cells: CellFormat) -> Table[CallView]:
    """The table of calls."""
    columns: list[Column[CallView]] = [
        *_columns_of_call(cells, lambda line: line),
        Column("outcome", "text", 16, lambda line: cells.say(line.row.outcome)),
        Column("severity", "text", 10, lambda line: cells.say(line.row.severity)),
        Column("violations", "prose", 28, lambda line: cells.listed(line.row.violations)),
        Column("incidents", "prose", 28, lambda line: cells.listed(line.row.incidents)),
        Column("turn", "turn", 12, lambda line: line.worst.turn if line.worst else line.row.first_violation_turn),
        Column("second", "second", 9, lambda line: line.worst.start if line.worst else None),
        Column("quote", "prose", 50, lambda line: _quotes(line.worst)),
        Column("reason", "prose", 50, lambda line: line.why),
        Column("risk", "share", 8, lambda line: line.row.risk),
        Column("confidence", "share", 14, lambda line: line.row.confidence),
        Column("needs_review", "text", 10, lambda line: cells.yes(line.row.needs_review)),
        Column("state", "text", 13, lambda line: cells.say(line.decided.state)),
        *_columns_of_decision(cells, lambda line: line),
    ]
    return Table("calls", columns)


def finding_table(cells: CellFormat) -> Table[FindingLine]:
    """The table of findings."""
    columns: list[Column[FindingLine]] = [
        *_columns_of_call(cells, lambda line: line.call),
        Column("kind", "text", 11, lambda line: cells.kind(line.finding)),
        Column("type", "prose", 28, lambda line: cells.say(line.finding.name if line.finding else "")),
        Column("severity", "text", 10, lambda line: cells.say(line.finding.grade if line.finding else "")),
        Column("turn", "turn", 12, lambda line: line.finding.turn if line.finding else None),
        Column("second", "second", 9, lambda line: line.finding.start if line.finding else None),
        Column("quote", "prose", 50, lambda line: _quotes(line.finding)),
        Column("reason", "prose", 50, lambda line: line.finding.why if line.finding else line.call.why),
        Column("advice", "prose", 50, lambda line: line.finding.should if line.finding else ""),
        Column("state", "text", 20, cells.state),
        Column("counts", "turn", 8, lambda line: line.counts),
        *_columns_of_decision(cells, lambda line: line.call),
    ]
    return Table("findings", columns)


def _columns_of_call(cells: CellFormat, call: Callable[[T], CallView]) -> list[Column[T]]:
    agent: Column[T] = Column("agent", "text", 16, lambda line: call(line).row.agent)
    return [
        Column("call_id", "text", 22, lambda line: cells.call(call(line).row)),
        Column("day", "day", 12, lambda line: call(line).row.day),
        Column("time", "time", 8, lambda line: _time(call(line).row)),
        Column("queue", "text", 16, lambda line: call(line).row.queue),
        Column("team", "text", 14, lambda line: call(line).row.team),
        *([agent] if cells.agents else []),
    ]


def _columns_of_decision(cells: CellFormat, call: Callable[[T], CallView]) -> list[Column[T]]:
    return [
        Column("decided_by", "text", 16, lambda line: ", ".join(call(line).decided.by)),
        Column("decided_on", "day", 12, lambda line: call(line).decided.day),
        Column("decided", "prose", 28, lambda line: cells.label(call(line).decided.label)),
        Column("note", "prose", 40, lambda line: "\n".join(call(line).decided.notes)),
        Column("coaching_note", "prose", 40, lambda line: "\n".join(call(line).decided.coaching)),
    ]


def _quotes(finding: Finding | None) -> str:
    return "\n".join(dict.fromkeys(quote.text for quote in finding.quotes)) if finding else ""


def _time(row: CallRow) -> time | None:
    """When the call began, in its own time zone, of which Excel knows nothing."""
    try:
        return time.fromisoformat(time_of(row))
    except ValueError:
        return None
