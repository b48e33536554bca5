"""How often the gate fails for nothing: runs of one and the same system, each held against each other."""

from collections.abc import Sequence
from itertools import permutations

from pydantic import BaseModel, ConfigDict

from ausweis.errors import InputError
from ausweis.evals.case import Case
from ausweis.evals.gate import gate
from ausweis.evals.metrics.estimate import Estimate, share
from ausweis.evals.metrics.stability import flipped

__all__ = ["FalseAlarms", "false_alarms"]


class FalseAlarms(BaseModel):
    """`rate`: of ordered pairs of runs, in how many the gate failed; pairs share runs, so its interval is too narrow.

    `reasons` counts the checks that failed; `flips` is the share of calls whose outcome is not the same in all runs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: int
    rate: Estimate
    reasons: dict[str, int]
    flips: Estimate


def false_alarms(runs: Sequence[Sequence[Case]]) -> FalseAlarms:
    """Measure on runs that are told apart by nothing that matters.

    Raises:
        InputError: there are fewer than two.
    """
    if len(runs) < 2:
        raise InputError("the gate's false alarms need at least two runs, or one with --repeat 2 or more")
    failed = pairs = 0
    reasons: dict[str, int] = {}
    for baseline, run in permutations(runs, 2):
        # A must-pass call that is wrong in the baseline too is no false alarm: such a run is never blessed.
        known = {case.id for case in baseline if not case.right}
        sides = [[_may_fail(case) if case.id in known else case for case in side] for side in (baseline, run)]
        result = gate(*sides)
        pairs += 1
        failed += not result.passed
        for check in (*result.checks, *result.cases):
            if check.state != "passed":
                reasons[check.name] = reasons.get(check.name, 0) + 1
    together = [case for run in runs for case in run]
    ids = {case.id for case in together}
    return FalseAlarms(
        runs=len(runs),
        rate=share(failed, pairs),
        reasons=dict(sorted(reasons.items())),
        flips=share(len(flipped(together)), len(ids)),
    )


def _may_fail(case: Case) -> Case:
    return case.model_copy(update={"must_pass": False})
