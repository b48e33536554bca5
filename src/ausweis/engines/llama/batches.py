"""Questions as tokens, and which of them are evaluated together: batch by batch, so that memory stays bounded.

Questions that begin alike share a run of tokens, then part; those that still agree share the next run, and so on. So
what questions of a batch have in common stands in it once. In the order of the runs, each comes after all that stands
before it in its sequences.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ausweis.engines.protocol import Request

__all__ = ["Batch", "Question", "Run", "batches_of", "by_prefix", "runs_of"]


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
