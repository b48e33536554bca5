"""How often the outcome is the label's. A call without a verdict is wrong."""

from collections.abc import Sequence

from ausweis.evals.case import Case
from ausweis.evals.metrics import measures
from ausweis.evals.metrics.estimate import Estimate, resampled, share
from ausweis.vocabulary import OUTCOMES

__all__ = ["NONE", "accuracy", "confusion", "kappa", "told"]

NONE = "failed"
"""Stands for the outcome of a call without a verdict."""


def accuracy(cases: Sequence[Case]) -> Estimate:
    """The share of right outcomes."""
    return share(sum(case.outcome_right for case in cases), len(cases))


def kappa(cases: Sequence[Case]) -> Estimate:
    """Cohen's kappa of the outcome (Cohen 1960); nothing where all calls are of one outcome."""
    return resampled(cases, measures.kappa(lambda case: (str(case.gold.outcome), told(case))))


def confusion(cases: Sequence[Case]) -> dict[str, dict[str, int]]:
    """`confusion[label][verdict]`: how many calls."""
    table: dict[str, dict[str, int]] = {right: dict.fromkeys((*OUTCOMES, NONE), 0) for right in OUTCOMES}
    for case in cases:
        table[str(case.gold.outcome)][told(case)] += 1
    return table


def told(case: Case) -> str:
    """The outcome of the verdict."""
    return str(NONE if case.told is None else case.told.outcome)
