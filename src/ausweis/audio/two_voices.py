"""Vectors of windows of speech, parted into two voices; how far these lie apart, and which one a vector leans to."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Labels", "between", "centres", "distance", "two_voices"]

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

AXES, PARTS, ROUNDS = 3, (0.1, 0.3, 0.5, 0.7, 0.9), 6
CORE = 0.4
"""The share of a voice's windows that is left out of its centre."""
LEAST = 12.0
"""Seconds of windows, which overlap fourfold: a side with less is rather a cough than a voice."""
CHANGES = 8
"""Two people in a call take turns: voices that change less often are hardly those of the two."""


def two_voices(vectors: Floats, weights: Floats) -> Labels:
    """(vectors,): 0 or 1 for each of (vectors, 256) in order of time, weighted by the seconds of its window.

    Partings along the main axes, even and uneven ones, are sharpened, and the one whose sides lie farthest apart is
    taken: k-means fails where one person says little. A side that is one stretch of the call is rather hold music than
    a person. What all share, such as the line and its noise, goes with the mean.
    """
    around = _unit(vectors - np.average(vectors, axis=0, weights=weights))
    _, axes = np.linalg.eigh((around * weights[:, None]).T @ around)
    best, likeliest = -np.inf, np.zeros(len(vectors), dtype=np.int64)
    for along in (around @ axes[:, -AXES:]).T:
        for part in PARTS:
            labels = (along > np.quantile(along, part)).astype(np.int64)
            for _ in range(ROUNDS):
                before, labels = labels, _sharpened(vectors, weights, labels)
                if (before == labels).all():
                    break
            least = min(float(weights @ (labels == voice)) for voice in (0, 1))
            changes = np.count_nonzero(np.diff(labels))
            score = distance(vectors, weights, labels) * min(1.0, least / LEAST) * min(1.0, changes / CHANGES) ** 2
            if score > best:
                best, likeliest = score, labels
    return likeliest


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def centres(vectors: Floats, weights: Floats, labels: NDArray[np.generic]) -> Floats:
    """(2, 256): the mean direction of those labelled 0 and of those labelled 1; zeros where there are none."""
    return _unit(np.stack([(weights * (labels == voice)) @ vectors for voice in (0, 1)]))


def between(vectors: Floats, middles: Floats) -> Floats:
    """(vectors,): 1 at the first centre, -1 at the second."""
    axis = middles[0] - middles[1]
    first, second = middles @ axis
    return np.asarray((2 * vectors @ axis - first - second) / max(first - second, 1e-9))


def distance(vectors: Floats, weights: Floats, labels: NDArray[np.generic]) -> float:
    """How far the voices lie apart (1 - cosine), against how widely their windows are strewn along the way."""
    middles = centres(vectors, weights, labels)
    if not middles.any(axis=1).all():
        return 0.0
    spread = float(np.sqrt(np.average((np.abs(between(vectors, middles)) - 1) ** 2, weights=weights)))
    return float(1 - middles[0] @ middles[1]) / max(spread, 0.05)


def _sharpened(vectors: Floats, weights: Floats, labels: Labels) -> Labels:
    """Labels anew, by the windows that lie most surely with their voice: others hold a bit of both, or of neither."""
    towards = between(vectors, centres(vectors, weights, labels))
    core = np.zeros(len(vectors), dtype=np.bool_)
    for voice, side in enumerate((towards, -towards)):
        own = labels == voice
        core |= own & (side >= np.quantile(side[own], CORE)) if own.any() else own
    nearer = (between(vectors, centres(vectors, weights * core, labels)) < 0).astype(np.int64)
    return nearer if 0 < nearer.sum() < len(nearer) else labels
