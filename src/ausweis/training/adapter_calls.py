"""What an adapter is learned from: states of labelled calls below it, as they were kept, and the labels of each line.

Calls are learned together as far as so many tokens allow; a longer one is learned from its beginning. Calls of some
writing passes are left out, to see when to stop, and to calibrate.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama import LlamaEngine
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.prompts import Template
from ausweis.reading.asking import transcript_of
from ausweis.reading.chunks import Chunk
from ausweis.training.folds import group_numbers
from ausweis.training.lines import Lines, Task
from ausweis.training.probe import truth_of

__all__ = ["AdapterCalls", "KeptCall", "adapter_calls", "rounds_of"]

Array = NDArray[np.float32]

LEFT_OUT = 8
"""Of so many writing passes one is left out."""


class KeptCall(NamedTuple):
    """One call. `prefix`: the tokens before it; `lengths`: how many each line has; `path`: where its states are kept.

    `labels`, `counts`: (lines, labels).
    """

    labelled: LabelledCall
    chunks: list[Chunk]
    prefix: tuple[int, ...]
    lengths: list[int]
    path: Path
    labels: Array
    counts: Array

    @property
    def tokens(self) -> int:
        """Of all lines."""
        return sum(self.lengths)

    def states(self) -> NDArray[np.float16]:
        """Of all tokens, (tokens, layers, width): those of the layers that were kept."""
        with np.load(self.path) as kept:
            states: NDArray[np.float16] = kept["states"][: self.tokens]
        return states


@dataclass(frozen=True)
class AdapterCalls:
    """Calls to learn from, and those that are left out; what is told of them are these labels."""

    labels: tuple[str, ...]
    learned: list[KeptCall]
    left_out: list[KeptCall]

    def sha256(self) -> str:
        """Of all that is learned from: another training begins anew."""
        digest = hashlib.sha256(repr(self.labels).encode())
        for call in (*self.learned, *self.left_out):
            digest.update(repr((call.prefix, call.lengths, call.path.name)).encode())
            digest.update(call.labels.tobytes() + call.counts.tobytes())
        return digest.hexdigest()


def adapter_calls(
    engine: LlamaEngine,
    template: Template,
    task: Task,
    new: Sequence[tuple[LabelledCall, Path]],
    most: int,
    rehearsed: Sequence[tuple[LabelledCall, Path]] = (),
    known: Sequence[str] = (),
) -> AdapterCalls:
    """The calls whose states were kept (`collect`), each as far as so many tokens go.

    `rehearsed`: are learned, and never left out; none of a writing pass that is. `known`: labels that are told in any
    case.

    Raises:
        InputError: the new ones teach nothing, or there is none to leave out.
    """
    fresh, again = (list(_cut(engine, template, task, pairs, most)) for pairs in (new, rehearsed))
    held = _left_out([call.lines.group for call in fresh])
    if len(fresh) < 2 or all(held) or not any(held):
        raise InputError("an adapter is learned from two calls at least: one of them is left out to see when to stop")
    out = {call.lines.group for call, one in zip(fresh, held, strict=True) if one}
    outside = [call for call, one in zip(fresh, held, strict=True) if one]
    inside = [call for call, one in zip(fresh, held, strict=True) if not one]
    inside += [call for call in again if call.lines.group not in out]
    labels = _told(inside, template, task, known)
    return AdapterCalls(labels, *([_kept(call, labels, task) for call in calls] for calls in (inside, outside)))


class _Cut(NamedTuple):
    """A call as far as its tokens go; its `lines` have no states."""

    labelled: LabelledCall
    path: Path
    prefix: tuple[int, ...]
    lengths: list[int]
    lines: Lines


def _cut(
    engine: LlamaEngine, template: Template, task: Task, calls: Iterable[tuple[LabelledCall, Path]], most: int
) -> Iterator[_Cut]:
    """Those of which one line fits at least."""
    for labelled, path in calls:
        lines = task.lines(labelled)
        prefix, rows = engine.tokens_of(transcript_of(template, labelled.call, lines.chunks))
        lengths = [len(row) for row in rows]
        if fit := int(np.searchsorted(np.cumsum(lengths), most, side="right")):
            cut = lines._replace(chunks=lines.chunks[:fit], labels=lines.labels[:fit])
            yield _Cut(labelled, path, prefix, lengths[:fit], cut)


def _kept(call: _Cut, labels: Sequence[str], task: Task) -> KeptCall:
    truth = truth_of(call.lines, labels, task)
    return KeptCall(call.labelled, call.lines.chunks, call.prefix, call.lengths, call.path, *truth)


def _left_out(groups: Sequence[str]) -> list[bool]:
    """Whole writing passes; calls of one single group are left out by themselves."""
    numbers = group_numbers(groups)
    every = min(LEFT_OUT, max(2, len(set(numbers))))
    return [number % every == every - 1 for number in numbers]


def _told(calls: Sequence[_Cut], template: Template, task: Task, known: Sequence[str]) -> tuple[str, ...]:
    """The labels that are `known`, then those that some lines have and others have not.

    Raises:
        InputError: there is none of the second sort.
    """
    labels = task.labels(
        [line for call in calls if call.lines.known != frozenset() for line in call.lines.labels], template
    )
    truths = [truth_of(call.lines, labels, task) for call in calls]
    positive = sum((truth * counts).sum(axis=0) for truth, counts in truths)
    asked = sum(counts.sum(axis=0) for _, counts in truths)
    both = np.flatnonzero((positive > 0) & (asked > positive)) if labels else ()
    if not len(both):
        raise InputError("the calls teach nothing: there is no label that some of their lines have and others have not")
    return tuple(dict.fromkeys([*known, *(labels[place] for place in both)]))


def rounds_of(calls: Sequence[KeptCall], rounds: int, most: int) -> list[list[list[int]]]:
    """Which calls are learned together, step by step, in each round: each time in another order by chance."""
    return [
        list(_batches(calls, np.random.default_rng(number).permutation(len(calls)), most)) for number in range(rounds)
    ]


def _batches(calls: Sequence[KeptCall], order: Iterable[int], most: int) -> Iterator[list[int]]:
    """Calls with one prefix, so many tokens at most."""
    waiting: dict[tuple[int, ...], tuple[list[int], int]] = {}
    for place in map(int, order):
        size = calls[place].tokens
        batch, tokens = waiting.get(calls[place].prefix, ([], 0))
        if batch and tokens + size > most:
            yield batch
            batch, tokens = [], 0
        waiting[calls[place].prefix] = ([*batch, place], tokens + size)
    yield from (batch for batch, _ in waiting.values())
