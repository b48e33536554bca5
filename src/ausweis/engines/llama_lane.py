"""One sequence in a llama.cpp context: evaluates tokens, remembers them, and goes back to an earlier place.

A lane evaluates a token list in the same pieces whatever it evaluated before it was rewound: the pieces begin at the
place where the last rewind ended. So the same questions in the same order give the same numbers, bit by bit.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama_model import LlamaModel
from ausweis.errors import EngineError, ModelError

__all__ = ["Lane"]

PIECE = 512
"""Tokens evaluated at once; more gains nothing on a CPU."""


class Lane:
    """A context of `size` tokens with one sequence. `tokens` are those evaluated so far.

    Raises:
        ModelError: there is not enough memory for the context.
    """

    def __init__(self, model: LlamaModel, size: int, threads: int) -> None:
        self._model = model
        self._api: Any = model.api
        parameters = self._api.llama_context_default_params()
        parameters.n_ctx = size
        parameters.n_batch = parameters.n_ubatch = PIECE
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.flash_attn_type = self._api.LLAMA_FLASH_ATTN_TYPE_ENABLED
        self._context = self._api.llama_init_from_model(model.pointer, parameters)
        if not self._context:
            raise ModelError(f"there is not enough memory for a context of {size} tokens; give a smaller one")
        self._memory = self._api.llama_get_memory(self._context)
        self._batch = self._api.llama_batch_init(PIECE, 0, 1)
        self.size = size
        self.tokens: list[int] = []

    def rewind(self, length: int) -> None:
        """Forget all tokens from this place on."""
        if length < len(self.tokens):
            self._api.llama_memory_seq_rm(self._memory, 0, length, -1)
            del self.tokens[length:]

    def extend(self, tokens: list[int]) -> None:
        """Evaluate these tokens after those that are there. `logits` then holds those of the last one.

        Raises:
            EngineError: llama.cpp could not evaluate them.
        """
        for start in range(0, len(tokens), PIECE):
            piece = tokens[start : start + PIECE]
            last = start + len(piece) == len(tokens)
            batch = self._batch
            batch.n_tokens = len(piece)
            for place, token in enumerate(piece):
                batch.token[place] = token
                batch.pos[place] = len(self.tokens) + place
                batch.n_seq_id[place] = 1
                batch.seq_id[place][0] = 0
                batch.logits[place] = last and place == len(piece) - 1
            status = self._api.llama_decode(self._context, batch)
            if status != 0:
                raise EngineError(f"llama.cpp could not evaluate the prompt (status {status})")
            self.tokens += piece

    def logits(self) -> NDArray[np.float32]:
        """The logits after the last token, one for each token of the vocabulary; valid until the next `extend`."""
        pointer = self._api.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(pointer, shape=(self._model.size,))

    def close(self) -> None:
        """Give the memory back."""
        if self._context:
            self._api.llama_batch_free(self._batch)
            self._api.llama_free(self._context)
            self._context = None
