"""JSON answers that fit a schema: each token is the likeliest of those that llguidance allows.

In-process schemas of the bindings are ignored or widened without a word (`response_format`), so the mask is ours, and a
schema that cannot be enforced is an error.
"""

import json
import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ausweis.engines.llama.answering import Answer, Answering, Logits, Step
from ausweis.engines.llama.model import LlamaModel
from ausweis.errors import EngineError

__all__ = ["JsonWriter"]


class JsonWriter:
    """Writes answers with one model."""

    def __init__(self, model: LlamaModel) -> None:
        self._model = model

    @cached_property
    def _tokenizer(self) -> Any:
        # About a second, so only where a schema is asked for.
        from llguidance.llamacpp import lltokenizer_from_vocab

        with warnings.catch_warnings():
            # llguidance still uses an older name of a function in the bindings.
            warnings.simplefilter("ignore", DeprecationWarning)
            return lltokenizer_from_vocab(self._model.vocabulary, slices=[])

    def write(self, schema: Mapping[str, Any], limit: int, logits: Logits) -> Answering:
        """Write the JSON text of an answer; `logits` are those at the place where it begins.

        Raises:
            EngineError: the schema cannot be enforced, the answer is longer than `limit` tokens, or the model gives
                something else than numbers, as broken weights do.
        """
        from llguidance import LLMatcher
        from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask

        grammar = LLMatcher.grammar_from_json_schema(json.dumps(schema), overrides={"whitespace_flexible": False})
        matcher = LLMatcher(self._tokenizer, grammar, log_level=0)
        mask = allocate_token_bitmask(1, self._model.size)
        answer: list[int] = []
        while not matcher.is_error() and not matcher.is_stopped():
            chosen = matcher.compute_ff_tokens()
            if not chosen:
                fill_next_token_bitmask(matcher, mask)
                allowed = np.unpackbits(mask.view(np.uint8), bitorder="little")[: self._model.size].astype(bool)
                told = np.where(allowed, logits, -np.inf)
                chosen = [int(told.argmax())]
                if not np.isfinite(told[chosen[0]]):
                    raise EngineError("the model gave no numbers for the answer: see that its file is whole")
                if self._model.ends(chosen[0]):
                    break
            if not matcher.consume_tokens(chosen):
                break
            answer += chosen
            if len(answer) > limit:
                raise EngineError(f"the answer is longer than {limit} tokens")
            logits = yield Step(chosen, keep=True)
        if matcher.is_error():
            raise EngineError(f"the schema of the answer cannot be enforced: {matcher.get_error().splitlines()[0]}")
        return Answer(self._model.text(answer).decode("utf-8", errors="replace"))
