"""The calls of a run to look at first: those that are likeliest a violation."""

import heapq
from pathlib import Path
from typing import Any, NamedTuple

from ausweis.batch.state import VERDICTS_FILE, verdict_of
from ausweis.journal import lines

__all__ = ["Row", "worst"]


class Row(NamedTuple):
    """One call in short; turn and quote are of its first violation."""

    call_id: str
    outcome: str
    violations: tuple[str, ...]
    turn: int | None
    quote: str
    risk: float
    needs_review: bool


def worst(folder: Path, number: int) -> list[Row]:
    """So many calls of a run, the highest risk first, then violations first, then in the order of the run.

    Raises:
        RunError: the verdicts cannot be read.
    """
    path = folder / VERDICTS_FILE
    # `nsmallest` keeps only so many rows, and the order of equals.
    return heapq.nsmallest(number, (_row(verdict_of(line, path)) for line in lines(path)), key=_rank)


def _rank(row: Row) -> tuple[float, bool]:
    return -row.risk, row.outcome != "violation"


def _row(verdict: dict[str, Any]) -> Row:
    violations = verdict["violations"]
    types = dict.fromkeys(str(violation["type"]) for violation in violations)
    first = violations[0] if violations else {}
    evidence = first.get("evidence") or [{}]
    return Row(
        call_id=str(verdict["call_id"]),
        outcome=str(verdict["outcome"]),
        violations=tuple(types),
        turn=first.get("turn"),
        quote=str(evidence[0].get("quote", "")),
        risk=float(verdict["risk"]),
        needs_review=bool(verdict["needs_review"]),
    )
