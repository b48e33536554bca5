"""Numbers of cases, each with its 95 % interval.

A measure looks at the cases once and gives a function of weights, shape (resamples, calls), that returns a value for
each resample; nan where its calls do not tell it. The weights of the cases as they are: all 1. Tests hold each
against scikit-learn's. Shares have Wilson's score interval (Wilson 1927), by `scipy.stats.binomtest`; all else a
percentile bootstrap over calls (Efron 1979), with a fixed seed, so that the same cases give the same interval.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ausweis.evals.case import Case
from ausweis.labelled import Part

LEVEL = 0.95
RESAMPLES = 1000
SEED = 1
Weights = NDArray[np.int64]
Values = NDArray[np.float64]
Measure = Callable[[Sequence[Case]], Callable[[Weights], Values]]
Family = tuple[Callable[[Case], bool], Mapping[str, Measure]]
"""What can be measured, by name, of the calls that tell it."""
Sides = Callable[[Case], tuple[Iterable[Hashable], Iterable[Hashable]]]
"""What the label and the verdict of a case say, as things that compare."""


def micro_f1(sides: Sides) -> Measure:
    """F1 over what all cases say together; nan where neither side has any."""
    return _micro(sides, lambda label, verdict: (2 * len(label & verdict), len(label) + len(verdict)))


def micro_precision(sides: Sides) -> Measure:
    """Of what the verdicts of all cases say, the share that labels say; nan of nothing."""
    return _micro(sides, lambda label, verdict: (len(label & verdict), len(verdict)))


def micro_recall(sides: Sides) -> Measure:
    """Of what the labels of all cases say, the share that verdicts say; nan of nothing."""
    return _micro(sides, lambda label, verdict: (len(label & verdict), len(label)))


def _micro(sides: Sides, counted: Callable[[set[Hashable], set[Hashable]], tuple[int, int]]) -> Measure:
    """One count of what label and verdict of a case say by another, each summed over the cases."""

    def measure(cases: Sequence[Case]) -> Callable[[Weights], Values]:
        pairs = np.array([counted(*map(set, sides(case))) for case in cases]).reshape(-1, 2)
        return lambda weights: ratio(weights @ pairs[:, 0], weights @ pairs[:, 1])

    return measure


def mean(values: Sequence[float]) -> Measure:
    """The mean of a number a case; `values` in the order of the cases."""
    numbers = np.array(values)
    return lambda cases: lambda weights: ratio(weights @ numbers, weights.sum(axis=1))


def kappa(words: Callable[[Case], tuple[str, str]]) -> Measure:
    """Cohen's kappa of one word a side; 1 where both sides say one and the same word always."""

    def measure(cases: Sequence[Case]) -> Callable[[Weights], Values]:
        pairs = [words(case) for case in cases]
        names = np.array(sorted({word for pair in pairs for word in pair}))
        first, second = ((np.array(side)[:, None] == names).astype(np.int64) for side in zip(*pairs, strict=True))
        same = (first * second).sum(axis=1)

        def of(weights: Weights) -> Values:
            total = weights.sum(axis=1)
            agreed = ratio(weights @ same, total)
            chance = ratio(((weights @ first) * (weights @ second)).sum(axis=1), total**2)
            return np.where(chance == 1, 1.0, ratio(agreed - chance, 1 - chance))

        return of

    return measure


def average_precision(cases: Sequence[Case]) -> Callable[[Weights], Values]:
    """Average precision of risk against the label violation; nan without a violation."""
    order, ends = _by(cases, [case.risk for case in cases])
    broken = np.array([case.broken for case in cases], dtype=np.int64)[order]

    def of(weights: Weights) -> Values:
        weights = weights[:, order]
        found = (weights * broken).cumsum(axis=1)[:, ends]
        seen = weights.cumsum(axis=1)[:, ends]
        precision = np.where(seen > 0, found / np.maximum(seen, 1), 0.0)
        gained = np.diff(found, axis=1, prepend=0)
        return ratio((gained * precision).sum(axis=1), found[:, -1])

    return of


