"""Is a confidence of 0.8 right in 80 of 100 calls? Is of 100 calls with a risk of 0.2 every fifth a violation?"""

from collections.abc import Iterable, Sequence

from ausweis.evals.metrics.estimate import Estimate, share
from ausweis.labelled import Part

BINS = 10
Foretold = tuple[float, bool]
"""How likely something was said to be, and whether it is so."""


class Bin(Part):
    """What was said to be as likely as `low` to below `high`; the mean of that, and the share that is so."""

    low: float
    high: float
    confidence: float
    right: Estimate


class Curve(Part):
    """A reliability curve. `brier`: its Brier score; `error`: the expected calibration error (Naeini et al. 2015)."""

    brier: float
    error: float
    bins: tuple[Bin, ...]

    def __str__(self) -> str:
        return f"Brier score {self.brier:.4f}, calibration error {self.error:.4f}"


def bins_of(foretold: Iterable[Foretold]) -> list[Bin]:
    """Bins of equal width, those that hold something."""
    bins: dict[int, list[Foretold]] = {}
    for one in foretold:
        bins.setdefault(min(int(one[0] * BINS), BINS - 1), []).append(one)
    return [
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            confidence=sum(likely for likely, _ in binned) / len(binned),
            right=share(sum(happened for _, happened in binned), len(binned)),
        )
        for number, binned in sorted(bins.items())
    ]


def curve_of(foretold: Sequence[Foretold]) -> Curve | None:
    """The curve with its numbers; None of nothing."""
    if not foretold:
        return None
    bins = bins_of(foretold)
    apart = sum(abs(one.confidence - (one.right.value or 0.0)) * one.right.n for one in bins)
    squares = sum((likely - happened) ** 2 for likely, happened in foretold)
    return Curve(brier=squares / len(foretold), error=apart / len(foretold), bins=tuple(bins))


def at_share(risk: float, expected: float, found: float) -> float:
    """The risk of a call, judged where so many violations are `expected`, in a set with as many as were `found`.

    A labelled set has more violations than a day's calls (prior shift, Saerens et al. 2002).
    """
    if risk in (0.0, 1.0):
        return risk
    odds = risk / (1 - risk) * (found / (1 - found)) / (expected / (1 - expected))
    return odds / (1 + odds)
