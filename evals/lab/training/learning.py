"""What all networks share while they learn: the optimiser, chance by a seed, dropout, sums and maxima by line."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ausweis.prompts import Template

__all__ = [
    "Bound",
    "Network",
    "Optimiser",
    "arrays_of",
    "both_dropped",
    "chance_of",
    "device_of",
    "dropped",
    "largest_by",
    "network_from",
    "rate_at",
    "sums_by",
    "unit",
]

Array = NDArray[np.float32]
Network = dict[str, Tensor]
"""The parts of a network by name, as the file has them without the axis of networks."""

LONGEST_SLOPE = 1.0
"""Slopes of all parts together are cut to this length."""


class Bound(NamedTuple):
    """What is learned belongs to this template and model, and reads these layers.

    `notes`: what it was learned from.
    """

    template: Template
    model_sha256: str
    layers: tuple[int, ...]
    notes: str

    def fields(self, **about: object) -> dict[str, Any]:
        """The fields of a `LearnedFile` that tell so. `about`: how much it was learned from, for its notes."""
        return {
            "layers": self.layers,
            "template": self.template.name,
            "template_sha256": self.template.sha256,
            "model_sha256": self.model_sha256,
            "notes": json.dumps({"about": self.notes, **about}),
        }


class Optimiser:
    """AdamW (Loshchilov and Hutter 2019) with a warm-up over a tenth of the steps and a cosine down to nothing."""

    def __init__(self, groups: Sequence[dict[str, Any]], steps: int) -> None:
        """`groups`: `params`, `lr` and `weight_decay` each; `steps`: how many there will be."""
        self._parts = [part for group in groups for part in group["params"]]
        self._adam = torch.optim.AdamW(groups, betas=(0.9, 0.98))
        self._rates = torch.optim.lr_scheduler.LambdaLR(self._adam, lambda step: rate_at(step, steps))

    def step(self, loss: Tensor) -> None:
        """Go down the slope of the loss."""
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._parts, LONGEST_SLOPE)
        self._adam.step()
        self._rates.step()


def rate_at(step: int, steps: int) -> float:
    """The share of the rate at a step, counted from 0, of so many."""
    warm, end = max(1, steps // 10), max(2, steps)
    if step < warm:
        return step / warm
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, end - warm))))


def device_of() -> torch.device:
    """The graphics card where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def chance_of(seed: int, device: torch.device) -> torch.Generator:
    """The same numbers for the same seed."""
    return torch.Generator(device).manual_seed(seed)


def network_from(parts: Mapping[str, Array], device: torch.device) -> Network:
    """Parts that learn."""
    return {name: torch.tensor(part, device=device, requires_grad=True) for name, part in parts.items()}


def arrays_of(network: Mapping[str, Tensor]) -> dict[str, Array]:
    """Parts as the files have them; learning on does not change them."""
    return {name: part.detach().float().cpu().numpy().copy() for name, part in network.items()}


def dropped(values: Tensor, dropout: float, chance: torch.Generator | None) -> Tensor:
    """Some values left out by chance, the others risen for it; all are there without a `chance`."""
    if chance is None:
        return values
    kept = torch.empty(values.shape, device=values.device).bernoulli_(1 - dropout, generator=chance)
    return values * kept / (1 - dropout)


def both_dropped(one: Tensor, other: Tensor, dropout: float, chance: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """The same dimensions, of the last axis, are left out of both."""
    kept = dropped(one.new_ones(one.shape[-1]), dropout, chance)
    return one * kept, other * kept


def unit(values: Tensor) -> Tensor:
    """Each vector, along the last axis, brought to length 1."""
    return values * torch.rsqrt((values * values).sum(dim=-1, keepdim=True) + 1e-6)


def sums_by(owner: Tensor, values: Tensor, rows: int) -> Tensor:
    """The sum over the values of each row: shape (rows, …) of (values, …)."""
    return values.new_zeros((rows, *values.shape[1:])).index_add(0, owner, values)


def largest_by(owner: Tensor, values: Tensor, rows: int) -> Tensor:
    """The largest of the values of each row, 0 where it has none: shape (rows, …) of (values, …)."""
    places = owner.view(-1, *(1 for _ in values.shape[1:])).expand_as(values)
    nothing = values.new_zeros((rows, *values.shape[1:]))
    return nothing.scatter_reduce(0, places, values, "amax", include_self=False)
