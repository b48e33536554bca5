"""What an adapter is learned from: the tokens of labelled calls, as the engine reads them, and the labels of each line.

Calls are learned together as far as so many tokens allow; a longer one is learned from its beginning. Calls of some
writing passes are left out, to see when to stop, and to calibrate.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama import LlamaEngine
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.prompts import Template
from ausweis.reading.asking import transcript_of
from ausweis.reading.chunks import Chunk, spoken_chunks
from ausweis.training.lines import Lines, Task
from ausweis.training.probe import truth_of

__all__ = ["AdapterCalls", "TokenCall", "adapter_calls", "rounds_of"]

Array = NDArray[np.float32]

LEFT_OUT = 8
"""Of so many writing passes one is left out."""


class TokenCall(NamedTuple):
    """One call. `rows`: the tokens of each line, behind those of the `prefix`; `labels`, `counts`: (lines, labels)."""

    labelled: LabelledCall
    chunks: list[Chunk]
    prefix: tuple[int, ...]
    rows: list[list[int]]
    labels: Array
    counts: Array

    @property
    def tokens(self) -> list[int]:
        """Of all lines."""
        return [token for row in self.rows for token in row]


@dataclass(frozen=True)
class AdapterCalls:
    """Calls to learn from, and those that are left out; what is told of them are these labels."""

    labels: tuple[str, ...]
    learned: list[TokenCall]
    left_out: list[TokenCall]

    def sha256(self) -> str:
        """Of all tokens and labels: another training begins anew."""
        digest = hashlib.sha256(repr(self.labels).encode())
        for call in (*self.learned, *self.left_out):
            digest.update(repr((call.prefix, call.rows)).encode())
            digest.update(call.labels.tobytes() + call.counts.tobytes())
        return digest.hexdigest()


def adapter_calls(
    engine: LlamaEngine, template: Template, task: Task, calls: Sequence[LabelledCall], most: int
) -> AdapterCalls:
    """The calls as the engine's model reads them, each as far as so many tokens go.

    Raises:
        InputError: they teach nothing, or there is none to leave out.
    """
    told = [(call, *cut) for call in calls if (cut := _cut(engine, template, call, most)) is not None]
    lines = [
        Lines(chunks, [], task.of_chunks(call, chunks), task.group(call), task.known(call)) for call, chunks, *_ in told
    ]
    held = _left_out([call.group for call in lines])
    if len(told) < 2 or all(held) or not any(held):
        raise InputError("an adapter is learned from two calls at least: one of them is left out to see when to stop")
    learned = [call for call, out in zip(lines, held, strict=True) if not out]
    known = [line for call in learned if call.known != frozenset() for line in call.labels]
    labels = task.labels(known, template)
    truths = [truth_of(call, labels, task) for call in lines]
    labels, truths = _with_both(labels, truths, held)
    rows = [TokenCall(*call, *truth) for call, truth in zip(told, truths, strict=True)]
    parts = [[call for call, out in zip(rows, held, strict=True) if out == wanted] for wanted in (False, True)]
    return AdapterCalls(labels, *parts)


def _cut(
    engine: LlamaEngine, template: Template, labelled: LabelledCall, most: int
) -> tuple[list[Chunk], tuple[int, ...], list[list[int]]] | None:
    chunks = spoken_chunks(labelled.call)
    if not chunks:
        return None
    prefix, rows = engine.tokens_of(transcript_of(template, labelled.call, chunks))
    fit = int(np.searchsorted(np.cumsum([len(row) for row in rows]), most, side="right"))
    return (chunks[:fit], prefix, rows[:fit]) if fit else None


def _left_out(groups: Sequence[str]) -> list[bool]:
    """Whole writing passes; calls of one single group are left out by themselves."""
    if len(set(groups)) == 1:
        groups = [str(place) for place in range(len(groups))]
    number = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    every = min(LEFT_OUT, max(2, len(number)))
    return [number[group] % every == every - 1 for group in groups]


def _with_both(
    labels: tuple[str, ...], truths: list[tuple[Array, Array]], held: Sequence[bool]
) -> tuple[tuple[str, ...], list[tuple[Array, Array]]]:
    """The labels that some lines have and others have not, among the calls that are learned.

    Raises:
        InputError: there is none.
    """
    inside = [truth for truth, out in zip(truths, held, strict=True) if not out]
    positive = sum((truth * counts).sum(axis=0) for truth, counts in inside)
    known = sum(counts.sum(axis=0) for _, counts in inside)
    kept = np.flatnonzero((positive > 0) & (known > positive)) if labels else np.array([], int)
    if not len(kept):
        raise InputError("the calls teach nothing: there is no label that some of their lines have and others have not")
    chosen = [(truth[:, kept], counts[:, kept]) for truth, counts in truths]
    return tuple(labels[place] for place in kept), chosen


def rounds_of(calls: Sequence[TokenCall], rounds: int, most: int) -> list[list[list[int]]]:
    """Which calls are learned together, step by step, in each round: each time in another order by chance."""
    return [
        list(_batches(calls, np.random.default_rng(number).permutation(len(calls)), most)) for number in range(rounds)
    ]


def _batches(calls: Sequence[TokenCall], order: Iterable[int], most: int) -> Iterator[list[int]]:
    """Calls with one prefix, so many tokens at most."""
    waiting: dict[tuple[int, ...], tuple[list[int], int]] = {}
    for place in map(int, order):
        size = len(calls[place].tokens)
        batch, tokens = waiting.get(calls[place].prefix, ([], 0))
        if batch and tokens + size > most:
            yield batch
            batch, tokens = [], 0
        waiting[calls[place].prefix] = ([*batch, place], tokens + size)
    yield from (batch for batch, _ in waiting.values())
