"""`ausweis train risk`: what a calibration of risk comes to, on an eval run of golden sets.

For each choice of `Calibration` (`judging.risk`) and each golden file of the run: right outcomes, false alarms among
clean calls, violations found, average precision and Brier score of risk. The joint outcomes are weighed once.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from ausweis.errors import InputError
from ausweis.evals import read_all
from ausweis.evals.folder import read_eval
from ausweis.evals.labelled import LabelledCall
from ausweis.facts import Facts
from ausweis.journal import lines
from ausweis.judging import find_policy
from ausweis.judging.judge import outlook_of
from ausweis.judging.risk import Calibration, Outlook

__all__ = ["show_calibrations"]


class Seen(NamedTuple):
    """One call: what its joint outcomes say, its turns, and its label."""

    outlook: Outlook
    turns: int
    outcome: str | None


def seen(labelled: Sequence[LabelledCall], facts: Mapping[str, Facts]) -> list[Seen]:
    """The calls that were read."""
    return [
        Seen(outlook_of(facts[one.call.id], find_policy(one.policy).policy), len(one.call.turns), one.gold.outcome)
        for one in labelled
        if one.call.id in facts
    ]


def row(calls: Sequence[Seen], expected: float, calibration: Calibration) -> str:
    """The numbers of one golden file."""
    from sklearn.metrics import average_precision_score, brier_score_loss

    judged = [one.outlook.in_the_field(expected, one.turns, calibration) for one in calls]
    broken = [one.outcome == "violation" for one in calls]
    flagged = [one.likeliest == "violation" for one in judged]
    risks = [one.weights.get("violation", 0.0) for one in judged]
    right = sum(one.likeliest == call.outcome for one, call in zip(judged, calls, strict=True))
    alarms = sum(flag and not label for flag, label in zip(flagged, broken, strict=True))
    found = sum(flag and label for flag, label in zip(flagged, broken, strict=True))
    return (
        f"right {right / len(calls):.3f}, false alarms {alarms} of {broken.count(False)}, found {found} of "
        f"{sum(broken)}, AP {average_precision_score(broken, risks):.3f}, Brier {brier_score_loss(broken, risks):.3f}"
    )


def show_calibrations(
    run: Path, shares: Sequence[float], calibrations: Sequence[Calibration], tell: Callable[[str], None]
) -> None:
    """Tell the numbers of an eval run's calls, by each share of violations that is expected and each calibration.

    Raises:
        AusweisError: there is no eval run here, or it cannot be read.
    """
    manifest = read_eval(run)
    if manifest is None:
        raise InputError("there is no eval run here; make one with `ausweis eval run`", place=str(run))
    facts = {
        read.call_id: read
        for path in run.rglob("facts.jsonl")
        for read in (Facts.model_validate_json(line.data) for line in lines(path))
    }
    sets = {Path(file.path).stem: seen(read_all([Path(file.path)]), facts) for file in manifest.plan.golden}
    for share, calibration in product(shares, calibrations):
        tell(f"expected {share}, {calibration}")
        for name, calls in sets.items():
            tell(f"    {name:<12} {row(calls, share, calibration)}")
