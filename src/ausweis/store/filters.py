"""Which calls are asked for, and in which order."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

from ausweis.vocabulary import Outcome, ViolationType

__all__ = ["EVERY", "CallFilter", "Column", "Cursor", "Finding", "Order", "State", "scattered"]

State = Literal["open", "confirmed", "overruled", "not_sure", "disputed"]
Finding = Literal["confirmed", "overruled", "open", "added"]
"""What people say of something that a verdict says; added: the verdict does not say it, people do."""
Order = Literal["weight", "risk", "time", "chance"]
"""weight: the worst first, by harm (`judging.harm`), of equals the latest; risk: the riskiest; time: the latest;
chance: scattered, which tells nothing of a call."""
Column = Literal["day", "queue", "team"]

_PRIME, _STEP = 10_007, 6_185
"""A prime and its golden section: steps of this length come to lie far apart."""


def scattered(key: Any) -> Any:
    """A number by which calls stand in no order that tells anything of them; of a key, or a column of keys."""
    return key % _PRIME * _STEP % _PRIME


class Cursor(NamedTuple):
    """Where a page of calls ended: `CallRow.cursor` of its last row. `at`: its moment, where that orders equals."""

    value: float | str
    key: int
    at: str = ""


@dataclass(frozen=True)
class CallFilter:
    """Which calls: those that fit everything that is given; within a tuple, any of it.

    `first` and `last` are days, both included. `to_review`: a violation, an incident or in need of review. The words of
    `text` are looked for, whatever their case, in the masked text and in call ids; `read_by`: names of one who looks
    into notes too, those of others where that one has decided. `keys`: of these calls alone. `undecided_by`: names of
    one person, who has not decided what the verdict says today; `besides`: keys of calls that are left out.
    `unheard_by`: names of one for whom drawn calls wait, to be said blind what they are; `seen_by`: of one who may see
    the verdict (`hidden`). `calibrated`: in a calibration session that is open.
    `any_incident`: one or more of any kind. `finding`: what people say of the violations and incidents that are asked
    for, of violations where none are; those need not be the verdict's then (`subjects`). `looked_for`: whether
    incidents were, or this kind.
    """

    first: date | None = None
    last: date | None = None
    outcomes: tuple[Outcome, ...] = ()
    violations: tuple[ViolationType, ...] = ()
    incidents: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    to_review: bool | None = None
    text: str | None = None
    min_risk: float | None = None
    sampled: bool | None = None
    unheard_by: tuple[str, ...] | None = None
    seen_by: tuple[str, ...] = ()
    calibrated: bool | None = None
    any_incident: bool = False
    finding: Finding | None = None
    looked_for: bool | str | None = None
    undecided_by: tuple[str, ...] = ()
    besides: tuple[int, ...] = ()
    read_by: tuple[str, ...] = ()
    keys: tuple[int, ...] | None = None


EVERY = CallFilter()
"""All calls."""
