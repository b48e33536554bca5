"""A llama.cpp context with a prefix that prompts share, evaluated once and kept on the disk for later processes."""

import ctypes
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ausweis.engines.llama.model import LlamaModel
from ausweis.engines.llama.prefix_cache import CachedPrefix
from ausweis.engines.llama.states import StateTap
from ausweis.errors import EngineError, ModelError

__all__ = ["CHUNK", "Cell", "LlamaContext", "chunks"]

CHUNK = 512
"""Tokens evaluated at once; more gains nothing on a CPU."""


class Cell(NamedTuple):
    """One token, with the sequences that have it, and those that want to know the logits after it."""

    token: int
    position: int
    owners: tuple[int, ...] = (0,)
    wanted: tuple[int, ...] = ()


class LlamaContext:
    """A context of `size` tokens for `sequences` of them; sequence 0 holds the prefix.

    With a `tap`, states of layers can be taken while it evaluates.

    Raises:
        ModelError: there is not enough memory.
    """

    def __init__(
        self, model: LlamaModel, size: int, threads: int, *, sequences: int = 1, tap: StateTap | None = None
    ) -> None:
        self._model = model
        self._tap = tap
        self._api: Any = model.api
        parameters = self._api.llama_context_default_params()
        parameters.n_ctx = size
        parameters.n_batch = parameters.n_ubatch = CHUNK
        parameters.n_seq_max = sequences
        parameters.kv_unified = True
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.flash_attn_type = self._api.LLAMA_FLASH_ATTN_TYPE_ENABLED
        if tap is not None:
            parameters.cb_eval = tap.callback
        self._context = self._api.llama_init_from_model(model.pointer, parameters)
        if not self._context:
            raise ModelError(f"there is not enough memory for a context of {size} tokens; give a smaller one")
        self._memory = self._api.llama_get_memory(self._context)
        self._batch = self._api.llama_batch_init(CHUNK, 0, sequences)
        self.size = size
        self.length = 0
        """Tokens of the prefix."""

    def set_prefix(self, tokens: Sequence[int], cached: CachedPrefix | None = None) -> int:
        """Forget everything, and begin with these tokens; returns how many had to be evaluated.

        With `cached`, what was kept there is used, or what is computed is kept there.
        """
        self._api.llama_memory_clear(self._memory, True)
        self.length = len(tokens)
        if not tokens or (cached is not None and self._load(tokens, cached.find())):
            return 0
        for chunk in chunks([Cell(token, place) for place, token in enumerate(tokens)]):
            self._decode(chunk)
        if cached is not None:
            cached.keep(lambda name: self._save(tokens, name))
        return len(tokens)

    def _save(self, tokens: Sequence[int], name: str) -> bool:
        array = (self._api.llama_token * len(tokens))(*tokens)
        return bool(self._api.llama_state_seq_save_file(self._context, name.encode(), 0, array, len(tokens)))

    def _load(self, tokens: Sequence[int], file: Path | None) -> bool:
        if file is None:
            return False
        loaded = (self._api.llama_token * len(tokens))()
        count = ctypes.c_size_t()
        name = str(file).encode()
        read = self._api.llama_state_seq_load_file(self._context, name, 0, loaded, len(tokens), ctypes.byref(count))
        if read and count.value == len(tokens) and list(loaded) == list(tokens):
            return True
        self._api.llama_memory_clear(self._memory, True)
        return False

    def _decode(self, chunk: Sequence[Cell]) -> None:
        """Evaluate up to `CHUNK` tokens.

        Raises:
            EngineError: llama.cpp could not. What is raised while it asks the tap is raised here.
        """
        batch = self._batch
        batch.n_tokens = len(chunk)
        for place, cell in enumerate(chunk):
            batch.token[place] = cell.token
            batch.pos[place] = cell.position
            batch.n_seq_id[place] = len(cell.owners)
            owners = batch.seq_id[place]
            for number, sequence in enumerate(cell.owners):
                owners[number] = sequence
            batch.logits[place] = bool(cell.wanted)
        status = self._api.llama_decode(self._context, batch)
        if self._tap is not None:
            self._tap.raise_fault()
        if status != 0:
            raise EngineError(f"llama.cpp could not evaluate the prompt (status {status})")

    def close(self) -> None:
        """Give the memory back."""
        if self._context:
            self._api.llama_batch_free(self._batch)
            self._api.llama_free(self._context)
            self._context = None


def chunks(cells: Sequence[Cell], size: int = CHUNK) -> Iterable[Sequence[Cell]]:
    """The cells in chunks that are evaluated at once."""
    return (cells[start : start + size] for start in range(0, len(cells), size))
