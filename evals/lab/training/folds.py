"""Which calls are left out together, so that what is learned is judged by calls that it has not seen.

Groups are whole writing passes where the calls tell them: calls by one author share a manner, so that folds by chance
flatter. Calls of one single group are left out by themselves.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["folds_of", "group_numbers", "splits_of"]

Places = NDArray[np.int64]

FOLDS = 5


def group_numbers(groups: Sequence[str]) -> list[int]:
    """The number of each call's group, from 0 on; each call's own where all are of one group."""
    if len(set(groups)) == 1:
        return list(range(len(groups)))
    number = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    return [number[group] for group in groups]


def folds_of(groups: Sequence[str]) -> Iterator[list[int]]:
    """The places of the calls that are left out together; no fold is empty."""
    numbers = group_numbers(groups)
    folds = ([place for place, number in enumerate(numbers) if number % FOLDS == fold] for fold in range(FOLDS))
    yield from filter(None, folds)


def splits_of(groups: Sequence[str]) -> Iterator[tuple[Places, Places]]:
    """Of each fold the places of the calls to learn from, then of those that are left out."""
    for outside in folds_of(groups):
        yield np.setdiff1d(np.arange(len(groups)), outside), np.array(outside)
