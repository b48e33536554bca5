"""What questions have in common, evaluated once, with branches for what each has of its own.

A trunk is a llama.cpp context. Sequence 0 holds the common beginning; a branch is a sequence that shares it and goes
on, together with the branches that agree with it, then alone. Tokens of many branches are evaluated in one go, which is
about twice as fast as one question after another; a token that several branches have is evaluated once, as one cell of
memory that belongs to all of them.

A wave of branches is forgotten before the next begins, so the same wave gives the same numbers, bit by bit, whatever
was asked before.
"""

import ctypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ausweis.engines.answering import Logits
from ausweis.engines.kept_prefixes import KeptPrefix
from ausweis.engines.llama_model import LlamaModel
from ausweis.engines.llama_states import States, StateTap
from ausweis.engines.token_tree import Run
from ausweis.errors import EngineError, ModelError

__all__ = ["BRANCHES", "PIECE", "Trunk"]

PIECE = 512
"""Tokens evaluated at once; more gains nothing on a CPU."""
BRANCHES = 64
"""Questions answered together, at most."""


class _Cell(NamedTuple):
    """One token, with the branches that have it, and those that want to know the logits after it."""

    token: int
    position: int
    owners: tuple[int, ...]
    wanted: tuple[int, ...]


class Trunk:
    """A context of `size` tokens for the common beginning and all branches together.

    With `layers`, it can tell the states of these layers, and no logits.

    Raises:
        ModelError: there is not enough memory for the context, or there are no such layers.
    """

    def __init__(self, model: LlamaModel, size: int, threads: int, layers: Sequence[int] = ()) -> None:
        self._model = model
        if layers and max(layers) >= model.layers - 1:
            raise ModelError(f"the model has {model.layers} layers; states are told of those before its last one")
        self._tap = StateTap(model.api, layers, model.width) if layers else None
        self._api: Any = model.api
        parameters = self._api.llama_context_default_params()
        parameters.n_ctx = size
        parameters.n_batch = parameters.n_ubatch = PIECE
        parameters.n_seq_max = BRANCHES + 1
        parameters.kv_unified = True
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.flash_attn_type = self._api.LLAMA_FLASH_ATTN_TYPE_ENABLED
        if self._tap is not None:
            parameters.cb_eval = self._tap.callback
        self._context = self._api.llama_init_from_model(model.pointer, parameters)
        if not self._context:
            raise ModelError(f"there is not enough memory for a context of {size} tokens; give a smaller one")
        self._memory = self._api.llama_get_memory(self._context)
        self._batch = self._api.llama_batch_init(PIECE, 0, BRANCHES)
        self._lengths: dict[int, int] = {}
        self.length = 0

    @property
    def tells_states(self) -> bool:
        """Whether it was made to tell states, and no logits."""
        return self._tap is not None

    def plant(self, tokens: Sequence[int], prefix: KeptPrefix | None = None) -> int:
        """Forget everything, and begin with these tokens; returns how many had to be evaluated.

        With a `prefix`, what was kept there is used, or what is computed is kept there.
        """
        self._api.llama_memory_clear(self._memory, True)
        self._lengths.clear()
        self.length = len(tokens)
        if not tokens or (prefix is not None and self._load(tokens, prefix.find())):
            return 0
        self._evaluate([_Cell(token, place, (0,), ()) for place, token in enumerate(tokens)])
        if prefix is not None:
            prefix.keep(lambda name: self._save(tokens, name))
        return len(tokens)

    def _save(self, tokens: Sequence[int], name: str) -> bool:
        array = (self._api.llama_token * len(tokens))(*tokens)
        return bool(self._api.llama_state_seq_save_file(self._context, name.encode(), 0, array, len(tokens)))

    def _load(self, tokens: Sequence[int], file: Path | None) -> bool:
        if file is None:
            return False
        found = (self._api.llama_token * len(tokens))()
        count = ctypes.c_size_t()
        name = str(file).encode()
        read = self._api.llama_state_seq_load_file(self._context, name, 0, found, len(tokens), ctypes.byref(count))
        if read and count.value == len(tokens) and list(found) == list(tokens):
            return True
        self._api.llama_memory_clear(self._memory, True)
        return False

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

    def states(self, runs: Sequence[Run], lines: Mapping[int, int]) -> dict[int, States]:
        """Evaluate runs as `grow` does. `lines`: for each branch, how many of its last tokens are asked about.

        Returns, for each branch, float32 of shape (tokens, layers, width): the states of those tokens.

        Raises:
            EngineError: llama.cpp could not evaluate them.
        """
        tap = self._tap
        if tap is None:
            raise EngineError("this context was made to tell no states")
        cells = self._cells(runs)
        first = {branch: self._lengths[branch] - count for branch, count in lines.items()}
        found: dict[int, list[States]] = {}
        tap.open = True
        try:
            for start in range(0, len(cells), PIECE):
                piece = cells[start : start + PIECE]
                self._decode(piece)
                taken = tap.states()
                for place, cell in enumerate(piece):
                    for branch in cell.owners:
                        if cell.position >= first[branch]:
                            found.setdefault(branch, []).append(taken[:, place])
        finally:
            tap.open = False
        return {branch: np.stack(states) for branch, states in found.items()}

    def _cells(self, runs: Sequence[Run]) -> list[_Cell]:
        cells = []
        for tokens, owners, ends in runs:
            for branch in owners:
                if branch not in self._lengths:
                    self._api.llama_memory_seq_cp(self._memory, 0, branch, 0, self.length)
                    self._lengths[branch] = self.length
            start, last = self._lengths[owners[0]], len(tokens) - 1
            cells += [
                _Cell(token, start + place, owners, ends if place == last else ()) for place, token in enumerate(tokens)
            ]
            self._lengths.update(dict.fromkeys(owners, start + len(tokens)))
        return cells

    def _evaluate(self, cells: Sequence[_Cell]) -> dict[int, Logits]:
        found: dict[int, Logits] = {}
        for start in range(0, len(cells), PIECE):
            piece = cells[start : start + PIECE]
            self._decode(piece)
            for place, cell in enumerate(piece):
                if cell.wanted:
                    pointer = self._api.llama_get_logits_ith(self._context, place)
                    logits = np.ctypeslib.as_array(pointer, shape=(self._model.size,)).copy()
                    found.update(dict.fromkeys(cell.wanted, logits))
        return found

    def _decode(self, piece: Sequence[_Cell]) -> None:
        batch = self._batch
        telling = self._tap is None
        batch.n_tokens = len(piece)
        for place, cell in enumerate(piece):
            batch.token[place] = cell.token
            batch.pos[place] = cell.position
            batch.n_seq_id[place] = len(cell.owners)
            owners = batch.seq_id[place]
            for number, branch in enumerate(cell.owners):
                owners[number] = branch
            batch.logits[place] = telling and bool(cell.wanted)
        status = self._api.llama_decode(self._context, batch)
        if status != 0:
            raise EngineError(f"llama.cpp could not evaluate the prompt (status {status})")

    def close(self) -> None:
        """Give the memory back."""
        if self._context:
            self._api.llama_batch_free(self._batch)
            self._api.llama_free(self._context)
            self._context = None
