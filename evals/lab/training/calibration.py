"""From scores of lines whose call was left out: probabilities (Platt 1999), and weights of what was asked."""

from collections.abc import Sequence

import numpy as np
from evals.lab.training.lines import by_label
from evals.lab.training.network import CallNumbers
from numpy.typing import NDArray

from ausweis.reading.chunks import Chunk
from ausweis.reading.dialogue import pairs

__all__ = ["dialogue_of", "slopes_of"]

Array = NDArray[np.float32]

FEWEST_CALIBRATED = 10
"""Lines with a label, and lines without, that are needed to calibrate it."""


def slopes_of(calls: Sequence[CallNumbers], scores: Sequence[Array]) -> tuple[Array, Array]:
    """Slopes and offsets that make probabilities of the scores of left-out lines: each of shape (labels,).

    `scores`: of each call, shape (lines, labels).
    """
    from sklearn.linear_model import LogisticRegression

    score, truth = np.concatenate(scores), np.concatenate([call.labels for call in calls])
    counts = np.concatenate([call.counts for call in calls]) > 0
    slopes, offsets = [], []
    for place in range(truth.shape[1]):
        rows = counts[:, place]
        if min(truth[rows, place].sum(), (1 - truth[rows, place]).sum()) < FEWEST_CALIBRATED:
            slopes.append(1.0)
            offsets.append(0.0)
            continue
        model = LogisticRegression(C=1.0).fit(score[rows][:, [place]], truth[rows, place])
        slopes.append(max(float(model.coef_[0][0]), 0.1))
        offsets.append(float(model.intercept_[0]))
    return np.array(slopes, dtype=np.float32), np.array(offsets, dtype=np.float32)


def dialogue_of(
    labels: Sequence[str],
    chunks: Sequence[Sequence[Chunk]],
    calls: Sequence[CallNumbers],
    answers: Sequence[Array],
) -> tuple[float, ...]:
    """The weights of what speaks for a factor (`reading.dialogue`), from the answers about calls that were left out.

    None where so few calls do not tell. `answers`: of each call, shape (lines, labels).
    """
    from sklearn.linear_model import LogisticRegression

    evidence, truth = [], []
    for lines, call, answer in zip(chunks, calls, answers, strict=True):
        for pair in pairs(lines, by_label(lines, labels, answer)):
            place = labels.index(pair.label)
            if call.counts[pair.place, place]:
                evidence.append(pair.evidence)
                truth.append(call.labels[pair.place, place] > 0)
    if len(set(truth)) < 2:
        return ()
    model = LogisticRegression(max_iter=2000).fit(np.array(evidence), truth)
    return tuple(round(float(weight), 4) for weight in (*model.coef_[0], model.intercept_[0]))
