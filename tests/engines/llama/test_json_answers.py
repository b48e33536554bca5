"""Writing JSON with a model of bytes: its numbers alone say what is written."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from llguidance import LLTokenizer

from ausweis.engines.llama.json_answers import JsonWriter
from ausweis.errors import EngineError

SCHEMA = {"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"], "additionalProperties": False}
BYTES = LLTokenizer("byte")


class Model:
    """Token n is the byte n."""

    size = BYTES.vocab_size

    def ends(self, token: int) -> bool:
        return token == BYTES.eos_token

    def text(self, tokens: Sequence[int]) -> bytes:
        return bytes(tokens)


def written(logits: Any) -> str:
    """The answer, where the numbers are the same at every step."""
    model: Any = Model()
    writer = JsonWriter(model)
    writer.__dict__["_tokenizer"] = BYTES
    steps = writer.write(SCHEMA, 50, logits)
    try:
        next(steps)
        while True:
            steps.send(logits)
    except StopIteration as done:
        return str(done.value.text)


def test_the_likeliest_that_fits_is_written() -> None:
    logits = np.zeros(Model.size, np.float32)
    logits[[ord("x"), ord("2")]] = 9, 1
    assert written(logits) == '{"n":2}'


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_writes_nothing(value: float) -> None:
    """A model whose weights are broken says so of every word."""
    with pytest.raises(EngineError, match="gave no numbers"):
        written(np.full(Model.size, value, np.float32))
