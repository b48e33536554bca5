"""How far the verdicts of a run agree with labels."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ausweis.evals.labelled import LabelledCall
from ausweis.judging.verdict import Verdict
from ausweis.vocabulary import OUTCOMES, Outcome

__all__ = ["Agreement", "agreement"]


class Agreement(NamedTuple):
    """Counts over the calls that have both a label and a verdict.

    `confusion[gold][verdict]` counts outcomes. Of the violations found, `first_turn` are placed at the label's first
    turn, and `types` have just the label's violation types. `average_precision` is of `risk` against the label
    violation; `kappa` is Cohen's, of the outcome.
    """

    calls: int
    confusion: dict[Outcome, dict[Outcome, int]]
    accuracy: float
    kappa: float
    precision: float
    recall: float
    average_precision: float
    found: int
    first_turn: int
    types: int


def agreement(labels: Iterable[LabelledCall], verdicts: Mapping[str, Verdict]) -> Agreement:
    """Compare by call id; labels without a verdict are left out."""
    from sklearn.metrics import average_precision_score, cohen_kappa_score

    pairs = [(one.gold, verdicts[one.call.id]) for one in labels if one.call.id in verdicts]
    gold = [label.outcome for label, _ in pairs]
    told = [verdict.outcome for _, verdict in pairs]
    confusion: dict[Outcome, dict[Outcome, int]] = {one: dict.fromkeys(OUTCOMES, 0) for one in OUTCOMES}
    for right, said in zip(gold, told, strict=True):
        confusion[right][said] += 1
    found = [(label, verdict) for label, verdict in pairs if label.outcome == verdict.outcome == "violation"]
    flagged = told.count("violation")
    broken = [one == "violation" for one in gold]
    return Agreement(
        calls=len(pairs),
        confusion=confusion,
        accuracy=sum(right == said for right, said in zip(gold, told, strict=True)) / max(1, len(pairs)),
        kappa=float(cohen_kappa_score(gold, told)),
        precision=len(found) / max(1, flagged),
        recall=len(found) / max(1, sum(broken)),
        average_precision=float(average_precision_score(broken, [verdict.risk for _, verdict in pairs])),
        found=len(found),
        first_turn=sum(
            verdict.first_violation_turn == min(one.turn for one in label.violations) for label, verdict in found
        ),
        types=sum(
            {v.type for v in verdict.violations} == {v.type for v in label.violations} for label, verdict in found
        ),
    )
