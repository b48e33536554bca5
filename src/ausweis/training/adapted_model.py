"""The model that an adapter is learned for, in PyTorch: out of its GGUF file, as far as its layers are read.

The weights are those that llama.cpp computes with, brought from few bits to floating point; transformers reads them.
An adapter (LoRA, Hu et al. 2021, arXiv 2106.09685) stands on the upper layers; those below are run without slopes.
"""

from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ausweis.engines.weights import LocalModel
from ausweis.errors import ModelError

__all__ = ["LINEAR", "AdaptedModel", "Packed", "load_adapted", "packed", "precision_on"]

LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""All linear parts of a layer."""
KINDS = ("llama", "qwen2")
"""Kinds of models whose weights llama.cpp and transformers name in known ways."""


@dataclass(frozen=True)
class Packed:
    """Calls behind one prefix, each of which sees the prefix and itself. Shapes (1, t), (1, t), (1, 1, t, t).

    `begins`: how many tokens the prefix has.
    """

    tokens: Tensor
    positions: Tensor
    seen: Tensor
    begins: int


def packed(prefix: Sequence[int], calls: Sequence[Sequence[int]], device: torch.device) -> Packed:
    """Put calls behind a prefix, which is computed once for all of them."""
    begins, sizes = len(prefix), [len(call) for call in calls]
    owner = np.repeat(np.arange(-1, len(calls)), [begins, *sizes])
    positions = np.concatenate([np.arange(begins), *(np.arange(begins, begins + size) for size in sizes)])
    seen = (owner[:, None] == owner[None]) | (owner[None] == -1)
    seen &= np.tri(len(owner), dtype=np.bool_)
    tokens = np.concatenate([np.asarray(part, np.int64) for part in (prefix, *calls)])
    return Packed(
        torch.from_numpy(tokens[None]).to(device),
        torch.from_numpy(positions.astype(np.int64)[None]).to(device),
        torch.from_numpy(seen[None, None]).to(device),
        begins,
    )


def precision_on(device: torch.device) -> torch.dtype:
    """Half the bits where the device computes with them as fast as it can."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    can = torch.cpu.get_capabilities()
    return torch.bfloat16 if can.get("amx_bf16") or can.get("avx512_bf16") else torch.float32


class AdaptedModel:
    """The layers up to the last one that is read, with an adapter on those from `first` on."""

    def __init__(self, decoder: Any, read: Sequence[int], count: int, rank: int, device: torch.device) -> None:
        """`decoder`: of transformers; `read`: the layers whose states are wanted; `count`: how many are adapted."""
        from peft import LoraConfig, inject_adapter_in_model

        last = max(read)
        self.read = tuple(read)
        self.first = max(0, last + 1 - count)
        self.alpha = 2 * rank
        decoder.layers = decoder.layers[: last + 1]
        decoder.requires_grad_(requires_grad=False)
        config = LoraConfig(
            r=rank,
            lora_alpha=self.alpha,
            target_modules=list(LINEAR),
            layers_to_transform=list(range(self.first, last + 1)),
            layers_pattern="layers",
        )
        with torch.random.fork_rng():
            torch.manual_seed(0)
            inject_adapter_in_model(config, decoder)
        self._decoder = decoder.to(device).eval()
        self.device = device
        self.config = decoder.config
        self.parts: dict[str, Tensor] = {
            name: part for name, part in self._decoder.named_parameters() if ".lora_" in name
        }
        """What learns, by its name in the model, such as `layers.10.self_attn.q_proj.lora_A.default.weight`."""
        for part in self.parts.values():
            part.requires_grad_()

    def states(self, batch: Packed) -> Tensor:
        """Of the tokens behind the prefix: float32, (tokens, layers, width), as `TranscriptContext.read` gives them."""
        states = self._decoder.embed_tokens(batch.tokens)
        turns = self._decoder.rotary_emb(states, position_ids=batch.positions)
        found = []
        for number, layer in enumerate(self._decoder.layers):
            with torch.set_grad_enabled(torch.is_grad_enabled() and number >= self.first):
                states = layer(
                    states, attention_mask=batch.seen, position_ids=batch.positions, position_embeddings=turns
                )
            if number in self.read:
                found.append(states[0, batch.begins :].float())
        return torch.stack(found, dim=1)


def load_adapted(weights: LocalModel, read: Sequence[int], count: int, rank: int, device: torch.device) -> AdaptedModel:
    """Read a GGUF file with transformers, and put an adapter on its upper layers.

    Raises:
        ModelError: transformers cannot read it, or its kind is none that adapters are learned for.
    """
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        with redirect_stderr(StringIO()):
            # A bar of its own goes there.
            model = AutoModelForCausalLM.from_pretrained(
                weights.path.parent,
                gguf_file=weights.path.name,
                dtype=precision_on(device),
                attn_implementation="sdpa",
                local_files_only=True,
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        message = f"PyTorch's transformers cannot read the model ({type(error).__name__})"
        raise ModelError(
            f"{message}: an adapter is learned for {' and '.join(KINDS)}", place=str(weights.path)
        ) from None
    if model.config.model_type not in KINDS:
        message = f"adapters are learned for {' and '.join(KINDS)}, not for {model.config.model_type}"
        raise ModelError(message, place=str(weights.path))
    return AdaptedModel(model.model, read, count, rank, device)
