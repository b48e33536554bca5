"""The model that an adapter is learned for, in PyTorch: out of its GGUF file, as far as its layers are read.

The weights are those that llama.cpp computes with, brought from few bits to floating point; transformers reads them.
An adapter (LoRA, Hu et al. 2021, arXiv 2106.09685) stands on the upper layers. What lies below it does not change:
llama.cpp reads each call once, the states of the layer below are kept, and learning goes on from there.
"""

from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ausweis.engines.weights import LocalModel
from ausweis.errors import InputError, ModelError

__all__ = ["LINEAR", "AdaptedModel", "kept_layers", "load_adapted", "precision_on"]

LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""All linear parts of a layer."""
KINDS = ("llama", "qwen2")
"""Kinds of models whose weights llama.cpp and transformers name in known ways."""


def kept_layers(read: Sequence[int], count: int) -> tuple[int, ...]:
    """Whose states an adapter is learned from: the layers that are read, and the one below those that are adapted.

    `count`: how many are adapted, down from the last one that is read.

    Raises:
        InputError: no layer lies below.
    """
    below = max(read) - count
    if below < 0:
        raise InputError(f"the model has too few layers for that: --layers is {max(read)} at most")
    return tuple(sorted({*read, below}))


def precision_on(device: torch.device) -> torch.dtype:
    """Half the bits where the device computes with them as fast as it can."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    can = torch.cpu.get_capabilities()
    return torch.bfloat16 if can.get("amx_bf16") or can.get("avx512_bf16") else torch.float32


class AdaptedModel:
    """The layers up to the last one that is read, with an adapter on those from `first` on.

    `read`: the layers whose states are wanted; `kept`: those whose states of a call it goes on from.
    """

    def __init__(self, decoder: Any, read: Sequence[int], count: int, rank: int, device: torch.device) -> None:
        """`decoder`: of transformers; `count`: how many layers are adapted."""
        from peft import LoraConfig, inject_adapter_in_model

        last = max(read)
        self.read, self.kept = tuple(read), kept_layers(read, count)
        self.first = last + 1 - count
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
        self._begun: dict[tuple[int, ...], Tensor] = {}
        self.device = device
        self.config = decoder.config
        self.parts: dict[str, Tensor] = {
            name: part for name, part in self._decoder.named_parameters() if ".lora_" in name
        }
        """What learns, by its name in the model, such as `layers.10.self_attn.q_proj.lora_A.default.weight`."""
        for part in self.parts.values():
            part.requires_grad_()

    def states(self, prefix: Sequence[int], calls: Sequence[NDArray[np.floating[Any]]]) -> Tensor:
        """Of all tokens of calls, each of which sees one prefix and itself.

        `prefix`: tokens; `calls`: the states of what stands behind it, of shape (tokens, kept layers, width) each.
        Returns float32, (tokens, read layers, width), as `TranscriptContext.read` gives them.
        """
        begun = self._below(tuple(prefix))
        kept = torch.from_numpy(np.concatenate(calls).astype(np.float32)).to(self.device)
        begins = len(prefix)
        owner = np.repeat(np.arange(-1, len(calls)), [begins, *map(len, calls)])
        seen = ((owner[:, None] == owner[None]) | (owner[None] == -1)) & np.tri(len(owner), dtype=np.bool_)
        places = np.concatenate([np.arange(begins), *(np.arange(begins, begins + len(call)) for call in calls)])
        states = torch.cat([begun, kept[None, :, self.kept.index(self.first - 1)].to(begun.dtype)], dim=1)
        computed = self._through(range(self.first, len(self._decoder.layers)), states, places, seen)
        found = [kept[:, self.kept.index(layer)] for layer in self.read if layer < self.first]
        found += [states[0, begins:].float() for layer, states in computed if layer in self.read]
        return torch.stack(found, dim=1)

    def _below(self, prefix: tuple[int, ...]) -> Tensor:
        """The states of a prefix below the adapter, which are computed once: shape (1, tokens, width)."""
        if prefix not in self._begun:
            with torch.no_grad():
                states = self._decoder.embed_tokens(torch.tensor([prefix], device=self.device))
                seen = np.tri(len(prefix), dtype=np.bool_)
                for _, below in self._through(range(self.first), states, np.arange(len(prefix)), seen):
                    states = below
            self._begun[prefix] = states
        return self._begun[prefix]

    def _through(
        self, layers: range, states: Tensor, places: NDArray[np.int64], seen: NDArray[np.bool_]
    ) -> Iterator[tuple[int, Tensor]]:
        """Each layer with what it computes; `seen`: which tokens (columns) each token (row) looks at."""
        positions, mask = (torch.from_numpy(part).to(self.device) for part in (places[None], seen[None, None]))
        turns = self._decoder.rotary_emb(states, position_ids=positions)
        for number in layers:
            layer = self._decoder.layers[number]
            states = layer(states, attention_mask=mask, position_ids=positions, position_embeddings=turns)
            yield number, states


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
