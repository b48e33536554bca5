"""How grave what was found in a call is: the one order of lists, pages and tables, the worst first."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ausweis.judging.verdict import Verdict
from ausweis.vocabulary import GRAVEST, SEVERITIES, Severity

__all__ = ["Found", "found_in", "found_of", "harm", "named"]

_RISKS = 10
"""Steps of risk that are told apart. Finer ones are noise: 0.97 is no less urgent than 0.98."""
_MOST = 99
"""Findings that are counted; more weigh the same."""
_KINDS: dict[str, int] = {kind: place for place, kind in enumerate(GRAVEST)}


class Found(NamedTuple):
    """A violation or an incident at a turn; `name`: its type or id."""

    name: str
    severity: Severity
    turn: int
    incident: bool = False

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts the gravest first: by severity, then by kind; an incident comes after violations as severe."""
        return -SEVERITIES.index(self.severity), len(_KINDS) if self.incident else _KINDS[self.name]


def found_in(verdict: Mapping[str, Any]) -> list[Found]:
    """Violations, then incidents of a verdict as JSON, of either version, each in its order."""
    violations = [Found(str(one["type"]), one["severity"], one["turn"]) for one in verdict["violations"]]
    incidents = [
        # Version 1 calls an incident its kind.
        Found(str(one.get("id") or one["kind"]), one["severity"], one["turn"], incident=True)
        for one in verdict.get("incidents", ())
    ]
    return [*violations, *incidents]


def found_of(verdict: Verdict) -> list[Found]:
    """The same of a verdict."""
    violations = [Found(one.type, one.severity, one.turn) for one in verdict.violations]
    return [*violations, *(Found(one.id, one.severity, one.turn, incident=True) for one in verdict.incidents)]


def harm(found: Iterable[Found], risk: float) -> int:
    """One number for a call, from 0 to below 10 ** 8: the greater, the worse.

    By the greatest severity, then by how many findings are that severe, then by the gravest kind of these, then by how
    many findings there are in all, then by risk, rounded. What was found twice at one turn counts once.
    """
    ranks = sorted({(one.name, one.turn, one.incident): one.rank for one in found}.values())
    severest = [rank for rank in ranks if rank[0] == ranks[0][0]]
    grade = 1 - ranks[0][0] if ranks else 0
    kind = len(_KINDS) - ranks[0][1] if ranks else 0
    weight = 0
    for value, room in (
        (grade, 10),
        (min(len(severest), _MOST), 100),
        (kind, 10),
        (min(len(ranks), _MOST), 100),
        (round(risk * _RISKS), 100),
    ):
        weight = weight * room + value
    return weight


def named(found: Iterable[Found]) -> dict[str, Found]:
    """What was found by name, each once, as the first of the gravest: the gravest name first, then the earliest."""
    by_name: dict[str, Found] = {}
    for one in sorted(found, key=lambda one: (one.rank, one.turn)):
        by_name.setdefault(one.name, one)
    return by_name
