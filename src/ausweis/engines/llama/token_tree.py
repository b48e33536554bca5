"""What token sequences have in common, as a tree: each piece that several begin with stands in it once.

Sequences that begin alike share a run of tokens, then part; those that still agree share the next run, and so on.
Evaluated in the order of the tree, every run comes after all that stands before it in its sequences.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["Run", "runs_of", "tokens_in"]


class Run(NamedTuple):
    """Tokens that go on the sequences of its `owners`; `ends` are those of them that end with it."""

    tokens: Sequence[int]
    owners: tuple[int, ...]
    ends: tuple[int, ...]


def runs_of(sequences: Mapping[int, tuple[int, ...]]) -> list[Run]:
    """The runs of numbered sequences, each after the runs that it goes on from. A sequence without tokens has none."""
    runs: list[Run] = []
    waiting = [(0, [number for number, tokens in sequences.items() if tokens])]
    while waiting:
        depth, group = waiting.pop()
        reach = _shared_to([sequences[number] for number in group], depth)
        if reach > depth:
            ends = tuple(number for number in group if len(sequences[number]) == reach)
            runs.append(Run(sequences[group[0]][depth:reach], tuple(group), ends))
        parts: dict[int, list[int]] = {}
        for number in group:
            if len(sequences[number]) > reach:
                parts.setdefault(sequences[number][reach], []).append(number)
        waiting += [(reach, part) for part in reversed(parts.values())]
    return runs


def tokens_in(runs: Sequence[Run]) -> int:
    """How many tokens there are to evaluate."""
    return sum(len(run.tokens) for run in runs)


def _shared_to(sequences: Sequence[tuple[int, ...]], depth: int) -> int:
    """The length up to which all are the same, which they are to `depth`."""
    if not sequences:
        return depth
    # All agree as far as the two that are farthest apart do.
    first, last = min(sequences), max(sequences)
    while depth < min(len(first), len(last)) and first[depth] == last[depth]:
        depth += 1
    return depth
