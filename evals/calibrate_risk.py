"""Learn what the weight of a violation means: `python evals/calibrate_risk.py RUN`, an eval run of the golden sets.

Logistic regression of the label over the log-odds that the worlds give (`judging.risk`) and the length of the call. In
each golden file all violations weigh as much as all clean calls, so that the result is evidence and knows no prior.
Printed are the numbers for `CALIBRATION`, and what flagging comes to for some expected shares, set by set.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click
from sklearn.linear_model import LogisticRegression

from ausweis.evals import read_all
from ausweis.evals.folder import read_eval
from ausweis.evals.labelled import LabelledCall
from ausweis.journal import lines
from ausweis.judging import find_policy
from ausweis.judging.judge import worlds
from ausweis.judging.risk import CALIBRATION, Calibration, Outlook, doublings
from ausweis.reading.facts import Facts

LEAST = 0.0005
"""Weights are kept away from 0 and 1 by this much, to learn from."""
EXPECTED = (0.5, 0.2, 0.1, 0.05, 0.02)


class Seen(NamedTuple):
    """One call: what its worlds say, its turns, and whether it is a violation."""

    outlook: Outlook
    turns: int
    broken: bool

    @property
    def evidence(self) -> tuple[float, float]:
        """Log-odds of its worlds, and how often its length is doubled."""
        bounded = min(max(self.outlook.weights.get("violation", 0.0), LEAST), 1 - LEAST)
        return math.log(bounded / (1 - bounded)), doublings(self.turns)


def seen(labelled: Sequence[LabelledCall], facts: Mapping[str, Facts]) -> list[Seen]:
    """The calls that were read."""
    return [
        Seen(
            worlds(facts[one.call.id], find_policy(one.gold.policy).policy),
            len(one.call.turns),
            one.gold.outcome == "violation",
        )
        for one in labelled
        if one.call.id in facts
    ]


@click.command(help=__doc__)
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(run: Path) -> None:
    """Learn, print."""
    facts = {
        one.call_id: one
        for path in run.rglob("facts.jsonl")
        for one in (Facts.model_validate_json(line.data) for line in lines(path))
    }
    manifest = read_eval(run)
    if manifest is None:
        raise click.UsageError(f"{run} is no eval run")
    sets = {Path(one.path).stem: seen(read_all([Path(one.path)]), facts) for one in manifest.plan.golden}
    weights, evidence, truth = [], [], []
    for calls in sets.values():
        broken = sum(one.broken for one in calls)
        counts = {True: broken, False: len(calls) - broken}
        weights += [len(calls) / 2 / counts[one.broken] for one in calls]
        evidence += [one.evidence for one in calls]
        truth += [one.broken for one in calls]
    model = LogisticRegression(C=100.0).fit(evidence, truth, weights)
    (slope, longer), (offset,) = model.coef_[0], model.intercept_
    found = Calibration(round(float(slope), 2), round(float(offset), 2), round(float(longer), 2))
    click.echo(f"learned: {found}\nin use:  {CALIBRATION}")
    for calibration in (found, CALIBRATION):
        for name, calls in sets.items():
            for expected in EXPECTED:
                flagged = [
                    one.broken
                    for one in calls
                    if one.outlook.in_the_field(expected, one.turns, calibration).likeliest == "violation"
                ]
                broken = sum(one.broken for one in calls)
                click.echo(
                    f"{name:<12} expected {expected:<5} false alarms {flagged.count(False):>3} of "
                    f"{len(calls) - broken:<4} found {flagged.count(True):>3} of {broken}"
                )


if __name__ == "__main__":
    main()
