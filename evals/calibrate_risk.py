"""What a calibration of risk comes to: `python evals/calibrate_risk.py RUN`, an eval run of golden sets.

For each choice of `Calibration` (`judging.risk`) and each golden file of the run: right outcomes, false alarms among
clean calls, violations found, average precision and Brier score of risk. The worlds are weighed once.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import click
from sklearn.metrics import average_precision_score, brier_score_loss

from ausweis.evals import read_all
from ausweis.evals.folder import read_eval
from ausweis.evals.labelled import LabelledCall
from ausweis.facts import Facts
from ausweis.journal import lines
from ausweis.judging import find_policy
from ausweis.judging.judge import worlds
from ausweis.judging.policy import EXPECTED
from ausweis.judging.risk import CALIBRATION, Calibration, Outlook


class Seen(NamedTuple):
    """One call: what its worlds say, its turns, and its label."""

    outlook: Outlook
    turns: int
    outcome: str


def seen(labelled: Sequence[LabelledCall], facts: Mapping[str, Facts]) -> list[Seen]:
    """The calls that were read."""
    return [
        Seen(worlds(facts[one.call.id], find_policy(one.gold.policy).policy), len(one.call.turns), one.gold.outcome)
        for one in labelled
        if one.call.id in facts
    ]


def row(calls: Sequence[Seen], expected: float, calibration: Calibration) -> str:
    """The numbers of one golden file."""
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


@click.command(help=__doc__)
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--expected", type=float, multiple=True, default=(EXPECTED,), show_default=True)
@click.option("--reference", type=float, multiple=True, default=(CALIBRATION.reference,), show_default=True)
@click.option("--longer", type=float, multiple=True, default=(CALIBRATION.longer,), show_default=True)
@click.option("--surest", type=float, multiple=True, default=(CALIBRATION.surest,), show_default=True)
def main(
    run: Path,
    expected: tuple[float, ...],
    reference: tuple[float, ...],
    longer: tuple[float, ...],
    surest: tuple[float, ...],
) -> None:
    """Weigh, print."""
    manifest = read_eval(run)
    if manifest is None:
        raise click.UsageError(f"{run} is no eval run")
    facts = {
        one.call_id: one
        for path in run.rglob("facts.jsonl")
        for one in (Facts.model_validate_json(line.data) for line in lines(path))
    }
    sets = {Path(one.path).stem: seen(read_all([Path(one.path)]), facts) for one in manifest.plan.golden}
    for share, *chosen in product(expected, reference, longer, surest):
        calibration = Calibration(*chosen)
        click.echo(f"expected {share}, {calibration}")
        for name, calls in sets.items():
            click.echo(f"    {name:<12} {row(calls, share, calibration)}")


if __name__ == "__main__":
    main()
