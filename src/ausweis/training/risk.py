"""`ausweis train risk`: what a calibration of risk comes to, on an eval run of golden sets.

For each choice of `Calibration` (`judging.risk`) and each golden file of the run: right outcomes, false alarms among
clean calls, violations found, average precision and Brier score of risk. The joint outcomes are weighed once, of the
first repeat: the others are of the same calls.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from ausweis.batch.state import FACTS_FILE, facts_of
from ausweis.errors import InputError
from ausweis.evals import read_all
from ausweis.evals.folder import read_eval, run_folders
from ausweis.evals.labelled import LabelledCall
from ausweis.facts import Facts
from ausweis.journal import lines
from ausweis.judging import find_policy
from ausweis.judging.judge import outlook_of
from ausweis.judging.policy import Policy
from ausweis.judging.risk import Calibration, Outlook

__all__ = ["show_calibrations"]


class _Seen(NamedTuple):
    """One call: what its joint outcomes say, its turns, and its label."""

    outlook: Outlook
    turns: int
    outcome: str


def _seen(
    labelled: Sequence[LabelledCall], facts: Mapping[str, Facts], policy_of: Callable[[str], Policy]
) -> list[_Seen]:
    """The calls that were read and whose label has an outcome."""
    return [
        _Seen(outlook_of(facts[call.call.id], policy_of(call.policy)), len(call.call.turns), call.gold.outcome)
        for call in labelled
        if call.call.id in facts and call.gold.outcome is not None
    ]


def _row(calls: Sequence[_Seen], expected: float, calibration: Calibration) -> str:
    """The numbers of one golden file."""
    from sklearn.metrics import average_precision_score, brier_score_loss

    judged = [call.outlook.in_the_field(expected, call.turns, calibration) for call in calls]
    broken = [call.outcome == "violation" for call in calls]
    flagged = [verdict.likeliest == "violation" for verdict in judged]
    risks = [verdict.weights.get("violation", 0.0) for verdict in judged]
    right = sum(verdict.likeliest == call.outcome for verdict, call in zip(judged, calls, strict=True))
    alarms = sum(flag and not label for flag, label in zip(flagged, broken, strict=True))
    hits = sum(flag and label for flag, label in zip(flagged, broken, strict=True))
    return (
        f"right {right / len(calls):.3f}, false alarms {alarms} of {broken.count(False)}, found {hits} of "
        f"{sum(broken)}, AP {average_precision_score(broken, risks):.3f}, Brier {brier_score_loss(broken, risks):.3f}"
    )


def show_calibrations(
    run: Path, shares: Sequence[float], calibrations: Sequence[Calibration], tell: Callable[[str], None]
) -> None:
    """Tell the numbers of an eval run's calls, by each share of violations that is expected and each calibration.

    Raises:
        InputError: there is no eval run here, it judged by another policy than the labels', the model gave whole
            verdicts in it, or none of its calls was read whose label has an outcome.
        AusweisError: the run, a golden file or a policy cannot be read.
    """
    manifest = read_eval(run)
    if manifest is None:
        raise InputError("there is no eval run here; make one with `ausweis eval run`", place=str(run))
    if manifest.plan.policy is not None:
        raise InputError("the eval run judged by another policy than the labels'; make one without --policy")
    facts = _facts(run)
    # Read once, not for each call.
    policy_of = cache(lambda name: find_policy(name).policy)
    sets = {file.path: _seen(read_all([Path(file.path)]), facts, policy_of) for file in manifest.plan.golden}
    sets = {name: calls for name, calls in sets.items() if calls}
    if not sets:
        message = "the eval run has read no call whose label has an outcome; go on with it by --resume, or make another"
        raise InputError(message, place=str(run))
    width = max(map(len, sets))
    for share, calibration in product(shares, calibrations):
        tell(f"expected {share}, {calibration}")
        for name, calls in sets.items():
            tell(f"    {name:<{width}} {_row(calls, share, calibration)}")


def _facts(run: Path) -> dict[str, Facts]:
    """What was read in the first repeat, by call id."""
    paths = [folder / FACTS_FILE for folder in run_folders(run, 1)]
    return {read.call_id: read for path in paths for read in (facts_of(line, path) for line in lines(path))}