def found_in_top(part: float) -> Measure:
    """The share of violations among the riskiest `part` of the calls; among equals those that are none come first."""

    def measure(cases: Sequence[Case]) -> Callable[[Weights], Values]:
        order = riskiest_first(cases)
        broken = np.array([cases[place].broken for place in order], dtype=np.int64)

        def of(weights: Weights) -> Values:
            weights = weights[:, order]
            top = np.round(part * weights.sum(axis=1, keepdims=True))
            before = weights.cumsum(axis=1) - weights
            taken = np.clip(top - before, 0, weights)
            return ratio((taken * broken).sum(axis=1), (weights * broken).sum(axis=1))

        return of

    return measure


def coverage(wanted: float) -> Measure:
    """The largest share of calls, the most confident first, of which `wanted` have a right outcome."""

    def measure(cases: Sequence[Case]) -> Callable[[Weights], Values]:
        order, ends = _by(cases, [case.confidence for case in cases])
        right = np.array([case.outcome_right for case in cases], dtype=np.int64)[order]

        def of(weights: Weights) -> Values:
            weights = weights[:, order]
            seen = weights.cumsum(axis=1)[:, ends]
            good = (weights * right).cumsum(axis=1)[:, ends] >= wanted * seen
            return ratio(np.where(good, seen, 0).max(axis=1), seen[:, -1])

        return of

    return measure


def riskiest_first(cases: Sequence[Case]) -> list[int]:
    """The places of the cases. Among equals those that are no violations come first: ties are not in our favour."""
    return sorted(range(len(cases)), key=lambda place: (-cases[place].risk, cases[place].broken))


def _by(cases: Sequence[Case], values: Sequence[float]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of the cases, the largest value first, and where in that order each run of equal values ends."""
    order = np.argsort(-np.array(values), kind="stable")
    ordered = np.array(values)[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(cases) - 1)
    return order, ends


def ratio(numerator: NDArray[np.generic], denominator: NDArray[np.generic]) -> Values:
    """One by the other; nan where that is none."""
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    values: Values = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=np.abs(bottom) > 1e-12)
    return values


class Estimate(Part):
    """`n`: calls (or things counted) that it is of. `value` is None where there are none; the bounds then too."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int

    def __str__(self) -> str:
        if self.value is None:
            return "–"
        return f"{self.value:.2f}" + ("" if self.low is None else f" ({self.low:.2f}–{self.high:.2f})")


def share(hits: int, n: int) -> Estimate:
    """`hits` of `n`, with Wilson's interval."""
    if n == 0:
        return Estimate(value=None, n=0)
    from scipy.stats import binomtest

    interval = binomtest(hits, n).proportion_ci(LEVEL, method="wilson")
    return Estimate(value=hits / n, low=round(float(interval.low), 6), high=round(float(interval.high), 6), n=n)


def resampled(cases: Sequence[Case], measure: Measure, *, n: int | None = None) -> Estimate:
    """A number of cases with its bootstrap interval; resamples that do not tell it are left out."""
    count = len(cases) if n is None else n
    if not cases:
        return Estimate(value=None, n=count)
    of = measure(cases)
    value = float(of(np.ones((1, len(cases)), dtype=np.int64))[0])
    if math.isnan(value):
        return Estimate(value=None, n=count)
    values = of(weights(len(cases)))
    values = values[~np.isnan(values)]
    if len(values) < RESAMPLES // 2:
        return Estimate(value=value, n=count)
    low, high = bounds(values)
    return Estimate(value=value, low=round(low, 6), high=round(high, 6), n=count)


@lru_cache(maxsize=4)
def weights(calls: int) -> NDArray[np.int64]:
    """How often each call is drawn in each resample, shape (resamples, calls), to be read only: always the same."""
    drawn = np.random.default_rng(SEED).multinomial(calls, [1 / calls] * calls, size=RESAMPLES)
    drawn.setflags(write=False)
    return drawn


def bounds(values: NDArray[np.float64]) -> tuple[float, float]:
    """The bounds between which `LEVEL` of these values lie."""
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
