"""Is a confidence of 0.8 right in 80 of 100 calls?

Calls without a verdict have no confidence, and are left out; in coverage they need a human.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from ausweis.evals.case import Case
from ausweis.evals.metrics import measures
from ausweis.evals.metrics.estimate import Estimate, resampled, share

__all__ = ["WANTED_PRECISION", "Bin", "brier", "coverage", "reliability", "risk_brier"]

WANTED_PRECISION = 0.95
BINS = 10


class Bin(BaseModel):
    """Calls with a confidence from `low` to below `high`; the mean of it, and the share of right outcomes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float
    high: float
    confidence: float
    right: Estimate


def reliability(cases: Sequence[Case]) -> list[Bin]:
    """The reliability table: bins of equal width that hold calls."""
    bins: dict[int, list[Case]] = {}
    for case in _judged(cases):
        bins.setdefault(min(int(case.confidence * BINS), BINS - 1), []).append(case)
    return [
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            confidence=sum(case.confidence for case in binned) / len(binned),
            right=share(sum(case.outcome_right for case in binned), len(binned)),
        )
        for number, binned in sorted(bins.items())
    ]


def brier(cases: Sequence[Case]) -> Estimate:
    """Mean square of confidence less right (1) or wrong (0) (Brier 1950); 0 is best."""
    judged = _judged(cases)
    return resampled(judged, measures.mean([(case.confidence - case.outcome_right) ** 2 for case in judged]))


def risk_brier(cases: Sequence[Case]) -> Estimate:
    """The same of risk and the label violation."""
    judged = _judged(cases)
    return resampled(judged, measures.mean([(case.risk - case.broken) ** 2 for case in judged]))


def coverage(cases: Sequence[Case], wanted: float = WANTED_PRECISION) -> Estimate:
    """The largest share of calls, the most confident first, of which at least `wanted` have a right outcome.

    So many calls need no human at that precision. Calls of equal confidence come in or stay out together.
    """
    return resampled(cases, measures.coverage(wanted))


def _judged(cases: Sequence[Case]) -> list[Case]:
    return [case for case in cases if case.told is not None]
