"""Is the review queue, sorted by risk, in the right order?"""

from collections.abc import Sequence

from ausweis.evals.case import Case
from ausweis.evals.metrics import measures
from ausweis.evals.metrics.estimate import Estimate, resampled

__all__ = ["REVIEWED", "average_precision", "found_curve", "found_when_reviewed"]

REVIEWED = (0.1, 0.2, 0.3)


def average_precision(cases: Sequence[Case]) -> Estimate:
    """Average precision of risk against the label violation."""
    return resampled(cases, measures.average_precision)


def found_when_reviewed(cases: Sequence[Case]) -> dict[str, Estimate]:
    """The share of violations among the riskiest calls, when 10, 20 or 30 % of all calls are reviewed."""
    return {f"{part:.0%}": resampled(cases, measures.found_in_top(part)) for part in REVIEWED}


def found_curve(cases: Sequence[Case]) -> list[tuple[float, float]]:
    """Share of calls reviewed, riskiest first, and share of violations found by then."""
    total = sum(case.broken for case in cases)
    points, violations = [(0.0, 0.0)], 0
    for reviewed, place in enumerate(measures.riskiest_first(cases), start=1):
        violations += cases[place].broken
        points.append((reviewed / len(cases), violations / total if total else 0.0))
    return points
