"""The calls of a run in short: those to look at first, by harm; what all calls come to."""

import heapq
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from ausweis.batch.state import VERDICTS_FILE, verdict_of
from ausweis.journal import lines
from ausweis.judging.harm import found_in, harm, named

__all__ = ["Row", "Totals", "totals_in", "worst"]


class Row(NamedTuple):
    """One call in short; turn and quote are of the gravest that was found.

    `violations`: the gravest type first; `incidents`: by kind, each with its first turn. `weight`: its harm.
    """

    call_id: str
    outcome: str
    violations: tuple[str, ...]
    incidents: dict[str, int]
    turn: int | None
    quote: str
    risk: float
    needs_review: bool
    weight: int


class Totals(NamedTuple):
    """`to_review`: how many calls are flagged or not sure enough. `incidents`: by kind, how many calls have one."""

    to_review: int
    incidents: Counter[str]


def worst(folder: Path, number: int) -> list[Row]:
    """So many calls of a run, the worst first, then in the order of the run.

    Raises:
        RunError: the verdicts cannot be read.
    """
    path = folder / VERDICTS_FILE
    # `nsmallest` keeps only so many rows, and the order of equals.
    return heapq.nsmallest(number, (_row(verdict_of(line, path)) for line in lines(path)), key=lambda row: -row.weight)


def totals_in(folder: Path) -> Totals:
    """What all calls of a run come to.

    Raises:
        RunError: the verdicts cannot be read.
    """
    path = folder / VERDICTS_FILE
    to_review, incidents = 0, Counter[str]()
    for line in lines(path):
        verdict = verdict_of(line, path)
        to_review += bool(verdict["needs_review"] or found_in(verdict))
        incidents.update(_incidents(verdict).keys())
    return Totals(to_review, incidents)


def _row(verdict: dict[str, Any]) -> Row:
    found = found_in(verdict)
    parts = zip(found, [*verdict["violations"], *verdict["incidents"]], strict=True)
    first = min(parts, key=lambda pair: (pair[0].rank, pair[0].turn), default=None)
    evidence = (first and first[1].get("evidence")) or [{}]
    risk = float(verdict["risk"])
    return Row(
        call_id=str(verdict["call_id"]),
        outcome=str(verdict["outcome"]),
        violations=tuple(named(one for one in found if not one.incident)),
        incidents=_incidents(verdict),
        turn=first[0].turn if first else None,
        quote=str(evidence[0].get("quote", "")),
        risk=risk,
        needs_review=bool(verdict["needs_review"]),
        weight=harm(found, risk, unsure=bool(verdict["needs_review"])),
    )


def _incidents(verdict: dict[str, Any]) -> dict[str, int]:
    turns: dict[str, int] = {}
    for incident in verdict["incidents"]:
        turns.setdefault(str(incident["id"]), incident["turn"])
    return turns
