"""The calls to review as CSV, one a line, for a spreadsheet: the words of the contracts, not of a language."""

from collections.abc import Iterator

from ausweis.reports.csv_files import csv_text
from ausweis.reports.review_source import Review
from ausweis.store import CallRow

__all__ = ["COLUMNS", "review_csv"]

COLUMNS = (
    *("day", "started_at", "call_id", "queue", "team", "agent", "outcome", "severity", "violations", "incidents"),
    *("turn", "second", "risk", "confidence", "needs_review", "state", "reason", "quote"),
    *("right_outcome", "right_violations", "right_incidents", "incidents_looked_for"),
)


def review_csv(review: Review) -> str:
    """Head line and calls, worst first; quotes of those that the page shows in full."""
    return csv_text([COLUMNS, *_rows(review)])


def _rows(review: Review) -> Iterator[tuple[str, ...]]:
    for call in review.calls:
        worst = call.worst
        turn, second = (str(worst.turn), worst.start) if worst else ("", None)
        at = "" if second is None else f"{second:.1f}"
        why = worst.why if worst else " ".join(call.reasons)
        yield (*_row(call.row, review, turn, at), why, call.said, *_right(call.row))
    for row in review.rest:
        turn = str(row.first_violation_turn or "")
        yield (*_row(row, review, turn), review.reasons.get(row.key, ""), "", *_right(row))


def _row(row: CallRow, review: Review, turn: str = "", second: str = "") -> Iterator[str]:
    agent = row.agent if review.wanted.agents else None
    yield from (str(row.day), row.started_at or "", row.call_id, row.queue or "", row.team or "", agent or "")
    yield from (row.outcome, row.severity or "", " ".join(row.violations), " ".join(row.incidents), turn, second)
    yield from (f"{row.risk:.3f}", f"{row.confidence:.3f}")
    yield from (str(row.needs_review).lower(), row.state)


def _right(row: CallRow) -> Iterator[str]:
    """What people say, empty where that is open; and whether anybody looked for incidents."""
    yield from (row.right_outcome or "", " ".join(row.right_violations or ()), " ".join(row.right_incidents or ()))
    yield str(bool(row.looked_for)).lower()
