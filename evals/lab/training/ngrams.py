"""Learns to tell lines by their words, and how much that counts beside a probe (`engines.ngrams`).

The words are learned from all labelled calls, those that the probe knew before too. How much they count is learned from
calls that neither its networks nor the words have seen.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from evals.lab.training.folds import folds_of
from evals.lab.training.learning import Bound
from evals.lab.training.lines import Lines, Task
from evals.lab.training.probe import UNLIKELY, LeftOut, truth_of
from numpy.typing import NDArray

from ausweis.engines.heads import BUCKETS, Ngrams, log_odds, ngrams_of

__all__ = ["LearnedNgrams", "learn_ngrams"]

Array = NDArray[np.float32]

FEWEST_LABELLED = 10
"""Lines with a label, needed to learn its words; and over all labels of a pool, to learn how much they count."""
FEWEST_CALLS = 2
"""A bucket counts that so many calls have: what one call alone has may be a name."""
LOOSENESS = 10.0
"""Of the regression over words, the inverse of how strongly its weights are held near 0."""


class LearnedNgrams(NamedTuple):
    """What was learned, and what is told with it of calls that nothing was learned from, by probe and words."""

    ngrams: Ngrams
    told: LeftOut


class _Table(NamedTuple):
    """Lines end to end. `features`: sparse, (lines, buckets); `labels`, `counts`: (lines, labels); `call`: of each."""

    features: Any
    labels: Array
    counts: NDArray[np.bool_]
    call: NDArray[np.int64]


class _Words(NamedTuple):
    """As the parts of `Ngrams`."""

    rarity: Array
    weights: Array
    bias: Array


def learn_ngrams(told: LeftOut, others: Sequence[Lines], bound: Bound, task: Task) -> LearnedNgrams | None:
    """The classifier of those labels that gain by it (`Task.pool`); None where too few lines have one.

    `told`: what is told of calls by networks of the probe that have not seen them; `others`: calls that the probe has
    learned from besides, without states.
    """
    learned = told.learned
    columns = [column for column, label in enumerate(learned.labels) if task.pool(label)]
    names = [learned.labels[column] for column in columns]
    new = _table(
        [[chunk.text for chunk in chunks] for chunks in learned.chunks],
        [(call.labels[:, columns], call.counts[:, columns]) for call in learned.numbers],
        len(names),
    )
    known = _table(
        [[chunk.text for chunk in call.chunks] for call in others],
        [truth_of(call, names, task) for call in others],
        len(names),
    )
    kept = _often_enough(new, known, [task.pool(name) for name in names]) if len(learned.groups) > 1 else []
    if not kept:
        return None
    columns, names = [columns[place] for place in kept], [names[place] for place in kept]
    new, known, pools = _of_labels(new, kept), _of_labels(known, kept), [task.pool(name) for name in names]
    words = _left_out(new, known, learned.groups, [call.group for call in others])
    # A probe tells no more than this.
    probe = np.concatenate(told.scores)[:, columns].clip(log_odds(0.0), log_odds(1.0))
    evidence = np.stack([probe, words, np.ones_like(words)], axis=-1)
    together = np.zeros(new.labels.shape, np.float32)
    for outside in folds_of(learned.groups):
        rows = np.isin(new.call, outside)
        stacking = _stacking(evidence[~rows], _without(new, outside), pools, task.bar)
        together[rows] = (evidence[rows] * stacking).sum(axis=-1)
    every = _learned([new, known])
    about = {"calls": len(learned.chunks) + len(others), "lines": len(new.labels) + len(known.labels)}
    ngrams = Ngrams(
        labels=tuple(names),
        parts={**every._asdict(), "stacking": _stacking(evidence, new, pools, task.bar)},
        **bound._replace(layers=()).fields(**about),
    )
    return LearnedNgrams(ngrams, _with(told, columns, together))


def _left_out(new: _Table, known: _Table, groups: Sequence[str], of_known: Sequence[str]) -> Array:
    """The log-odds of the labels of each new line by words of calls of other groups: shape (lines, labels).

    `groups`, `of_known`: of each new call and of each known one.
    """
    words = np.zeros(new.labels.shape, np.float32)
    for outside in folds_of(groups):
        names = {groups[place] for place in outside}
        held = [place for place, group in enumerate(of_known) if group in names]
        seen = _learned([_without(new, outside), _without(known, held)])
        rows = np.isin(new.call, outside)
        words[rows] = _scores(seen, new.features[rows])
    return words


def _with(told: LeftOut, columns: Sequence[int], together: Array) -> LeftOut:
    """The same with other scores, lines end to end, of these labels."""
    ends = np.cumsum([len(scores) for scores in told.scores])[:-1]
    scores, answers = [scores.copy() for scores in told.scores], [answers.copy() for answers in told.answers]
    for call, part in enumerate(np.split(together, ends)):
        scores[call][:, columns], answers[call][:, columns] = part, 1 / (1 + np.exp(-part))
    return told._replace(scores=scores, answers=answers)


def _table(texts: Sequence[Sequence[str]], truths: Sequence[tuple[Array, Array]], width: int) -> _Table:
    from scipy.sparse import csr_matrix

    buckets = [ngrams_of(text) for call in texts for text in call]
    ends = np.cumsum([0, *map(len, buckets)])
    ids = np.concatenate([*buckets, np.zeros(0, np.int64)])
    features = csr_matrix((np.ones(len(ids), np.float32), ids, ends), shape=(len(buckets), BUCKETS))
    labels, counts = (
        np.concatenate([np.zeros((0, width), np.float32), *(truth[part] for truth in truths)]) for part in (0, 1)
    )
    return _Table(features, labels, counts > 0, np.repeat(np.arange(len(texts)), list(map(len, texts))))


def _often_enough(new: _Table, known: _Table, pools: Sequence[str | None]) -> list[int]:
    """The labels that enough lines have, in pools of which enough left-out lines have one of these."""
    left_out = (new.labels * new.counts).sum(axis=0)
    every = left_out + (known.labels * known.counts).sum(axis=0)
    often = [place for place, total in enumerate(every) if total >= FEWEST_LABELLED]
    in_pool = {pool: sum(left_out[place] for place in often if pools[place] == pool) for pool in pools}
    return [place for place in often if in_pool[pools[place]] >= FEWEST_LABELLED]


def _of_labels(lines: _Table, columns: Sequence[int]) -> _Table:
    return lines._replace(labels=lines.labels[:, columns], counts=lines.counts[:, columns])


def _without(lines: _Table, calls: Sequence[int]) -> _Table:
    inside = ~np.isin(lines.call, calls)
    return _Table(lines.features[inside], lines.labels[inside], lines.counts[inside], lines.call[inside])


def _learned(parts: Sequence[_Table]) -> _Words:
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    parts = [part for part in parts if len(part.labels)]
    features = vstack([part.features for part in parts]).tocsr()
    labels, counts = (np.concatenate([part[place] for part in parts]) for place in (1, 2))
    often, calls = np.asarray(features.sum(axis=0)).ravel(), sum(_calls_with(part) for part in parts)
    rarity = np.where(calls >= FEWEST_CALLS, np.log((1 + len(labels)) / (1 + often)) + 1, 0.0).astype(np.float32)
    features = _counted(features, rarity)
    weights, bias = np.zeros((BUCKETS, labels.shape[1]), np.float32), np.zeros(labels.shape[1], np.float32)
    for column in range(labels.shape[1]):
        rows = counts[:, column]
        if len(set(labels[rows, column])) < 2:
            bias[column] = UNLIKELY
            continue
        regression = LogisticRegression(C=LOOSENESS, solver="liblinear").fit(features[rows], labels[rows, column])
        weights[:, column], bias[column] = regression.coef_[0], regression.intercept_[0]
    return _Words(rarity, weights, bias)


def _calls_with(lines: _Table) -> NDArray[np.int64]:
    """How many calls have each bucket."""
    from scipy.sparse import csr_matrix

    rows = np.arange(len(lines.call))
    by_call = csr_matrix((np.ones(len(rows), np.float32), (lines.call, rows)))
    calls: NDArray[np.int64] = np.asarray((by_call @ lines.features > 0).sum(axis=0)).ravel()
    return calls


def _counted(features: Any, rarity: Array) -> Any:
    from sklearn.preprocessing import normalize

    return normalize(features.multiply(rarity).tocsr())


def _scores(words: _Words, features: Any) -> Array:
    scores: Array = _counted(features, words.rarity) @ words.weights + words.bias
    return scores


def _stacking(evidence: Array, lines: _Table, pools: Sequence[str | None], bar: float | None) -> Array:
    """What the evidence of each label weighs, shape (labels, 3): of the probe, of words, and what is added.

    `evidence`: (lines, labels, 3). The same for all labels of a pool, so that rare ones have some too. With a `bar`, so
    much is added that as many of their answers reach it as are right to.
    """
    from sklearn.linear_model import LogisticRegression

    stacking = np.zeros((len(pools), 3), np.float32)
    for pool in set(pools):
        columns = [column for column, other in enumerate(pools) if other == pool]
        told = lines.counts[:, columns]
        seen, truth = evidence[:, columns][told][:, :2], lines.labels[:, columns][told]
        if len(set(truth)) < 2:
            # Nothing can be learned: the probe is taken at its word.
            stacking[columns, 0] = 1.0
            continue
        regression = LogisticRegression(C=1.0).fit(seen, truth)
        weights, shift = regression.coef_[0], regression.intercept_[0]
        if bar is not None:
            shift = log_odds(bar) - np.sort(seen @ weights)[-int(truth.sum())]
        stacking[columns] = [*weights, shift]
    return stacking
