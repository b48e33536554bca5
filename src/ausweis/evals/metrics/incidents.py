"""How well critical incidents are found: by kind, by place, and whether twins are told apart.

A kind counts once a call. A kind that is in the label and not among those found is missed; the other way round it is
invented. Of kinds that the label does not know nothing counts. Shares with Wilson's interval.
"""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from ausweis.evals.incident_case import IncidentCase
from ausweis.evals.metrics.estimate import Estimate, share
from ausweis.judging.incidents import LIKELY
from ausweis.reading.facts import Mention
from ausweis.vocabulary import INCIDENTS, IncidentKind

__all__ = ["IncidentSummary", "KindNumbers", "summarise_incidents"]


class KindNumbers(BaseModel):
    """Of one kind: `found` of the calls that have it, `precision` of those in which it was found.

    `average_precision`: whether calls that have it come first, sorted by its likeliest mention (scikit-learn's; no bar
    is in it); None where no call has it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    found: Estimate
    precision: Estimate
    average_precision: float | None


class IncidentSummary(BaseModel):
    """`found`, `precision`: over all kinds together. `f1`: their harmonic mean.

    `turn`: of the kinds found rightly, how many have a right turn as their likeliest. `clean`: of the calls without an
    incident, in how many none was found. `twins`: pairs of which both calls have just the right kinds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls: int
    kinds: dict[IncidentKind, KindNumbers]
    found: Estimate
    precision: Estimate
    f1: float | None
    turn: Estimate
    clean: Estimate
    twins: Estimate


def summarise_incidents(cases: Sequence[IncidentCase], read: Mapping[str, Sequence[Mention]]) -> IncidentSummary:
    """The numbers; `read`: what was found in each call, by its id."""
    likely = {
        case.call.id: [one for one in read[case.call.id] if one.probability >= LIKELY and case.gold.knows(one.kind)]
        for case in cases
    }
    told = {name: frozenset(one.kind for one in some if one.kind) for name, some in likely.items()}
    kinds = {kind: _of_kind(kind, cases, told, read) for kind in INCIDENTS}
    hits, wanted, said = (
        sum(len(case.gold.kinds & told[case.call.id]) for case in cases),
        sum(len(case.gold.kinds) for case in cases),
        sum(len(told[case.call.id]) for case in cases),
    )
    clean = [case for case in cases if not case.gold.kinds]
    return IncidentSummary(
        calls=len(cases),
        kinds=kinds,
        found=share(hits, wanted),
        precision=share(hits, said),
        f1=2 * hits / (wanted + said) if wanted + said else None,
        turn=_turns(cases, likely),
        clean=share(sum(not told[case.call.id] for case in clean), len(clean)),
        twins=_twins(cases, told),
    )


def _of_kind(
    kind: IncidentKind,
    cases: Sequence[IncidentCase],
    told: Mapping[str, frozenset[IncidentKind]],
    read: Mapping[str, Sequence[Mention]],
) -> KindNumbers:
    cases = [case for case in cases if case.gold.knows(kind)]
    have = [case for case in cases if kind in case.gold.kinds]
    claimed = [case for case in cases if kind in told[case.call.id]]
    hits = sum(kind in told[case.call.id] for case in have)
    chances = [max((one.probability for one in read[case.call.id] if one.kind == kind), default=0.0) for case in cases]
    return KindNumbers(
        found=share(hits, len(have)),
        precision=share(hits, len(claimed)),
        average_precision=_average_precision([kind in case.gold.kinds for case in cases], chances),
    )


def _average_precision(truth: Sequence[bool], chances: Sequence[float]) -> float | None:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(truth, chances)) if any(truth) else None


def _turns(cases: Sequence[IncidentCase], likely: Mapping[str, Sequence[Mention]]) -> Estimate:
    hits = total = 0
    for case in cases:
        for kind in case.gold.kinds:
            some = [one for one in likely[case.call.id] if one.kind == kind]
            if some:
                best = max(some, key=lambda one: one.probability)
                total += 1
                hits += best.turn in {one.turn for one in case.gold.incidents if one.kind == kind}
    return share(hits, total)


def _twins(cases: Sequence[IncidentCase], told: Mapping[str, frozenset[IncidentKind]]) -> Estimate:
    right = {case.call.id: case.gold.kinds == told[case.call.id] for case in cases}
    twins = {frozenset((case.call.id, case.gold.twin)) for case in cases if case.gold.twin in right}
    return share(sum(all(right[name] for name in pair) for pair in twins), len(twins))
