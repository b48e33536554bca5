"""Calls and findings as tables with typed cells, and findings as CSV."""

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
    """A column. `name`: that of its head in the texts; `of` gives its cell of a row."""

    name: str
    kind: Kind
    of: Callable[[T], Cell]


@dataclass(frozen=True)
class Table(Generic[T]):
    """The columns of a table, whose rows come one at a time."""

    name: str
    columns: Sequence[Column[T]]

    def cells(self, row: T) -> list[Cell]:
        """The cells of a row, in order."""
        return [column.of(row) for column in self.columns]

    def heads(self, words: Words) -> list[str]:
        """What stands above the columns."""
        return [words.text(f"column_{column.name}") for column in self.columns]


class Line(NamedTuple):
    """A finding as a row, or a call with its worst one; None for a call without any, so that none is left out.

    `counts`: 1 in one row of all those of a type or kind in a call, 0 in the others.
    """

    call: CallView
    finding: Finding | None
    counts: int = 0


def call_lines(call: CallView) -> Iterator[Line]:
    """The row of a call."""
    yield Line(call, call.worst)


def finding_lines(call: CallView) -> Iterator[Line]:
    """A row for each finding; one for a call without any."""
    counted: set[tuple[bool, str]] = set()
    # Those that hold come first: a type that holds at one turn counts as confirmed, whatever was rejected at others.
    for finding in call.findings:
        subject = finding.incident, finding.name
        yield Line(call, finding, counts=int(subject not in counted))
        counted.add(subject)
    if not call.findings:
        yield Line(call, None)


_WHERE = ("call_id", "day", "time", "queue", "team", "agent")
_SAID = ("turn", "second", "quote", "reason")
_DECIDED = ("decided_by", "decided_on", "decided", "note", "coaching_note")
_CALLS = ("outcome", "severity", "violations", "incidents", *_SAID, "risk", "confidence", "needs_review", "state")
_FINDINGS = ("kind", "type", "severity", *_SAID, "advice", "people", "rejected_for", "counts")


def tables(words: Words, *, agents: bool = False, serve: str | None = None) -> tuple[Table[Line], Table[Line]]:
    """The table of calls and that of findings. `agents`: with their pseudonyms; `serve`: the desk, for links."""

    def say(word: str | None) -> str:
        return words.capital(words.word(word)) if word else ""

    def listed(kinds: Sequence[str]) -> str:
        return words.capital(", ".join(map(words.word, kinds)))

    def call_id(line: Line) -> Cell:
        row = line.call.row
        return Linked(row.call_id, f"{serve}/calls/{row.key}") if serve else row.call_id

    def people(line: Line) -> str:
        state = line.finding.state if line.finding else ""
        return say(state) if state in ("", "decided") else words.capital(words.text(f"count_{state}"))

    def of_finding(say: Callable[[Finding], Cell]) -> Callable[[Line], Cell]:
        return lambda line: say(line.finding) if line.finding else None

    of: dict[str, tuple[Kind, Callable[[Line], Cell]]] = {
        "call_id": ("text", call_id),
        "day": ("day", lambda line: line.call.row.day),
        "time": ("time", _time),
        "queue": ("text", lambda line: line.call.row.queue),
        "team": ("text", lambda line: line.call.row.team),
        "agent": ("text", lambda line: line.call.row.agent),
        "outcome": ("text", lambda line: words.result(line.call.row.outcome, line.call.row.incidents)),
        "violations": ("prose", lambda line: listed(line.call.row.violations)),
        "incidents": ("prose", lambda line: listed(line.call.row.incidents)),
        "kind": ("text", of_finding(lambda one: words.text("incident" if one.incident else "violation"))),
        "type": ("prose", of_finding(lambda one: say(one.name))),
        "severity": ("text", of_finding(lambda one: say(one.grade))),
        "turn": ("turn", of_finding(lambda one: one.turn)),
        "second": ("second", of_finding(lambda one: one.start)),
        "quote": ("prose", of_finding(lambda one: "\n".join(dict.fromkeys(quote.text for quote in one.quotes)))),
        "reason": ("prose", lambda line: line.finding.why if line.finding else line.call.why),
        "advice": ("prose", of_finding(lambda one: one.should)),
        "people": ("text", people),
        "rejected_for": ("text", of_finding(lambda one: one.reason and words.text(f"reason_{one.reason}"))),
        "counts": ("turn", lambda line: line.counts),
        "risk": ("share", lambda line: line.call.row.shown_risk),
        "confidence": ("share", lambda line: line.call.row.confidence),
        "needs_review": ("text", lambda line: words.text("yes") if line.call.row.needs_review else ""),
        "state": ("text", lambda line: say(line.call.decided.state)),
        "decided_by": ("text", lambda line: ", ".join(line.call.decided.by)),
        "decided_on": ("day", lambda line: line.call.decided.day),
        "decided": (
            "prose",
            lambda line: words.capital((line.call.decided.label and words.label(line.call.decided.label)) or ""),
        ),
        "note": ("prose", lambda line: "\n".join(line.call.decided.notes)),
        "coaching_note": ("prose", lambda line: "\n".join(line.call.decided.coaching)),
    }

    def table(name: str, own: Sequence[str]) -> Table[Line]:
        names = [one for one in (*_WHERE, *own, *_DECIDED) if agents or one != "agent"]
        return Table(name, [Column(one, *of[one]) for one in names])

    return table("calls", _CALLS), table("findings", _FINDINGS)


def _time(line: Line) -> time | None:
    """When the call began, in its own time zone, of which Excel knows nothing."""
    try:
        return time.fromisoformat(time_of(line.call.row))
    except ValueError:
        return None


_FORMULA = re.compile(r"""((?:^|[;,|])[ "]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")
"""What a formula begins with, in full width too, at the start of a cell. Tabs and line ends are no part of a text."""
_PLACES: dict[Kind, int] = {"share": 3, "second": 1}


def table_csv(table: Table[Any], rows: Iterable[Any], words: Words) -> str:
    """The text of a file: line ends CRLF, every field in quotes; seconds with one decimal, shares with three.

    In German as a German spreadsheet reads it when it is opened by a click: parted by `;`, decimals behind a comma, and
    with the mark by which it knows UTF-8.
    """
    text, german = io.StringIO(), words.language == "de"
    lines = csv.writer(text, delimiter=";" if german else ",", quoting=csv.QUOTE_ALL)
    lines.writerow(map(safe, table.heads(words)))
    point = "," if german else "."
    for row in rows:
        cells = zip(table.cells(row), table.columns, strict=True)
        lines.writerow([safe(_cell(cell, column.kind, point)) for cell, column in cells])
    return ("\ufeff" if german else "") + text.getvalue()


def safe(text: str) -> str:
    """On one line, and no formula in it: a spreadsheet runs what begins like one.

    Where the list separator is `;`, as in German, a spreadsheet cuts at each of them, whatever stands in quotes. So a
    `'` goes before what would begin a formula at the start of the text and behind every sign that may part cells; the
    text itself stays whole (OWASP: CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection).
    """
    return _FORMULA.sub(r"\1'", " ".join(clean(text).split()))


def _cell(cell: Cell, kind: Kind, point: str) -> str:
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
            return f"{cell:.{_PLACES.get(kind, 0)}f}".replace(".", point)
