"""The interval of a share by Clopper and Pearson (1934): exact for any number of calls."""

import math
from collections.abc import Callable

__all__ = ["LEVEL", "bounds"]

LEVEL = 0.95
_STEPS = 60
_TERMS = 10_000
_NEAR = 1e-13
_SMALL = 1e-300


def bounds(hits: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """The interval of `hits` among `n`, 95 % by default; `n` at least 1."""
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _root(lambda p: 1 - _at_most(hits - 1, n, p), tail)
    high = 1.0 if hits == n else _root(lambda p: -_at_most(hits, n, p), -tail)
    return low, high


def _at_most(hits: int, n: int, p: float) -> float:
    """The chance of at most so many hits, of `hits` below `n`: an incomplete beta function."""
    if not 0 < p < 1:
        return float(p <= 0)
    a, b = n - hits, hits + 1
    scale = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log1p(-p) + b * math.log(p))
    # The continued fraction is quick on this side of the mean only.
    if 1 - p < (a + 1) / (a + b + 2):
        return scale * _fraction(a, b, 1 - p) / a
    return 1 - scale * _fraction(b, a, p) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz (Press et al., Numerical Recipes, 6.4)."""
    c, d = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        before = value
        for term in (even, odd):
            d, c = 1 / _apart(1 + term * d), _apart(1 + term / c)
            value *= d * c
        if abs(value / before - 1) < _NEAR:
            break
    return value


def _apart(value: float) -> float:
    """Never zero."""
    return value if abs(value) > _SMALL else _SMALL


def _root(rising: Callable[[float], float], value: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return (low + high) / 2
