"""Learns to tell lines by their words, and how much that counts beside a probe (`engines.ngrams`).

The words are learned from all labelled calls, those that the probe knew before too. How much they count is learned from
calls that neither its networks nor the words have seen.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.ngrams import BUCKETS, Ngrams, log_odds, ngrams_of
from ausweis.training.learning import Bound
from ausweis.training.lines import Lines, Task
from ausweis.training.probe import UNLIKELY, LeftOut, folds_of, truth_of

__all__ = ["learn_ngrams"]

Array = NDArray[np.float32]

FEWEST_LABELLED = 10
"""Lines that have a label, needed to learn its words; and left-out ones of its pool, to learn how much they count."""
FEWEST_LINES = 2
"""Lines that a bucket must be in to count."""
LOOSENESS = 10.0
"""Of the regression over words, the inverse of how strongly its weights are held near 0."""


class _Lines(NamedTuple):
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


def learn_ngrams(told: LeftOut, others: Sequence[Lines], bound: Bound, task: Task) -> Ngrams | None:
    """The classifier of those labels that gain by it (`Task.pool`); None where too few lines have one.

    `told`: what is told of calls by networks of the probe that have not seen them; `others`: calls that the probe has
    learned from besides, without states.
    """
    learned = told.learned
    pooled = [column for column, label in enumerate(learned.labels) if task.pool(label)]
    names = [learned.labels[column] for column in pooled]
    new = _lines(
        [[chunk.text for chunk in chunks] for chunks in learned.chunks],
        [(call.labels[:, pooled], call.counts[:, pooled]) for call in learned.numbers],
        len(names),
    )
    known = _lines(
        [[chunk.text for chunk in call.chunks] for call in others],
        [truth_of(call, names, task) for call in others],
        len(names),
    )
    kept = _often_enough(new, known, [task.pool(name) for name in names])
    if not len(kept):
        return None
    names, new, known = [names[column] for column in kept], _of_labels(new, kept), _of_labels(known, kept)
    scores = np.zeros(new.labels.shape, np.float32)
    for outside in folds_of(learned.groups):
        groups = {learned.groups[place] for place in outside}
        others_outside = [place for place, call in enumerate(others) if call.group in groups]
        words = _learned([_without(new, outside), _without(known, others_outside)])
        held = np.isin(new.call, outside)
        scores[held] = _scores(words, new.features[held])
    probe = np.concatenate(told.scores)[:, [pooled[column] for column in kept]]
    stacking = _stacking(probe, scores, new, [task.pool(name) for name in names], task.bar)
    every = _learned([new, known])
    about = {
        "about": bound.notes,
        "calls": len(learned.chunks) + len(others),
        "lines": len(new.labels) + len(known.labels),
    }
    return Ngrams(
        labels=tuple(names),
        layers=bound.layers,
        parts={**every._asdict(), "stacking": stacking},
        template=bound.template.name,
        template_sha256=bound.template.sha256,
        model_sha256=bound.model_sha256,
        notes=json.dumps(about),
    )


def _lines(texts: Sequence[Sequence[str]], truths: Sequence[tuple[Array, Array]], width: int) -> _Lines:
    from scipy.sparse import csr_matrix

    buckets = [ngrams_of(text) for call in texts for text in call]
    ends = np.cumsum([0, *map(len, buckets)])
    ids = np.concatenate([*buckets, np.zeros(0, np.int64)])
    features = csr_matrix((np.ones(len(ids), np.float32), ids, ends), shape=(len(buckets), BUCKETS))
    labels, counts = (
        np.concatenate([np.zeros((0, width), np.float32), *(truth[part] for truth in truths)]) for part in (0, 1)
    )
    return _Lines(features, labels, counts > 0, np.repeat(np.arange(len(texts)), list(map(len, texts))))


def _often_enough(new: _Lines, known: _Lines, pools: Sequence[str | None]) -> list[int]:
    """The labels that enough lines have, in pools of which enough left-out lines have one."""
    left_out = (new.labels * new.counts).sum(axis=0)
    every = left_out + (known.labels * known.counts).sum(axis=0)
    in_pool = {pool: sum(left_out[k] for k, other in enumerate(pools) if other == pool) for pool in pools}
    return [k for k, pool in enumerate(pools) if every[k] >= FEWEST_LABELLED and in_pool[pool] >= FEWEST_LABELLED]


def _of_labels(lines: _Lines, columns: Sequence[int]) -> _Lines:
    return lines._replace(labels=lines.labels[:, columns], counts=lines.counts[:, columns])


def _without(lines: _Lines, calls: Sequence[int]) -> _Lines:
    inside = ~np.isin(lines.call, calls)
    return _Lines(lines.features[inside], lines.labels[inside], lines.counts[inside], lines.call[inside])


def _learned(parts: Sequence[_Lines]) -> _Words:
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    parts = [part for part in parts if len(part.labels)]
    features = vstack([part.features for part in parts]).tocsr()
    labels, counts = (np.concatenate([part[place] for part in parts]) for place in (1, 2))
    often = np.asarray(features.sum(axis=0)).ravel()
    rarity = np.where(often >= FEWEST_LINES, np.log((1 + len(labels)) / (1 + often)) + 1, 0.0).astype(np.float32)
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


def _counted(features: Any, rarity: Array) -> Any:
    from sklearn.preprocessing import normalize

    return normalize(features.multiply(rarity).tocsr())


def _scores(words: _Words, features: Any) -> Array:
    scores: Array = _counted(features, words.rarity) @ words.weights + words.bias
    return scores


def _stacking(probe: Array, words: Array, lines: _Lines, pools: Sequence[str | None], bar: float | None) -> Array:
    """Weights of both, and what is added: the same for all labels of a pool, so that rare ones have some too.

    With a `bar`, so much is added that as many lines reach it as have the label.
    """
    from sklearn.linear_model import LogisticRegression

    stacking = np.zeros((len(pools), 3), np.float32)
    for pool in set(pools):
        columns = [column for column, other in enumerate(pools) if other == pool]
        evidence = np.concatenate(
            [np.stack([probe[rows, k], words[rows, k]], axis=1) for k in columns if (rows := lines.counts[:, k]).any()]
        )
        truth = np.concatenate([lines.labels[lines.counts[:, k], k] for k in columns])
        regression = LogisticRegression(C=1.0).fit(evidence, truth)
        shift = regression.intercept_[0]
        if bar is not None:
            last = np.sort(evidence @ regression.coef_[0])[-int(truth.sum())]
            shift = log_odds(bar) - last
        stacking[columns] = [*regression.coef_[0], shift]
    return stacking
