"""So many at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

__all__ = ["BATCH", "batches"]

BATCH = 1000
"""Calls of one transaction."""
_T = TypeVar("_T")


def batches(found: Iterable[_T], size: int = BATCH) -> Iterator[list[_T]]:
    """So many at a time."""
    iterator = iter(found)
    while batch := list(islice(iterator, size)):
        yield batch
