"""Tells how well calls are read and judged by what has not learned from them."""

from collections.abc import Callable, Sequence

import numpy as np
from evals.lab.training.probe import LeftOut

from ausweis.evals.case import Case
from ausweis.evals.metrics import rows_of, summarise
from ausweis.judging.incidents import LIKELY

__all__ = ["LONG", "show_incidents", "show_labels", "show_verdicts"]

LONG = 50
"""From so many lines on a call counts as a long one."""


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


def show_verdicts(cases: Sequence[Case], tell: Callable[[str], None]) -> None:
    """How calls are judged by what networks say of them that have not seen their writing pass."""
    summary = summarise(cases)
    for name, estimate in rows_of(summary):
        tell(f"{name:<44} {estimate}")
    for review in summary.reviews:
        shares = f"violations {review.expected:.0%}, riskiest {review.reviewed:.0%}"
        tell(f"{shares}: precision {review.precision}, found {review.found}")
    for part in summary.slices:
        if part.tag.startswith(("turns:", "language:")):
            numbers = f"right {part.accuracy}, false alarms {part.false_alarms}"
            tell(f"{part.tag:<20} {part.accuracy.n:>4} calls, {numbers}")


def show_incidents(told: LeftOut, tell: Callable[[str], None]) -> None:
    """How often something is said of calls in which nothing happens, and what is found; short calls and long ones.

    Only lines count of which the label tells; a call of which it tells nothing counts nowhere.
    """
    read = [
        ((numbers.labels > 0) & (numbers.counts > 0), (answers >= LIKELY) & (numbers.counts > 0))
        for numbers, answers in zip(told.learned.numbers, told.answers, strict=True)
        if numbers.counts.any()
    ]
    for name, is_long in ((f"fewer than {LONG} lines", False), (f"{LONG} lines or more", True)):
        calls = [(true.any(axis=0), said.any(axis=0)) for true, said in read if (len(true) >= LONG) is is_long]
        clean = [said.any() for true, said in calls if not true.any()]
        happens, everything = (sum(int(call[part].sum()) for call in calls) for part in (0, 1))
        found = sum(int((true & said).sum()) for true, said in calls)
        flagged = f"{sum(clean)} of {len(clean)} calls flagged in which nothing happens"
        tell(f"{name}: {flagged}; {found} of {happens} found, {found} of {everything} right that are said")
