"""Calls counted by what people say of what was reported, and which share of it holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

from ausweis.store.bounds import bounds

__all__ = ["FEWEST", "Hits", "Precision", "hits_of"]

FEWEST = 10
"""Decided calls below which a share of them tells nothing: its interval is wider than half of all."""


class Precision(NamedTuple):
    """Which share of what was reported and decided people confirmed, with its 95 % bounds (Clopper and Pearson)."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Hits:
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

    def __add__(self, other: "Hits") -> "Hits":
        return Hits(*(getattr(self, own.name) + getattr(other, own.name) for own in fields(Hits)))

    @property
    def open(self) -> int:
        """Reported, and not decided: nobody has, somebody is not sure, or two disagree."""
        return self.reported - self.decided

    @property
    def decided(self) -> int:
        """Reported and decided."""
        return self.confirmed + self.overruled

    @property
    def precision(self) -> Precision | None:
        """None where too few are decided."""
        if self.decided < FEWEST:
            return None
        return Precision(self.confirmed / self.decided, *bounds(self.confirmed, self.decided))


def hits_of(verdict: Sequence[str], right: Sequence[str] | None, number: int) -> Iterator[tuple[str, Hits]]:
    """So many calls of one verdict and one decision, None where that is open, by each name in one of them."""
    for name in dict.fromkeys((*verdict, *(right or ()))):
        is_said, holds = name in verdict, right is not None and name in right
        yield (
            name,
            Hits(
                reported=number * is_said,
                confirmed=number * (is_said and holds),
                overruled=number * (is_said and right is not None and not holds),
                added=number * (holds and not is_said),
            ),
        )
