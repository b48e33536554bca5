"""What a quality team will live with: false alarms, and what the riskiest calls hold where violations are rare.

A golden set has more violations than a day's calls. So calls are weighted: all violations together weigh as much as
violations are to be expected, all clean calls the rest. Then precision and recall of a review of the riskiest calls are
those of a day with that share (prior shift, Saerens et al. 2002; it holds as far as clean calls and violations of the
set are like those of the field).
"""

from collections.abc import Callable, Sequence
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ausweis.evals.case import Case
from ausweis.evals.metrics.estimate import Estimate, resampled, share
from ausweis.evals.metrics.measures import Measure, Values, Weights, ratio, riskiest_first

__all__ = ["EXPECTED", "REVIEWED", "Review", "false_alarms", "reviews", "unflagged"]

EXPECTED = (0.01, 0.02, 0.05)
"""Violations among all calls."""
REVIEWED = (0.02, 0.05, 0.1)
"""The riskiest part of all calls, which people look at."""


class Review(BaseModel):
    """What a review of the riskiest `reviewed` of all calls holds, if `expected` of all calls are violations.

    `precision`: of the reviewed calls, how many are violations; `found`: of the violations, how many are reviewed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    expected: Annotated[float, Field(gt=0, lt=1)]
    reviewed: Annotated[float, Field(gt=0, lt=1)]
    precision: Estimate
    found: Estimate


def false_alarms(cases: Sequence[Case]) -> Estimate:
    """Of the clean calls, how many have the verdict violation."""
    clean = [case for case in cases if not case.broken]
    return share(sum(case.says_violation for case in clean), len(clean))


def reviews(cases: Sequence[Case]) -> list[Review]:
    """For each expected share and each part that is reviewed; none without both violations and clean calls."""
    if len({case.broken for case in cases}) < 2:
        return []
    return [
        Review(
            expected=expected,
            reviewed=reviewed,
            precision=resampled(cases, _held(expected, reviewed, of=reviewed)),
            found=resampled(cases, _held(expected, reviewed, of=expected)),
        )
        for expected in EXPECTED
        for reviewed in REVIEWED
    ]


def _held(expected: float, reviewed: float, *, of: float) -> Measure:
    """The weight of violations in the riskiest calls that together weigh `reviewed`, as a share `of` a weight.

    Among calls of equal risk those that are no violations come first.
    """

    def measure(cases: Sequence[Case]) -> Callable[[Weights], Values]:
        order = riskiest_first(cases)
        broken = np.array([cases[place].broken for place in order], dtype=np.int64)

        def held(weights: Weights) -> Values:
            drawn = weights[:, order]
            violations, clean = drawn * broken, drawn * (1 - broken)
            weight = expected * _share_of(violations) + (1 - expected) * _share_of(clean)
            before = weight.cumsum(axis=1) - weight
            taken = np.clip(reviewed - before, 0, weight)
            return ratio((taken * broken).sum(axis=1), np.full(len(drawn), of))

        return held

    return measure


def _share_of(drawn: Weights) -> Values:
    """Each call's share of all; nan where none was drawn."""
    return ratio(drawn, np.broadcast_to(drawn.sum(axis=1, keepdims=True), drawn.shape))


def unflagged(cases: Sequence[Case]) -> Callable[[Weights], Values]:
    """The share of clean calls that are not flagged."""
    clean = np.array([not case.broken for case in cases], dtype=np.int64)
    kept = clean * np.array([not case.says_violation for case in cases], dtype=np.int64)
    return lambda weights: ratio(weights @ kept, weights @ clean)
