"""Is a run worse than the baseline? Stops on a broad paired drop, a must-pass call judged wrong, a call gone missing.

A drop counts if it is both surely no chance and large enough to matter: its one-sided p is below `ALPHA`, shared out
over the numbers that are looked at (Bonferroni), and it is at least `LEAST_DROP`. Identical runs never fail; small
drops pass, and are shown.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from ausweis.evals.case import Case
from ausweis.evals.comparing import Comparison, Flip, Pair, compare, paired, paired_draws, told_by
from ausweis.evals.conclusion import incidents_said
from ausweis.evals.folder import Live
from ausweis.evals.metrics.measures import Measure
from ausweis.evals.metrics.outcomes import told

__all__ = ["ALPHA", "LARGEST_DIFFERENCE", "LEAST_DROP", "Gate", "GateCheck", "gate"]

ALPHA = 0.05
LEAST_DROP = 0.03
LARGEST_DIFFERENCE = 0.1
"""Of a probability asked again from a recorded one: the same model on another processor stays below."""


class GateCheck(BaseModel):
    """One thing that was looked at. `failed`: it got worse. `error`: it could not be looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    state: Literal["passed", "failed", "error"]
    message: str


class Gate(BaseModel):
    """All checks: first the numbers, then a check a call, and how the runs compare."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    checks: tuple[GateCheck, ...]
    cases: tuple[GateCheck, ...]
    comparison: Comparison

    @property
    def passed(self) -> bool:
        """Whether nothing failed, and all could be looked at."""
        return all(check.state == "passed" for check in (*self.checks, *self.cases))


def gate(
    baseline: Sequence[Case],
    run: Sequence[Case],
    *,
    live: Live | None = None,
    alpha: float = ALPHA,
    least_drop: float = LEAST_DROP,
) -> Gate:
    """Hold a run against the baseline. A call that had to pass in the baseline has to in the run."""
    pairs, _, _ = paired(baseline, run)
    comparison = compare(baseline, run)
    numbers = told_by(pairs)
    share = alpha / max(1, len(comparison.flips) + len(numbers))
    checks = [_flip(flip, share, least_drop) for flip in comparison.flips]
    checks += [_measure(name, measure, told, share, least_drop) for name, measure, told in numbers]
    if not pairs:
        checks.append(GateCheck(name="calls in common", state="error", message="the runs have no call in common"))
    if live is not None and live.recorded:
        checks.append(_live(live))
    must_pass = {case.id for case in (*baseline, *run) if case.must_pass}
    repeats: dict[str, list[Case]] = {}
    for case in run:
        repeats.setdefault(case.id, []).append(case)
    missing = [
        GateCheck(name=name, state="error", message="is in the baseline, but not in the run")
        for name in comparison.missing
    ]
    calls = [_call(cases, must_pass=name in must_pass) for name, cases in repeats.items()]
    return Gate(checks=tuple(checks), cases=(*missing, *calls), comparison=comparison)


def _flip(flip: Flip, alpha: float, least_drop: float) -> GateCheck:
    from scipy.stats import binomtest

    flipped = flip.better + flip.worse
    p = float(binomtest(flip.worse, flipped, alternative="greater").pvalue) if flipped else 1.0
    drop = flip.before - flip.after
    message = (
        f"right in {flip.before:.3f} before and {flip.after:.3f} now; {flip.better} calls better, {flip.worse} worse "
        f"(one-sided McNemar p {p:.4f})"
    )
    failed = p < alpha and drop >= least_drop
    return GateCheck(name=f"drop: {flip.name}", state="failed" if failed else "passed", message=message)


def _measure(name: str, measure: Measure, pairs: Sequence[Pair], alpha: float, least_drop: float) -> GateCheck:
    before, after, drawn = paired_draws(pairs, measure)
    if np.isnan(before):
        return GateCheck(name=f"drop: {name}", state="passed", message="the calls of the baseline do not tell it")
    if np.isnan(after):
        return GateCheck(name=f"drop: {name}", state="failed", message=f"{before:.3f} before, cannot be told any more")
    p = float(np.mean(drawn >= 0)) if len(drawn) else 1.0
    message = f"{before:.3f} before, {after:.3f} now (share of resamples without a drop {p:.4f})"
    failed = p < alpha and before - after >= least_drop
    return GateCheck(name=f"drop: {name}", state="failed" if failed else "passed", message=message)


def _live(live: Live) -> GateCheck:
    if not live.checked and not live.largest_difference:
        message = "not asked again: `eval run --live N` does so for some calls"
        return GateCheck(name="recorded answers", state="passed", message=message)
    message = (
        f"{live.checked} answers of {len(live.sample)} calls asked again differ by {live.largest_difference:.3f} "
        f"at the most (allowed: {LARGEST_DIFFERENCE})"
    )
    stale = live.largest_difference > LARGEST_DIFFERENCE
    return GateCheck(name="recorded answers", state="error" if stale else "passed", message=message)


def _call(repeats: Sequence[Case], *, must_pass: bool) -> GateCheck:
    """The check of one call over all its repeats: the worst one counts."""
    name = repeats[0].id
    failed = next((case for case in repeats if case.told is None), None)
    if failed is not None:
        return GateCheck(name=name, state="error", message=f"has no verdict: {failed.failure or 'it was not read'}")
    wrong = next((case for case in repeats if not case.right), None)
    if wrong is None:
        return GateCheck(name=name, state="passed", message="right")
    if must_pass:
        label, verdict = str(wrong.gold.outcome), told(wrong)
        if wrong.gold.outcome is None or wrong.outcome_right:
            label, verdict = (incidents_said(side) for side in (wrong.gold, wrong.told or wrong.gold))
        message = f"must pass: the label says {label}, the verdict {verdict}"
        return GateCheck(name=name, state="failed", message=message)
    return GateCheck(name=name, state="passed", message="wrong, as a call may be")
