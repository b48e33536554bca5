"""Calls counted by what people say of what was reported, and which share of it holds."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import NormalDist
from typing import Any, NamedTuple

from ausweis.vocabulary import INCIDENTS

FEWEST = 10
"""Decided calls below which a share of them tells nothing: its interval is wider than half of all."""

LEVEL = 0.95
OWN = "own-"
"""What a company's own incident begins with in `looked_for`, where its id is not known."""


class Subject(NamedTuple):
    """What is counted: violations or incidents; all of them, or those of one type or kind."""

    incident: bool = False
    name: str | None = None


ALL_VIOLATIONS = Subject()
ALL_INCIDENTS = Subject(incident=True)


def bounds(hits: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """The interval of the share of `hits` among `n`, at least 1 (Wilson, JASA 22, 1927)."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = (hits + z * z / 2) / (n + z * z)
    half = z * math.sqrt(hits * (n - hits) / n + z * z / 4) / (n + z * z)
    # At the ends, the formula comes to them but for rounding.
    return (middle - half if hits else 0.0), (middle + half if hits < n else 1.0)


class Precision(NamedTuple):
    """Which share of what was reported and decided people confirmed, with its 95 % bounds (Wilson)."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Counted:
    """Calls counted. `asked`: those in which it was looked for, of which all others are.

    `reported`: the verdict says it; of those, `confirmed` and `overruled` ones are decided. `added`: people found what
    the verdict does not say.
    """

    calls: int = 0
    asked: int = 0
    reported: int = 0
    confirmed: int = 0
    overruled: int = 0
    added: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(*(getattr(self, own.name) + getattr(other, own.name) for own in fields(Counted)))

    @property
    def open(self) -> int:
        """Reported, and not decided: nobody has, somebody is not sure, or two disagree."""
        return self.reported - self.decided

    @property
    def decided(self) -> int:
        """Reported and decided."""
        return self.confirmed + self.overruled

    @property
    def share(self) -> float | None:
        """Reported ones, of the calls in which it was looked for; None where it was not."""
        return self.reported / self.asked if self.asked else None

    @property
    def confirmed_share(self) -> float | None:
        """Confirmed ones, likewise."""
        return self.confirmed / self.asked if self.asked else None

    @property
    def precision(self) -> Precision | None:
        """None where too few are decided."""
        if self.decided < FEWEST:
            return None
        return Precision(self.confirmed / self.decided, *bounds(self.confirmed, self.decided))


def counted_of(row: Any) -> dict[Subject, Counted]:
    """What people say of calls, a `number` of them that verdict and decision say the same of: by each name, and all."""
    counted: dict[Subject, Counted] = {}
    for incident, said, told in (
        (False, row.violations, row.right_violations),
        (True, row.incidents, row.right_incidents),
    ):
        verdict, right = json.loads(said), None if told is None else json.loads(told)
        counted[Subject(incident)] = _hits(bool(verdict), None if right is None else bool(right), row.number)
        for name in dict.fromkeys((*verdict, *(right or ()))):
            holds = None if right is None else name in right
            counted[Subject(incident, name)] = _hits(name in verdict, holds, row.number)
    return counted


def was_asked(subject: Subject, looked_for: Sequence[str]) -> bool:
    """Whether it was looked for in a call that was read for these; of a company's own incidents, whether any was."""
    if not subject.incident or subject.name is None:
        return not subject.incident or bool(looked_for)
    return subject.name in looked_for or (
        subject.name not in INCIDENTS and any(name.startswith(OWN) for name in looked_for)
    )


def _hits(said: bool, holds: bool | None, calls: int) -> Counted:
    return Counted(
        reported=calls * said,
        confirmed=calls * (said and holds is True),
        overruled=calls * (said and holds is False),
        added=calls * (not said and holds is True),
    )
