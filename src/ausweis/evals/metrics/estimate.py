"""A number with its 95 % interval.

Shares: Wilson's score interval (Wilson 1927), by `scipy.stats.binomtest`. All else: percentile bootstrap over calls
(Efron 1979), with a fixed seed, so that the same cases give the same interval.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from ausweis.evals.case import Case
from ausweis.evals.metrics.measures import Measure

__all__ = ["LEVEL", "Estimate", "bounds", "resampled", "share", "weights"]

LEVEL = 0.95
RESAMPLES = 1000
SEED = 1


class Estimate(BaseModel):
    """`n`: calls (or things counted) that it is of. `value` is None where there are none; the bounds then too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
