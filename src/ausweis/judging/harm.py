"""How grave what was found in a call is: the one order of lists, pages and tables, the worst first."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ausweis.judging.verdict import Verdict
from ausweis.vocabulary import GRAVEST, SEVERITIES, Severity

_MOST = 99
"""Causes that are counted; more weigh the same."""
_KINDS: dict[str, int] = {kind: place for place, kind in enumerate(GRAVEST)}
_PARTS = {"violations", "incidents", "risk"}


class Found(NamedTuple):
    """A violation or an incident at a turn; `name`: its type or id.

    `sure`: how likely it is so: the risk of the call, of an incident its own probability. `level`: which one the
    broken rule wanted; empty for rules without a level, and for incidents. `quoted`: the turn and the words that
    say so.
    """

    name: str
    severity: Severity
    turn: int
    incident: bool = False
    sure: float = 1.0
    level: str = ""
    quoted: tuple[int, str] | None = None

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts the gravest first: by severity, then by kind; an incident comes after violations as severe."""
        return -SEVERITIES.index(self.severity), len(_KINDS) if self.incident else _KINDS[self.name]

    @property
    def moment(self) -> tuple[int, str]:
        """The same for all rules that are broken at one turn, while each incident is one of its own."""
        return self.turn, self.name if self.incident else ""

    @property
    def cause(self) -> tuple[str, str]:
        """The same for all that one mistake brings about: one rule broken again and again."""
        return self.name, self.level


def found_in(verdict: Mapping[str, Any]) -> list[Found]:
    """Violations, then incidents of a verdict as JSON, each in its order."""
    risk = verdict["risk"]
    violations = [
        Found(one["type"], one["severity"], one["turn"], False, risk, one["reason"].get("level", ""), _quoted(one))
        for one in verdict["violations"]
    ]
    incidents = [
        Found(one["id"], one["severity"], one["turn"], True, one.get("probability", 1.0), quoted=_quoted(one))
        for one in verdict.get("incidents", ())
    ]
    return [*violations, *incidents]


def _quoted(one: Mapping[str, Any]) -> tuple[int, str] | None:
    """The evidence in its own turn, else the first."""
    told = sorted(one.get("evidence", ()), key=lambda part: part["turn"] != one["turn"])
    return (told[0]["turn"], told[0]["quote"]) if told else None


def found_of(verdict: Verdict) -> list[Found]:
    """The same of a verdict."""
    return found_in(verdict.model_dump(include=_PARTS))


def harm(found: Iterable[Found], risk: float, *, unsure: bool) -> int:
    """One number for a call, from 0 to below 10 ** 8: the greater, the worse.

    Calls in which something was found come first, then `unsure` ones, that need a review, then all others. Among
    these: by the greatest severity; by how likely what is so severe is, in per cent, as pages show it (the `risk` where
    nothing was found); by how many different causes there are; by the gravest kind.
    """
    ranked = sorted(found, key=lambda one: one.rank)
    severest = [one for one in ranked if one.severity == ranked[0].severity]
    sure = max((one.sure for one in severest), default=risk)
    weight = 1 if unsure else 2 if ranked else 0
    for value, room in (
        (1 - ranked[0].rank[0] if ranked else 0, 10),
        (round(sure * 100), 1000),
        (min(len({one.cause for one in ranked}), _MOST), 100),
        (len(_KINDS) - ranked[0].rank[1] if ranked else 0, 10),
    ):
        weight = weight * room + value
    return weight


def named(found: Iterable[Found]) -> dict[str, Found]:
    """What was found by name, each once, as the first of the gravest: the gravest name first, then the earliest."""
    by_name: dict[str, Found] = {}
    for one in sorted(found, key=lambda one: (one.rank, one.turn)):
        by_name.setdefault(one.name, one)
    return by_name
