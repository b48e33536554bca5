"""Learn what the weight of a violation means: `python evals/calibrate_risk.py RUN`, an eval run of the golden sets.

Logistic regression of the label over the log-odds that the worlds give (`judging.risk`) and the length of the call. In
each golden file all violations weigh as much as all clean calls, so that the result is evidence and knows no prior.
Printed are the numbers for `CALIBRATION`, and what flagging comes to for some expected shares, set by set.
"""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from sklearn.linear_model import LogisticRegression

from ausweis.evals import read_all
from ausweis.evals.folder import read_eval
from ausweis.evals.labelled import LabelledCall
from ausweis.journal import lines
from ausweis.judging import find_policy
from ausweis.judging.judge import worlds
from ausweis.judging.risk import CALIBRATION, USUAL_TURNS, Calibration
from ausweis.reading.facts import Facts

LEAST = 0.0005
"""Weights are kept away from 0 and 1 by this much."""
EXPECTED = (0.5, 0.2, 0.1, 0.05, 0.02)


def seen(labelled: Sequence[LabelledCall], facts: dict[str, Facts]) -> np.ndarray:
    """For each call: log-odds of its worlds, doublings of its length, whether it is a violation."""
    rows = []
    for one in labelled:
        weight = worlds(facts[one.call.id], find_policy(one.gold.policy).policy).weights.get("violation", 0.0)
        bounded = min(max(weight, LEAST), 1 - LEAST)
        length = max(0.0, np.log2(len(one.call.turns) / USUAL_TURNS))
        rows.append((np.log(bounded / (1 - bounded)), length, one.gold.outcome == "violation"))
    return np.array(rows, dtype=float)


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
    weights = []
    for rows in sets.values():
        broken = rows[:, 2] > 0
        weights.append(np.where(broken, 0.5 / max(broken.sum(), 1), 0.5 / max((~broken).sum(), 1)) * len(rows))
    every = np.concatenate(list(sets.values()))
    model = LogisticRegression(C=100.0).fit(every[:, :2], every[:, 2], np.concatenate(weights))
    (slope, longer), (offset,) = model.coef_[0], model.intercept_
    found = Calibration(round(float(slope), 2), round(float(offset), 2), round(float(longer), 2))
    click.echo(f"learned: {found}\nin use:  {CALIBRATION}")
    for name, rows in sets.items():
        odds = found.slope * rows[:, 0] + found.offset + found.longer * rows[:, 1]
        broken = rows[:, 2] > 0
        for expected in EXPECTED:
            flagged = odds + np.log(expected / (1 - expected)) >= 0
            click.echo(
                f"{name:<12} expected {expected:<5} false alarms {flagged[~broken].sum():>3} of {(~broken).sum():<4} "
                f"found {flagged[broken].sum():>3} of {broken.sum()}"
            )


if __name__ == "__main__":
    main()
