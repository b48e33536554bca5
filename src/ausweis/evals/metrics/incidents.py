"""How well critical incidents are found: by kind, by place, and whether twins are told apart.

An incident counts once a call. One that is in the label and not in the verdict is missed; the other way round it is
invented. Of those that the label does not know nothing counts. Shares with Wilson's interval.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from ausweis.evals.case import Case, Occurrence, names_of
from ausweis.evals.metrics.estimate import Estimate, Measure, micro_f1, micro_precision, micro_recall, share
from ausweis.labelled import Part
from ausweis.vocabulary import INCIDENTS, IncidentId

__all__ = [
    "KNOWN_INCIDENTS",
    "OWN_INCIDENTS",
    "IncidentSummary",
    "KindNumbers",
    "asks_known",
    "asks_own",
    "summarise_incidents",
]


def asks_known(case: Case) -> bool:
    """Whether the label tells of known kinds."""
    return any(identifier in INCIDENTS for identifier in case.incidents or ())


def asks_own(case: Case) -> bool:
    """Whether the label tells of a company's own incidents."""
    return any(identifier not in INCIDENTS for identifier in case.incidents or ())


def _ids(case: Case, *, known: bool) -> tuple[list[str], list[str]]:
    sides = (case.gold.incidents, case.told.incidents if case.told else ())
    label, verdict = ([name for name in names_of(side) if (name in INCIDENTS) is known] for side in sides)
    return label, verdict


def _measures(name: str, *, known: bool) -> Mapping[str, Measure]:
    sides = partial(_ids, known=known)
    return {
        f"{name} found": micro_recall(sides),
        f"precision of {name}": micro_precision(sides),
        f"F1 of {name}": micro_f1(sides),
    }


KNOWN_INCIDENTS = _measures("known incidents", known=True)
"""Of calls that `asks_known` holds of."""
OWN_INCIDENTS = _measures("own incidents", known=False)
"""Of calls that `asks_own` holds of."""


class KindNumbers(Part):
    """Of one kind, or of several: `found` of the calls that have it, `precision` of those where it was found.

    `f1`: their harmonic mean, None where nothing happens and nothing is said. `average_precision`: whether calls that
    have it come first, sorted by its likeliest mention (scikit-learn's; no bar is in it); None where no call has it.
    """

    found: Estimate
    precision: Estimate
    f1: float | None
    average_precision: float | None


class IncidentSummary(Part):
    """`kinds`: those that a label knows of; `known`: they together; `own`: all of a company's own together.

    Each is None where no label knows of such. `turn`: of those found rightly, how many have a right turn as their
    likeliest. `clean`: of the calls without an incident, in how many none was found. `twins`: pairs of which both calls
    have just the right incidents.
    """

    calls: int
    kinds: dict[IncidentId, KindNumbers]
    known: KindNumbers | None
    own: KindNumbers | None
    turn: Estimate
    clean: Estimate
    twins: Estimate


class _Asked(NamedTuple):
    """One incident, asked of one call: whether it happens, is said to, and how likely it was at most."""

    happens: bool
    said: bool
    probability: float


def summarise_incidents(cases: Sequence[Case]) -> IncidentSummary | None:
    """The numbers of the cases whose label tells of incidents; None where none does."""
    cases = [case for case in cases if case.incidents is not None]
    if not cases:
        return None
    asked: dict[str, list[_Asked]] = {}
    for case in cases:
        for identifier, likeliest in (case.incidents or {}).items():
            happens, said = (names_of(side.incidents) if side else () for side in (case.gold, case.told))
            answer = _Asked(identifier in happens, identifier in said, likeliest.probability)
            asked.setdefault(identifier, []).append(answer)
    known = [answer for identifier, answers in asked.items() if identifier in INCIDENTS for answer in answers]
    own = [answer for identifier, answers in asked.items() if identifier not in INCIDENTS for answer in answers]
    clean = [case for case in cases if not case.gold.incidents]
    return IncidentSummary(
        calls=len(cases),
        kinds={kind: _numbers(asked[kind]) for kind in INCIDENTS if kind in asked},
        known=_numbers(known) if known else None,
        own=_numbers(own) if own else None,
        turn=_turns(cases),
        clean=share(sum(case.told is None or not case.told.incidents for case in clean), len(clean)),
        twins=_twins(cases),
    )


def _numbers(asked: Sequence[_Asked]) -> KindNumbers:
    from sklearn.metrics import average_precision_score

    hits = sum(answer.happens and answer.said for answer in asked)
    wanted, said = sum(answer.happens for answer in asked), sum(answer.said for answer in asked)
    truth, probabilities = [answer.happens for answer in asked], [answer.probability for answer in asked]
    return KindNumbers(
        found=share(hits, wanted),
        precision=share(hits, said),
        f1=2 * hits / (wanted + said) if wanted + said else None,
        average_precision=float(average_precision_score(truth, probabilities)) if wanted else None,
    )


def _turns(cases: Sequence[Case]) -> Estimate:
    hits = total = 0
    for case in cases:
        said = names_of(case.told.incidents if case.told else ())
        for identifier in said & names_of(case.gold.incidents):
            turn = (case.incidents or {})[identifier].turn
            total += 1
            hits += turn is not None and Occurrence(turn, identifier) in case.gold.incidents
    return share(hits, total)


def _twins(cases: Sequence[Case]) -> Estimate:
    right = {case.id: case.incidents_right for case in cases}
    twins = {frozenset((case.id, case.twin)) for case in cases if case.twin in right}
    return share(sum(all(right[str(identifier)] for identifier in pair) for pair in twins), len(twins))
