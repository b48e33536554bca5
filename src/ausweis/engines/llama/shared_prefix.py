"""What questions have in common, evaluated once; a sequence for what each has of its own.

Sequence 0 of the context holds the shared prefix. The sequence of a question goes on from there, together with those
that agree with it, then alone. Tokens of many sequences are evaluated in one go, which is about twice as fast as one
question after another; a token that several sequences have is evaluated once, as one cell of memory that belongs to
all of them.

A batch is forgotten before the next begins, so the same batch gives the same numbers, bit by bit, whatever was asked
before.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ausweis.engines.llama.answers import Answer, Answering, Logits, Step
from ausweis.engines.llama.batches import Run
from ausweis.engines.llama.context import CachedPrefix, Cell, LlamaContext, chunks
from ausweis.engines.llama.model import LlamaModel
from ausweis.errors import EngineError

__all__ = ["SEQUENCES", "SharedPrefixContext"]

SEQUENCES = 64
"""Questions answered together, at most."""


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

        Raises:
            EngineError: as `evaluate`.
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
