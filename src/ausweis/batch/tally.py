"""What a command's calls come to: counts, the calls to look at first, those that failed; counted as they come."""

import heapq
from collections import Counter
from typing import NamedTuple

from pydantic import BaseModel, Field

from ausweis.calls.failure import Failure, FailureKind
from ausweis.judging.harm import found_of, harm, named
from ausweis.judging.verdict import Verdict
from ausweis.vocabulary import Outcome, ViolationType

SHOWN = 30
"""Calls that are told one by one."""


class Counts(BaseModel, extra="forbid"):
    """How many calls have a verdict, of which outcome, with which violations (a call counts once for each type)."""

    verdicts: int = 0
    outcomes: dict[Outcome, int] = Field(default_factory=dict)
    violations: dict[ViolationType, int] = Field(default_factory=dict)
    needs_review: int = 0
    failures: dict[FailureKind, int] = Field(default_factory=dict)

    @property
    def failed(self) -> int:
        """Calls without a verdict, of all kinds."""
        return sum(self.failures.values())

    def ordered(self) -> "Counts":
        """The same, the words in alphabetical order."""
        return self.model_copy(
            update={name: dict(sorted(getattr(self, name).items())) for name in ("outcomes", "violations", "failures")}
        )


class CallLine(NamedTuple):
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


class Tally:
    """`to_review`: how many calls are flagged or not sure enough. `incidents`: by kind, how many calls have one."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.to_review = 0
        self.incidents = Counter[str]()
        self.failures: list[Failure] = []
        self._worst: list[tuple[int, int, CallLine]] = []

    @property
    def worst(self) -> list[CallLine]:
        """The first thirty calls to look at, then in the order in which they came."""
        return [row for _, _, row in sorted(self._worst, reverse=True)]

    def add(self, verdict: Verdict) -> None:
        """Count a call that was judged."""
        row, counts = _row(verdict), self.counts
        counts.verdicts += 1
        counts.needs_review += verdict.needs_review
        counts.outcomes[verdict.outcome] = counts.outcomes.get(verdict.outcome, 0) + 1
        for kind in {violation.type for violation in verdict.violations}:
            counts.violations[kind] = counts.violations.get(kind, 0) + 1
        self.to_review += bool(verdict.needs_review or row.violations or row.incidents)
        self.incidents.update(row.incidents.keys())
        # Of equals, the first one stands first, and the last one goes.
        (heapq.heappushpop if len(self._worst) == SHOWN else heapq.heappush)(
            self._worst, (row.weight, -counts.verdicts, row)
        )

    def add_failure(self, failure: Failure) -> None:
        """Count a call that failed."""
        self.counts.failures[failure.kind] = self.counts.failures.get(failure.kind, 0) + 1
        self.failures.append(failure)


def _row(verdict: Verdict) -> CallLine:
    found = found_of(verdict)
    evidence = [one.evidence for one in verdict.violations] + [one.evidence for one in verdict.incidents]
    first = min(zip(found, evidence, strict=True), key=lambda pair: (pair[0].rank, pair[0].turn), default=None)
    incidents: dict[str, int] = {}
    for incident in verdict.incidents:
        incidents.setdefault(incident.id, incident.turn)
    return CallLine(
        call_id=verdict.call_id,
        outcome=verdict.outcome,
        violations=tuple(named(one for one in found if not one.incident)),
        incidents=incidents,
        turn=first[0].turn if first else None,
        quote=first[1][0].quote if first and first[1] else "",
        risk=verdict.risk,
        needs_review=verdict.needs_review,
        weight=harm(found, verdict.risk, unsure=verdict.needs_review),
    )
