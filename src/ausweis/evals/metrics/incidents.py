"""How well critical incidents are found: by kind, by place, and whether twins are told apart.

An incident counts once a call. One that is in the label and not in the verdict is missed; the other way round it is
invented. Of those that the label does not know nothing counts. Shares with Wilson's interval.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ausweis.evals.case import Case, Occurrence, names_of
from ausweis.evals.metrics.estimate import Estimate, Family, micro_f1, micro_precision, micro_recall, share
from ausweis.labelled import Part
from ausweis.vocabulary import INCIDENTS, IncidentId


def _family(name: str, *, known: bool) -> Family:
    def sides(case: Case) -> tuple[list[str], list[str]]:
        names = map(names_of, case.marks("incidents"))
        label, verdict = ([one for one in side if (one in INCIDENTS) is known] for side in names)
        return label, verdict

    return lambda case: any((one in INCIDENTS) is known for one in case.incidents or ()), {
        f"{name} found": micro_recall(sides),
        f"precision of {name}": micro_precision(sides),
        f"F1 of {name}": micro_f1(sides),
    }


KNOWN_INCIDENTS, OWN_INCIDENTS = (_family(f"{kind} incidents", known=kind == "known") for kind in ("known", "own"))
"""Of calls whose label tells of such."""


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
            happens, said = map(names_of, case.marks("incidents"))
            answer = _Asked(identifier in happens, identifier in said, likeliest.probability)
            asked.setdefault(identifier, []).append(answer)
    known = [answer for identifier, answers in asked.items() if identifier in INCIDENTS for answer in answers]
    own = [answer for identifier, answers in asked.items() if identifier not in INCIDENTS for answer in answers]
    clean = [case for case in cases if not case.gold.incidents]
    right = {case.id: case.incidents_right for case in cases}
    twins = {frozenset((case.id, case.twin)) for case in cases if case.twin in right}
    return IncidentSummary(
        calls=len(cases),
        kinds={kind: _numbers(asked[kind]) for kind in INCIDENTS if kind in asked},
        known=_numbers(known) if known else None,
        own=_numbers(own) if own else None,
        turn=_turns(cases),
        clean=share(sum(case.told is None or not case.told.incidents for case in clean), len(clean)),
        twins=share(sum(all(right[str(identifier)] for identifier in pair) for pair in twins), len(twins)),
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
        happens, said = map(names_of, case.marks("incidents"))
        for identifier in said & happens:
            turn = (case.incidents or {})[identifier].turn
            total += 1
            hits += turn is not None and Occurrence(turn, identifier) in case.gold.incidents
    return share(hits, total)
