"""Questions that begin alike, answered together: what they have in common is evaluated once.

Sequence 0 of the context holds the prefix that all share. The sequence of a question goes on from there, together with
those that agree with it, then alone: questions that begin alike share a run of tokens, then part; those that still
agree share the next run, and so on. Tokens of many sequences are evaluated in one go, which is about twice as fast as
one question after another; a token that several sequences have is evaluated once, as one cell of memory that belongs
to all of them.

A batch is forgotten before the next begins, so the same batch gives the same numbers, bit by bit, whatever was asked
before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ausweis.engines.llama.answers import Answer, Answering, Logits, Step
from ausweis.engines.llama.context import CachedPrefix, Cell, LlamaContext, chunks
from ausweis.engines.llama.model import LlamaModel
from ausweis.engines.protocol import Request
from ausweis.errors import EngineError

__all__ = ["SEQUENCES", "Batch", "Question", "SharedPrefixContext", "batches_of", "by_prefix", "runs_of"]

SEQUENCES = 64
"""Questions answered together, at most."""


class Run(NamedTuple):
    """Tokens that go on the sequences of its `owners`; `ends` are those of them that end with it."""

    tokens: Sequence[int]
    owners: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A request as tokens: the prefix that it shares with others of its template, and what is its own.

    `place` is its number among the requests; `room` how many tokens its answer may need.
    """

    place: int
    request: Request
    prefix: tuple[int, ...]
    own: tuple[int, ...]
    room: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions with one prefix. The sequence of each is its number here, from 1; `runs` are what is their own."""

    questions: tuple[Question, ...]
    runs: tuple[Run, ...]

    @classmethod
    def of(cls, questions: Sequence[Question]) -> "Batch":
        """Find what the questions share."""
        runs = runs_of({sequence: question.own for sequence, question in enumerate(questions, start=1)})
        return cls(tuple(questions), tuple(runs))

    @property
    def tokens(self) -> int:
        """How many tokens the batch takes at most, its prefix left out."""
        return sum(len(run.tokens) for run in self.runs) + sum(question.room for question in self.questions)


def by_prefix(questions: Sequence[Question]) -> dict[tuple[int, ...], list[Question]]:
    """The questions of each prefix, in their order."""
    groups: dict[tuple[int, ...], list[Question]] = {}
    for question in questions:
        groups.setdefault(question.prefix, []).append(question)
    return groups


def batches_of(questions: Sequence[Question], *, sequences: int, free: int) -> Iterator[Batch]:
    """As few batches as hold all questions: at most so many sequences in each, and so many tokens.

    A question that is alone makes a batch whatever it takes.
    """
    waiting = list(questions)
    while waiting:
        batch = Batch.of(waiting[:sequences])
        while batch.tokens > free and len(batch.questions) > 1:
            # Nearly all tokens may be shared, so what a smaller batch takes is known only by its tree.
            batch = Batch.of(batch.questions[: max(1, len(batch.questions) * free // batch.tokens)])
        yield batch
        del waiting[: len(batch.questions)]


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


def _shared_to(sequences: Sequence[tuple[int, ...]], depth: int) -> int:
    """The length up to which all are the same, which they are to `depth`."""
    if not sequences:
        return depth
    # All agree as far as the two that are farthest apart do.
    first, last = min(sequences), max(sequences)
    while depth < min(len(first), len(last)) and first[depth] == last[depth]:
        depth += 1
    return depth


class SharedPrefixContext(LlamaContext):
    """A context of `size` tokens for the shared prefix and all sequences together.

    Raises:
        ModelError: there is not enough memory for the context.
    """

    def __init__(self, model: LlamaModel, size: int, threads: int) -> None:
        super().__init__(model, size, threads, sequences=SEQUENCES + 1)
        self._lengths: dict[int, int] = {}

    def set_prefix(self, tokens: Sequence[int], cached: CachedPrefix | None = None) -> int:
        """As of any context; all sequences are forgotten, too."""
        self._lengths.clear()
        return super().set_prefix(tokens, cached)

    def clear(self) -> None:
        """Forget all sequences but the shared prefix."""
        for sequence in self._lengths:
            self._api.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        self._lengths.clear()

    def evaluate(self, runs: Sequence[Run]) -> dict[int, Logits]:
        """Evaluate runs of tokens, whose owners are sequences, each at the end of what its owners have.

        Sequences count from 1 to `SEQUENCES`. Returns, for each one that ends with a run, the logits after its last
        token: float32, one a vocabulary token.

        Raises:
            EngineError: llama.cpp could not evaluate them.
        """
        logits_after: dict[int, Logits] = {}
        for chunk in chunks(self._cells(runs)):
            self._decode(chunk)
            for place, cell in enumerate(chunk):
                if cell.wanted:
                    pointer = self._api.llama_get_logits_ith(self._context, place)
                    logits = np.ctypeslib.as_array(pointer, shape=(self._model.size,)).copy()
                    logits_after.update(dict.fromkeys(cell.wanted, logits))
        return logits_after

    def answer(self, answering: Mapping[int, Answering]) -> dict[int, tuple[Answer | EngineError, int]]:
        """For each sequence its answer, or why it has none, and how many tokens were evaluated for it.

        All answers that are open go on together, one evaluation a step.
        """
        answers: dict[int, tuple[Answer | EngineError, int]] = {}
        counts = dict.fromkeys(answering, 0)
        known: dict[int, Logits | None] = dict.fromkeys(answering, None)
        while known:
            steps: dict[int, Step] = {}
            for sequence, logits in known.items():
                try:
                    # A generator that has not begun takes nothing but None.
                    steps[sequence] = next(answering[sequence]) if logits is None else answering[sequence].send(logits)
                except StopIteration as done:
                    answers[sequence] = (done.value, counts[sequence])
                except EngineError as error:
                    answers[sequence] = (error, counts[sequence])
            ends = {sequence: self._length(sequence) for sequence, step in steps.items() if not step.keep}
            known = dict(
                self.evaluate([Run(step.tokens, (sequence,), (sequence,)) for sequence, step in steps.items()])
            )
            for sequence, step in steps.items():
                counts[sequence] += len(step.tokens)
            for sequence, end in ends.items():
                self._api.llama_memory_seq_rm(self._memory, sequence, end, -1)
                self._lengths[sequence] = end
        return answers

    def _length(self, sequence: int) -> int:
        """How many tokens a sequence has, the shared prefix counted."""
        return self._lengths.get(sequence, self.length)

    def _cells(self, runs: Sequence[Run]) -> list[Cell]:
        cells = []
        for tokens, owners, ends in runs:
            for sequence in owners:
                if sequence not in self._lengths:
                    self._api.llama_memory_seq_cp(self._memory, 0, sequence, 0, self.length)
                    self._lengths[sequence] = self.length
            start, last = self._lengths[owners[0]], len(tokens) - 1
            cells += [
                Cell(token, start + place, owners, ends if place == last else ()) for place, token in enumerate(tokens)
            ]
            self._lengths.update(dict.fromkeys(owners, start + len(tokens)))
        return cells
