"""Learns to tell a call's labels by the answers to questions about it, and how much that counts beside its lines.

How much the answers count is learned from what they tell of calls that they were not learned from, beside the likeliest
line (`engines.answer_probe`). So the probe of the lines must not have learned from those either.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from evals.lab.training.folds import splits_of
from evals.lab.training.learning import Bound
from numpy.typing import NDArray

from ausweis.engines.heads import AnswerProbe, log_odds

__all__ = ["AnsweredCalls", "ToldAnswers", "learn_answers"]

Array = NDArray[np.float32]

LOOSENESS = 1e-3
"""Of the regression over states, the inverse of how strongly its weights are held near 0: there are many more of them
than calls."""
STACKING_LOOSENESS = 10.0


class AnsweredCalls(NamedTuple):
    """What is learned from, an entry or a row a call.

    `answers`: shape (calls, features), as `answer_features`; `lines`: (calls, labels), the log-odds of the likeliest
    line; `truth`: the same, 1 where a line has the label. `groups`: calls of one are left out together. `counts`: how
    many calls each stands for, where some were drawn from many.
    """

    answers: Array
    lines: Array
    truth: Array
    groups: list[str]
    counts: Array


class ToldAnswers(NamedTuple):
    """Calls that nothing was learned from, and the log-odds of their labels, shape (calls, labels).

    `answers`: by what was learned without them; `together`: with the likeliest line, weighed as the others teach.
    """

    calls: AnsweredCalls
    answers: Array
    together: Array


def learn_answers(
    calls: AnsweredCalls,
    labels: tuple[str, ...],
    bound: Bound,
    weighed: AnsweredCalls | None = None,
    on_told: Callable[[ToldAnswers], None] = lambda told: None,
) -> AnswerProbe:
    """The probe of the answers. `bound`: with the template of the questions.

    `weighed`: other calls, from which it is learned how much the answers count; without them, the same calls tell, each
    group left out. Whatever fold of `folds_of` is left out, each label is in some of the other calls and not in others.
    """
    weights, bias = _regression(calls.answers, calls.truth, calls.counts)
    answers = _left_out(calls) if weighed is None else weighed.answers @ weights + bias
    # A reader is told no more than this.
    answers = answers.clip(log_odds(0.0), log_odds(1.0))
    told = calls if weighed is None else weighed
    evidence = np.stack([told.lines, answers, np.ones_like(answers)], axis=-1)
    together = np.zeros_like(answers)
    for inside, outside in splits_of(told.groups):
        stacking = _stacking(evidence[inside], told.truth[inside], told.counts[inside])
        together[outside] = (evidence[outside] * stacking).sum(axis=-1)
    on_told(ToldAnswers(told, answers, together))
    return AnswerProbe(
        labels=labels,
        parts={"weights": weights, "bias": bias, "stacking": _stacking(evidence, told.truth, told.counts)},
        **bound.fields(calls=len(calls.groups), weighed=len(told.groups)),
    )


def _left_out(calls: AnsweredCalls) -> Array:
    """The log-odds of each call's labels by what was learned without its group."""
    answers = np.zeros_like(calls.truth)
    for inside, outside in splits_of(calls.groups):
        weights, bias = _regression(calls.answers[inside], calls.truth[inside], calls.counts[inside])
        answers[outside] = calls.answers[outside] @ weights + bias
    return answers


def _regression(features: Array, truth: Array, counts: Array) -> tuple[Array, Array]:
    """Weights, shape (features, labels), and biases."""
    from sklearn.linear_model import LogisticRegression

    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = (features - mean) / spread
    learned = [
        LogisticRegression(C=LOOSENESS, max_iter=500).fit(scaled, column, sample_weight=counts) for column in truth.T
    ]
    # The scale of the features goes into the weights, so that a reader needs none.
    weights = np.stack([one.coef_[0] for one in learned], axis=1).astype(np.float32) / spread[:, None]
    return weights, np.array([one.intercept_[0] for one in learned], np.float32) - mean @ weights


def _stacking(evidence: Array, truth: Array, counts: Array) -> Array:
    """What the evidence of each label weighs, shape (labels, 3)."""
    from sklearn.linear_model import LogisticRegression

    stacking = np.zeros((truth.shape[1], evidence.shape[-1]), np.float32)
    for label, column in enumerate(truth.T):
        regression = LogisticRegression(C=STACKING_LOOSENESS)
        regression.fit(evidence[:, label, :-1], column, sample_weight=counts)
        # What speaks for a label may count nothing, but never against it.
        stacking[label] = [*regression.coef_[0].clip(0.0), regression.intercept_[0]]
    return stacking
