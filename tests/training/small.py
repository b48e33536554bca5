"""A model of a few layers with weights by chance, and calls that are read letter by letter, for tests of adapters."""

from typing import Any, cast

import torch
from tests.evals.cases import labelled

from ausweis.engines.llama import LlamaEngine
from ausweis.engines.protocol import Transcript
from ausweis.evals.labelled import LabelledCall
from ausweis.prompts import default_library
from ausweis.training.adapted_model import AdaptedModel
from ausweis.training.adapter import AdapterPlan
from ausweis.training.adapter_calls import AdapterCalls, adapter_calls
from ausweis.training.network import Plan
from ausweis.training.tasks import FACT_TASK

__all__ = ["LAYERS", "PLAN", "TEMPLATE", "LetterEngine", "calls", "engine", "model", "told"]

LAYERS = (2, 3, 4)
NETWORK = Plan(token_dimensions=8, line_dimensions=12, queries=2, fetched=2, hidden=8, rate=1e-2)
PLAN = AdapterPlan(layers=3, rank=2, rounds=3, rate=5e-3, tokens=300, network=NETWORK)
TEMPLATE = default_library().get("transcript")


class LetterEngine:
    """Each letter is a token."""

    def tokens_of(self, transcript: Transcript) -> tuple[tuple[int, ...], list[list[int]]]:
        """As `LlamaEngine.tokens_of`."""
        return (1, 2, 3), [[ord(letter) % 128 for letter in row] for row in transcript.rows]


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


def told(count: int = 16, tokens: int = 300) -> AdapterCalls:
    """The same as tokens."""
    return adapter_calls(engine(), TEMPLATE, FACT_TASK, calls(count), tokens)


def model(**more: Any) -> AdaptedModel:
    """Of the kind `llama`, six layers; the last one is not read."""
    from transformers import LlamaConfig, LlamaModel

    about = {"hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 4, "num_key_value_heads": 2, **more}
    about |= {"vocab_size": 128, "num_hidden_layers": 6, "attn_implementation": "sdpa"}
    config = LlamaConfig(**about)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        decoder = LlamaModel(config)
    return AdaptedModel(decoder, LAYERS, PLAN.layers, PLAN.rank, torch.device("cpu"))
