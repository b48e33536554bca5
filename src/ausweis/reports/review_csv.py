"""The calls to review as CSV, one a line, for a spreadsheet: the words of the contracts, not of a language."""

import csv
import io
import re
from collections.abc import Iterator

from ausweis.calls.text import clean
from ausweis.reports.review_source import Review
from ausweis.store import CallRow

__all__ = ["COLUMNS", "review_csv"]

COLUMNS = (
    *("day", "started_at", "call_id", "queue", "team", "agent", "outcome", "severity", "violations", "incidents"),
    *("turn", "second", "risk", "confidence", "needs_review", "state", "reason", "quote"),
    *("right_outcome", "right_violations", "right_incidents", "incidents_looked_for"),
)
_FORMULA = re.compile(r"""((?:^|[;,|])[ "]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")
"""What a formula begins with, in full width too, at the start of a cell. Tabs and line ends are no part of a text."""


def review_csv(review: Review) -> str:
    """Head line and calls, worst first; quotes of those that the page shows in full.

    UTF-8, commas, line ends CRLF, every field in quotes.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for call in review.calls:
        worst = call.worst
        turn, second = (str(worst.turn), f"{worst.start:.1f}" if worst.start is not None else "") if worst else ("", "")
        why = worst.why if worst else " ".join(call.reasons)
        writer.writerow(map(_safe, (*_row(call.row, review, turn, second), why, call.said, *_right(call.row))))
    for row in review.rest:
        turn = str(row.first_violation_turn or "")
        writer.writerow(map(_safe, (*_row(row, review, turn), "", "", *_right(row))))
    return text.getvalue()


def _row(row: CallRow, review: Review, turn: str = "", second: str = "") -> Iterator[str]:
    agent = row.agent if review.wanted.agents else None
    yield from (str(row.day), row.started_at or "", row.call_id, row.queue or "", row.team or "", agent or "")
    yield from (row.outcome, row.severity or "", " ".join(row.violations), " ".join(row.incidents), turn, second)
    yield from (f"{row.risk:.3f}", f"{row.confidence:.3f}", str(row.needs_review).lower(), row.state)


def _right(row: CallRow) -> Iterator[str]:
    """What people say, empty where that is open; and whether anybody looked for incidents."""
    yield from (row.right_outcome or "", " ".join(row.right_violations or ()), " ".join(row.right_incidents or ()))
    yield str(bool(row.looked_for)).lower()


def _safe(text: str) -> str:
    """On one line, and no formula in it: a spreadsheet runs what begins like one.

    Where the list separator is `;`, as in German, a spreadsheet cuts at each of them, whatever stands in quotes. So a
    `'` goes before what would begin a formula at the start of the text and behind every sign that may part cells; the
    text itself stays whole (OWASP: CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection).
    """
    return _FORMULA.sub(r"\1'", " ".join(clean(text).split()))
