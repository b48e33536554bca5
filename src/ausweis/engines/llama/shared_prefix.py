"""What questions have in common, evaluated once, with branches for what each has of its own.

A trunk is a llama.cpp context. Sequence 0 holds the common beginning; a branch is a sequence that shares it and goes
on, together with the branches that agree with it, then alone. Tokens of many branches are evaluated in one go, which is
about twice as fast as one question after another; a token that several branches have is evaluated once, as one cell of
memory that belongs to all of them.

A wave of branches is forgotten before the next begins, so the same wave gives the same numbers, bit by bit, whatever
was asked before.
"""

from collections.abc import Sequence

import numpy as np

from ausweis.engines.llama.answering import Logits
from ausweis.engines.llama.context import Cell, LlamaContext, pieces
from ausweis.engines.llama.model import LlamaModel
from ausweis.engines.llama.prefix_cache import KeptPrefix
from ausweis.engines.llama.token_tree import Run

__all__ = ["BRANCHES", "Trunk"]

BRANCHES = 64
"""Questions answered together, at most."""


class Trunk(LlamaContext):
    """A context of `size` tokens for the common beginning and all branches together.

    Raises:
        ModelError: there is not enough memory for the context.
    """

    def __init__(self, model: LlamaModel, size: int, threads: int) -> None:
        super().__init__(model, size, threads, sequences=BRANCHES + 1)
        self._lengths: dict[int, int] = {}

    def plant(self, tokens: Sequence[int], prefix: KeptPrefix | None = None) -> int:
        """As of any context; branches are forgotten, too."""
        self._lengths.clear()
        return super().plant(tokens, prefix)

    def clear(self) -> None:
        """Forget all branches."""
        for branch in self._lengths:
            self._api.llama_memory_seq_rm(self._memory, branch, -1, -1)
        self._lengths.clear()

    def cut(self, branch: int, length: int) -> None:
        """Forget what a branch has beyond this length, which counts the common beginning."""
        self._api.llama_memory_seq_rm(self._memory, branch, length, -1)
        self._lengths[branch] = length

    def reach(self, branch: int) -> int:
        """How many tokens a branch has, the common beginning counted."""
        return self._lengths.get(branch, self.length)

    def grow(self, runs: Sequence[Run]) -> dict[int, Logits]:
        """Evaluate runs of tokens, whose owners are branches, each at the end of what its owners have.

        Branches count from 1 to `BRANCHES`. Returns, for each branch that ends with a run, the logits after its last
        token: float32, one a vocabulary token.

        Raises:
            EngineError: llama.cpp could not evaluate them.
        """
        return self._evaluate(self._cells(runs))

    def _cells(self, runs: Sequence[Run]) -> list[Cell]:
        cells = []
        for tokens, owners, ends in runs:
            for branch in owners:
                if branch not in self._lengths:
                    self._api.llama_memory_seq_cp(self._memory, 0, branch, 0, self.length)
                    self._lengths[branch] = self.length
            start, last = self._lengths[owners[0]], len(tokens) - 1
            cells += [
                Cell(token, start + place, owners, ends if place == last else ()) for place, token in enumerate(tokens)
            ]
            self._lengths.update(dict.fromkeys(owners, start + len(tokens)))
        return cells

    def _evaluate(self, cells: Sequence[Cell]) -> dict[int, Logits]:
        found: dict[int, Logits] = {}
        for piece in pieces(cells):
            self._decode(piece)
            for place, cell in enumerate(piece):
                if cell.wanted:
                    pointer = self._api.llama_get_logits_ith(self._context, place)
                    logits = np.ctypeslib.as_array(pointer, shape=(self._model.size,)).copy()
                    found.update(dict.fromkeys(cell.wanted, logits))
        return found
