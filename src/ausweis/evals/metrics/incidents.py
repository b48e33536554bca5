"""How well critical incidents are found: by kind, by place, and whether twins are told apart.

A kind, or a policy's own description, counts once a call. One that is in the label and not among those found is
missed; the other way round it is invented. Of those that the label does not know nothing counts. Shares with Wilson's
interval.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from ausweis.evals.incident_case import IncidentCase
from ausweis.evals.metrics.estimate import Estimate, share
from ausweis.facts import Mention
from ausweis.judging.incidents import is_likely
from ausweis.vocabulary import INCIDENTS, IncidentId

__all__ = ["IncidentSummary", "KindNumbers", "summarise_incidents"]


class KindNumbers(BaseModel):
    """Of one kind, or of all descriptions: `found` of the calls that have it, `precision` of those where it was found.

    `average_precision`: whether calls that have it come first, sorted by its likeliest mention (scikit-learn's; no bar
    is in it); None where no call has it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    found: Estimate
    precision: Estimate
    average_precision: float | None


class IncidentSummary(BaseModel):
    """`kinds`: those that a label knows of; `described`: all descriptions together, None where no label has one.

    `found`, `precision`: over all together. `f1`: their harmonic mean. `turn`: of those found rightly, how many have a
    right turn as their likeliest. `clean`: of the calls without an incident, in how many none was found. `twins`: pairs
    of which both calls have just the right incidents.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls: int
    kinds: dict[IncidentId, KindNumbers]
    described: KindNumbers | None
    found: Estimate
    precision: Estimate
    f1: float | None
    turn: Estimate
    clean: Estimate
    twins: Estimate


class _Asked(NamedTuple):
    """One kind or description, asked of one call: whether it occurs, is said to, and how likely it was at most."""

    occurs: bool
    said: bool
    chance: float


def summarise_incidents(cases: Sequence[IncidentCase], read: Mapping[str, Sequence[Mention]]) -> IncidentSummary:
    """The numbers; `read`: what was found in each call, by its id."""
    likely = {
        case.call.id: [one for one in read[case.call.id] if is_likely(one) and case.gold.knows(one.name)]
        for case in cases
    }
    told = {name: frozenset(one.name for one in some) for name, some in likely.items()}
    kinds = {
        kind: [_asked(kind, case, read[case.call.id], told) for case in cases if case.gold.knows(kind)]
        for kind in INCIDENTS
    }
    described = [
        _asked(own.description, case, read[case.call.id], told) for case in cases for own in case.gold.described
    ]
    every = [*(one for some in kinds.values() for one in some), *described]
    clean = [case for case in cases if not case.gold.turns]
    hits, wanted, said = _counts(every)
    return IncidentSummary(
        calls=len(cases),
        kinds={kind: _numbers(some) for kind, some in kinds.items() if some},
        described=_numbers(described) if described else None,
        found=share(hits, wanted),
        precision=share(hits, said),
        f1=2 * hits / (wanted + said) if wanted + said else None,
        turn=_turns(cases, likely),
        clean=share(sum(not told[case.call.id] for case in clean), len(clean)),
        twins=_twins(cases, told),
    )


def _asked(name: str, case: IncidentCase, read: Sequence[Mention], told: Mapping[str, frozenset[str]]) -> _Asked:
    chance = max((one.probability for one in read if one.name == name), default=0.0)
    return _Asked(name in case.gold.turns, name in told[case.call.id], chance)


def _counts(asked: Sequence[_Asked]) -> tuple[int, int, int]:
    """How many are rightly said, how many occur, and how many are said to."""
    return (
        sum(one.occurs and one.said for one in asked),
        sum(one.occurs for one in asked),
        sum(one.said for one in asked),
    )


def _numbers(asked: Sequence[_Asked]) -> KindNumbers:
    from sklearn.metrics import average_precision_score

    hits, wanted, said = _counts(asked)
    truth, chances = [one.occurs for one in asked], [one.chance for one in asked]
    return KindNumbers(
        found=share(hits, wanted),
        precision=share(hits, said),
        average_precision=float(average_precision_score(truth, chances)) if wanted else None,
    )


def _turns(cases: Sequence[IncidentCase], likely: Mapping[str, Sequence[Mention]]) -> Estimate:
    hits = total = 0
    for case in cases:
        for name, turns in case.gold.turns.items():
            some = [one for one in likely[case.call.id] if one.name == name]
            if some:
                total += 1
                hits += max(some, key=lambda one: one.probability).turn in turns
    return share(hits, total)


def _twins(cases: Sequence[IncidentCase], told: Mapping[str, frozenset[str]]) -> Estimate:
    right = {case.call.id: case.gold.turns.keys() == told[case.call.id] for case in cases}
    twins = {frozenset((case.call.id, case.gold.twin)) for case in cases if case.gold.twin in right}
    return share(sum(all(right[name] for name in pair) for pair in twins), len(twins))
