"""What the curves of an eval page show, as points from 0 to 1 and as words for those who cannot see them."""

from collections.abc import Sequence
from dataclasses import dataclass

from ausweis.evals.case import Case
from ausweis.evals.metrics import Summary
from ausweis.evals.metrics.calibration import Bin, Curve
from ausweis.evals.metrics.outcomes import found_curve

__all__ = ["Point", "Reliability", "RiskCurve", "calibration", "probabilities", "risk_curve"]

Point = tuple[float, float]


@dataclass(frozen=True)
class RiskCurve:
    """Share of calls reviewed, riskiest first, and share of violations found. `ideal`: all violations come first."""

    points: Sequence[Point]
    ideal: Sequence[Point]
    violations: int
    text: str


@dataclass(frozen=True)
class Reliability:
    """Bins of what was said to be so likely, each with the share that is so; `after`: the same once that is learned.

    `score`: how good they are, in words.
    """

    bins: Sequence[Bin]
    text: str
    score: str
    after: Sequence[Bin] = ()


def risk_curve(cases: Sequence[Case], summary: Summary) -> RiskCurve | None:
    """The curve of the first repeat; None where no call is a violation."""
    first = [case for case in cases if case.repeat == 1 and case.gold.outcome is not None]
    broken = sum(case.broken for case in first)
    if not broken:
        return None
    parts = [
        f"{share.value:.0%} when {part} are reviewed"
        for part, share in summary.found_when_reviewed.items()
        if share.value is not None
    ]
    text = f"Of {broken} violations among {len(first)} calls, found are: {', '.join(parts)}."
    return RiskCurve(_corners(found_curve(first)), ((0, 0), (broken / len(first), 1), (1, 1)), broken, text)


def calibration(summary: Summary) -> Reliability | None:
    """That of confidence; None where no call has a verdict."""
    if not summary.reliability or summary.failed == summary.calls:
        return None
    text = _told(summary.reliability, "calls right at a confidence")
    return Reliability(summary.reliability, text, f"Brier score {summary.brier}")


def probabilities(curve: Curve | None, learned: Curve | None, so: str) -> Reliability | None:
    """That of a run, and what `ausweis eval calibrate` makes of it; None without a curve. `so`: what is foretold."""
    if curve is None:
        return None
    score = str(curve) if learned is None else f"{curve}; with what eval calibrate learned: {learned}"
    return Reliability(curve.bins, _told(curve.bins, so), score, learned.bins if learned else ())


def _told(bins: Sequence[Bin], so: str) -> str:
    parts = [
        f"{step.right.value:.0%} of {step.right.n} {so} of {step.confidence:.2f}"
        for step in bins
        if step.right.value is not None
    ]
    return "; ".join(parts) + "."


def _corners(points: Sequence[Point]) -> list[Point]:
    """The points at which the curve turns: the same line in fewer words."""
    kept = [points[0]]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        if (here[1] > before[1]) != (after[1] > here[1]):
            kept.append(here)
    return [*kept, points[-1]]
