"""What tells lines by their words, and how much that counts beside a probe (`engines.ngrams`).

The words are learned from all labelled calls, those that the probe knew before too. How much they count is learned from
calls that neither its networks nor the words have seen.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from evals.lab.training.calls import Lines, Task, folds_of
from evals.lab.training.options import Bound
from evals.lab.training.probe import UNLIKELY, LeftOut, truth_of
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from ausweis.engines.heads import BUCKETS, Ngrams, log_odds, ngrams_of
from ausweis.reading.chunks import Chunk

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

    @classmethod
    def of(cls, calls: Sequence[Sequence[Chunk]], truths: Sequence[tuple[Array, Array]]) -> "_Table":
        """`truths`: labels and counts of each call."""
        from scipy.sparse import csr_matrix

        buckets = [ngrams_of(chunk.text) for chunks in calls for chunk in chunks]
        ends = np.cumsum([0, *map(len, buckets)])
        ids = np.concatenate([*buckets, np.zeros(0, np.int64)])
        features = csr_matrix((np.ones(len(ids), np.float32), ids, ends), shape=(len(buckets), BUCKETS))
        labels, counts = (np.concatenate([truth[part] for truth in truths]) for part in (0, 1))
        return cls(features, labels, counts > 0, np.repeat(np.arange(len(calls)), list(map(len, calls))))

    def rows(self, chosen: NDArray[np.bool_]) -> "_Table":
        """Some lines."""
        return _Table(self.features[chosen], self.labels[chosen], self.counts[chosen], self.call[chosen])


def learn_ngrams(told: LeftOut, others: Sequence[Lines], bound: Bound, task: Task) -> LearnedNgrams | None:
    """The classifier of those labels that gain by it (`Task.pool`); None where too few lines have one.

    `told`: what is told of calls by networks of the probe that have not seen them; `others`: calls that the probe has
    learned from besides, without states.
    """
    learned, first = told.learned, len(told.learned.chunks)
    truths = [(call.labels, call.counts) for call in learned.numbers]
    truths += [truth_of(call, learned.labels, task) for call in others]
    every = _Table.of([*learned.chunks, *(call.chunks for call in others)], truths)
    columns = _often_enough(every, every.call < first, list(map(task.pool, learned.labels)))
    if not columns or first < 2:
        return None
    names = tuple(learned.labels[column] for column in columns)
    pools = [task.pool(name) for name in names]
    every = every._replace(labels=every.labels[:, columns], counts=every.counts[:, columns])
    new = every.rows(every.call < first)
    words = np.zeros(new.labels.shape, np.float32)
    for outside in folds_of(learned.groups):
        held = {learned.groups[place] for place in outside}
        held_calls = [*outside, *(place for place, call in enumerate(others, start=first) if call.group in held)]
        seen, rows = _learned(every.rows(~np.isin(every.call, held_calls))), np.isin(new.call, outside)
        words[rows] = _counted(new.features[rows], seen["rarity"]) @ seen["weights"] + seen["bias"]
    # A probe tells no more than this.
    probe = np.concatenate(told.scores)[:, columns].clip(log_odds(0.0), log_odds(1.0))
    evidence = np.stack([probe, words, np.ones_like(words)], axis=-1)
    together = np.zeros(new.labels.shape, np.float32)
    for outside in folds_of(learned.groups):
        rows = np.isin(new.call, outside)
        together[rows] = (evidence[rows] * _stacking(evidence[~rows], new.rows(~rows), pools, task.bar)).sum(axis=-1)
    ngrams = Ngrams(
        labels=names,
        parts={**_learned(every), "stacking": _stacking(evidence, new, pools, task.bar)},
        **bound._replace(layers=()).fields(calls=first + len(others), lines=len(every.labels)),
    )
    return LearnedNgrams(ngrams, _with(told, columns, together))


def _with(told: LeftOut, columns: Sequence[int], together: Array) -> LeftOut:
    """The same with other scores, lines end to end, of these labels."""
    ends = np.cumsum([len(scores) for scores in told.scores])[:-1]
    scores, answers = [scores.copy() for scores in told.scores], [answers.copy() for answers in told.answers]
    for call, part in enumerate(np.split(together, ends)):
        scores[call][:, columns], answers[call][:, columns] = part, 1 / (1 + np.exp(-part))
    return told._replace(scores=scores, answers=answers)


def _often_enough(every: _Table, new: NDArray[np.bool_], pools: Sequence[str | None]) -> list[int]:
    """The labels that enough lines have, in pools of which enough left-out lines, the new ones, have one of these."""
    labelled = every.labels * every.counts
    left_out, totals = labelled[new].sum(axis=0), labelled.sum(axis=0)
    often = [place for place, total in enumerate(totals) if total >= FEWEST_LABELLED and pools[place]]
    in_pool = {pool: sum(left_out[place] for place in often if pools[place] == pool) for pool in pools}
    return [place for place in often if in_pool[pools[place]] >= FEWEST_LABELLED]


def _learned(lines: _Table) -> dict[str, Array]:
    """The parts of `Ngrams` but for the stacking."""
    rows = np.arange(len(lines.call))
    by_call = csr_matrix((np.ones(len(rows), np.float32), (lines.call, rows)))
    calls = np.asarray((by_call @ lines.features > 0).sum(axis=0)).ravel()
    often = np.asarray(lines.features.sum(axis=0)).ravel()
    rarity = np.where(calls >= FEWEST_CALLS, np.log((1 + len(rows)) / (1 + often)) + 1, 0.0).astype(np.float32)
    features, labels = _counted(lines.features, rarity), lines.labels
    weights, bias = np.zeros((BUCKETS, labels.shape[1]), np.float32), np.zeros(labels.shape[1], np.float32)
    for column in range(labels.shape[1]):
        known = lines.counts[:, column]
        if len(set(labels[known, column])) < 2:
            bias[column] = UNLIKELY
            continue
        regression = LogisticRegression(C=LOOSENESS, solver="liblinear").fit(features[known], labels[known, column])
        weights[:, column], bias[column] = regression.coef_[0], regression.intercept_[0]
    return {"rarity": rarity, "weights": weights, "bias": bias}


def _counted(features: Any, rarity: Array) -> Any:
    return normalize(features.multiply(rarity).tocsr())


def _stacking(evidence: Array, lines: _Table, pools: Sequence[str | None], bar: float | None) -> Array:
    """What the evidence of each label weighs, shape (labels, 3): of the probe, of words, and what is added.

    `evidence`: (lines, labels, 3). The same for all labels of a pool, so that rare ones have some too. With a `bar`, so
    much is added that as many of their answers reach it as are right to.
    """
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
