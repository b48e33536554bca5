"""The calls of a run in short: those to look at first, as they are likeliest a violation; incidents of all calls."""

import heapq
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from ausweis.batch.state import VERDICTS_FILE, verdict_of
from ausweis.journal import lines

__all__ = ["Row", "incidents_in", "worst"]


class Row(NamedTuple):
    """One call in short; turn and quote are of its first violation or, without one, of its first incident.

    `incidents`: by kind, each with its first turn.
    """

    call_id: str
    outcome: str
    violations: tuple[str, ...]
    incidents: dict[str, int]
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


def incidents_in(folder: Path) -> Counter[str]:
    """In how many calls of a run each kind of incident was found.

    Raises:
        RunError: the verdicts cannot be read.
    """
    path = folder / VERDICTS_FILE
    return Counter(kind for line in lines(path) for kind in _incidents(verdict_of(line, path)))


def _rank(row: Row) -> tuple[float, bool]:
    return -row.risk, row.outcome != "violation"


def _row(verdict: dict[str, Any]) -> Row:
    violations = verdict["violations"]
    types = dict.fromkeys(str(violation["type"]) for violation in violations)
    first: dict[str, Any] = next(iter([*violations, *verdict["incidents"]]), {})
    evidence = first.get("evidence") or [{}]
    return Row(
        call_id=str(verdict["call_id"]),
        outcome=str(verdict["outcome"]),
        violations=tuple(types),
        incidents=_incidents(verdict),
        turn=first.get("turn"),
        quote=str(evidence[0].get("quote", "")),
        risk=float(verdict["risk"]),
        needs_review=bool(verdict["needs_review"]),
    )


def _incidents(verdict: dict[str, Any]) -> dict[str, int]:
    turns: dict[str, int] = {}
    for incident in verdict["incidents"]:
        turns.setdefault(str(incident["id"]), incident["turn"])
    return turns
