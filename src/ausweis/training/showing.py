"""Tells how well calls are read and judged by what has not learned from them."""

from collections.abc import Callable, Sequence

import numpy as np

from ausweis.evals.labelled import LabelledCall
from ausweis.evals.metrics import rows_of, summarise
from ausweis.training.left_out import left_out_cases
from ausweis.training.probe import LeftOut

__all__ = ["show_labels", "show_verdicts"]


def show_labels(told: LeftOut, tell: Callable[[str], None]) -> None:
    """The average precision of each label over the lines of calls that a network has not seen."""
    from sklearn.metrics import average_precision_score

    learned, scores = told.learned, np.concatenate(told.scores)
    truth = np.concatenate([numbers.labels for numbers in learned.numbers])
    counts = np.concatenate([numbers.counts for numbers in learned.numbers]) > 0
    for place, label in enumerate(learned.labels):
        rows = counts[:, place]
        if not truth[rows, place].any():
            tell(f"{label:<28} no line")
            continue
        precision = average_precision_score(truth[rows, place], scores[rows, place])
        tell(f"{label:<28} {int(truth[rows, place].sum()):>5} lines, average precision {precision:.2f}")


def show_verdicts(calls: Sequence[LabelledCall], told: LeftOut, tell: Callable[[str], None]) -> None:
    """How the calls are judged by what networks say of them that have not seen their writing pass."""
    summary = summarise(left_out_cases(calls, told.answers, told.learned.labels, told.dialogue))
    for name, estimate in rows_of(summary):
        tell(f"{name:<44} {estimate}")
    for review in summary.reviews:
        shares = f"violations {review.expected:.0%}, riskiest {review.reviewed:.0%}"
        tell(f"{shares}: precision {review.precision}, found {review.found}")
    for part in summary.slices:
        if part.tag.startswith(("turns:", "language:")):
            numbers = f"right {part.accuracy}, false alarms {part.false_alarms}"
            tell(f"{part.tag:<20} {part.accuracy.n:>4} calls, {numbers}")
