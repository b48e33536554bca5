"""A model of a few layers with weights by chance, and calls that are read letter by letter, for tests of adapters."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from tests.evals.cases import labelled

from ausweis.engines.llama import LlamaEngine
from ausweis.engines.protocol import Transcript
from ausweis.evals.labelled import LabelledCall
from ausweis.prompts import default_library
from ausweis.training.adapted_model import AdaptedModel
from ausweis.training.adapter import AdapterPlan
from ausweis.training.adapter_calls import AdapterCalls, adapter_calls
from ausweis.training.lines import collect
from ausweis.training.network import Plan
from ausweis.training.tasks import FACT_TASK

__all__ = ["LAYERS", "PLAN", "TEMPLATE", "LetterEngine", "calls", "computed", "engine", "model", "told"]

LAYERS = (2, 3, 4)
NETWORK = Plan(token_dimensions=8, line_dimensions=12, queries=2, fetched=2, hidden=8, rate=1e-2)
PLAN = AdapterPlan(layers=3, rank=2, rounds=3, rate=5e-3, tokens=300, network=NETWORK)
TEMPLATE = default_library().get("transcript")


class LetterEngine:
    """Each letter is a token; the model is that of `model`, as it is."""

    info = SimpleNamespace(id="small", sha256="1" * 64, parameters={})
    layers = 6

    def tokens_of(self, transcript: Transcript) -> tuple[tuple[int, ...], list[list[int]]]:
        """As `LlamaEngine.tokens_of`."""
        return (1, 2, 3), [[ord(letter) % 128 for letter in row] for row in transcript.rows]

    def states(self, transcript: Transcript, layers: tuple[int, ...]) -> Iterator[NDArray[np.float32]]:
        """As `LlamaEngine.states`."""
        prefix, rows = self.tokens_of(transcript)
        lengths = [len(row) for row in rows]
        yield from np.split(
            computed([*prefix, *(token for row in rows for token in row)], layers)[3:], np.cumsum(lengths)[:-1]
        )


def engine() -> LlamaEngine:
    """The same, as the engine whose place it takes."""
    return cast("LlamaEngine", LetterEngine())


def calls(count: int) -> list[LabelledCall]:
    """Calls by four authors, in which the agent asks for a PIN and the caller gives it, or not."""
    return [
        labelled(
            str(number),
            "A: Ihre PIN? << asks pin" if number % 2 else "A: Guten Tag.",
            "C: 12. << gives pin" if number % 2 else "C: Ja.",
            "A: Ihr Vertrag läuft. << discloses contract_data",
            writing_pass=str(number % 4),
        )
        for number in range(count)
    ]


def told(folder: Path, given: Sequence[LabelledCall] | None = None, tokens: int = 300) -> AdapterCalls:
    """What is learned from them; their states are kept in the folder."""
    kept = list(collect(engine(), TEMPLATE, given or calls(16), (1, *LAYERS), folder))
    return adapter_calls(engine(), TEMPLATE, FACT_TASK, kept, tokens)


def computed(tokens: Sequence[int], layers: Sequence[int]) -> NDArray[np.float32]:
    """What layers of the model as it is compute of tokens: shape (tokens, layers, width)."""
    with torch.no_grad():
        told = _decoder()(torch.tensor([list(tokens)]), output_hidden_states=True).hidden_states
    # The first one is what goes in.
    return torch.stack([told[layer + 1][0] for layer in layers], dim=1).numpy()


def model(**more: Any) -> AdaptedModel:
    """Of the kind `llama`, six layers; the last one is not read."""
    return AdaptedModel(_decoder(**more), LAYERS, PLAN.layers, PLAN.rank, torch.device("cpu"))


def _decoder(**more: Any) -> Any:
    from transformers import LlamaConfig, LlamaModel

    about = {"hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 4, "num_key_value_heads": 2, **more}
    about |= {"vocab_size": 128, "num_hidden_layers": 6, "attn_implementation": "sdpa"}
    with torch.random.fork_rng():
        torch.manual_seed(1)
        decoder: Any = LlamaModel(LlamaConfig(**about))
    return decoder.eval()
