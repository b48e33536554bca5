"""The networks of a probe, learned: attention pooling over the tokens of a line, and one hidden layer.

Method: several learned queries fetch from the tokens of a line (attention pooling, as in Yang et al. 2016), over the
middle states of a frozen language model (probing, Alain and Bengio 2016, arXiv 1610.01644). The loss is the
cross-entropy of each label for itself; AdamW with a cosine schedule, dropout on what comes in and on the hidden units.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from evals.lab.training.learning import (
    Network,
    Optimiser,
    arrays_of,
    chance_of,
    device_of,
    dropped,
    largest_by,
    network_from,
    sums_by,
)
from numpy.typing import NDArray
from torch import Tensor

from ausweis.engines.heads import LineFeatures

__all__ = [
    "GO_ON_RATE",
    "Basis",
    "Batch",
    "CallNumbers",
    "Plan",
    "basis_of",
    "beginning",
    "groups_of",
    "learn_network",
    "loss_of",
    "network_scores",
    "scores_of",
]

Array = NDArray[np.float32]


GO_ON_RATE = 5e-4
"""The learning rate of networks that go on from what a probe has learned."""


@dataclass(frozen=True)
class Plan:
    """How much is learned, and how long."""

    token_dimensions: int = 512
    line_dimensions: int = 512
    queries: int = 16
    fetched: int = 16
    hidden: int = 192
    rate: float = 1e-3
    decay: float = 0.03
    dropout: float = 0.5
    rounds: int = 20
    calls_at_once: int = 16


@dataclass(frozen=True)
class Basis:
    """The directions in which tokens and lines differ most, found by principal component analysis."""

    token_basis: Array
    token_shift: Array
    line_basis: Array
    line_shift: Array


@dataclass(frozen=True)
class CallNumbers:
    """One call, in the basis. `tokens`: float16, (tokens, d); `owner`: the line of each; `lines`: float16, (lines, e).

    `labels`: 0 or 1, (lines, labels); `counts`: 1 where it is known whether the line has the label, same shape.
    """

    tokens: NDArray[np.float16]
    owner: NDArray[np.int32]
    lines: NDArray[np.float16]
    labels: Array
    counts: Array


class Batch(NamedTuple):
    """Calls end to end. `tokens`: (tokens, d); `owner`: the line of each; `lines`: (lines, e).

    `labels`, `counts`: (lines, labels), as in `CallNumbers`.
    """

    tokens: Tensor
    owner: Tensor
    lines: Tensor
    labels: Tensor
    counts: Tensor


def basis_of(seen: Sequence[LineFeatures], plan: Plan) -> Basis:
    """From the features of many lines."""
    tokens, token_shift = _directions(np.concatenate([line.tokens for line in seen]), plan.token_dimensions)
    lines, line_shift = _directions(np.stack([line.line for line in seen]), plan.line_dimensions)
    return Basis(tokens, token_shift, lines, line_shift)


def _directions(values: Array, most: int) -> tuple[Array, Array]:
    """The first principal directions, scaled so that the mean spread along them is 1, and the shift to the centre."""
    from sklearn.decomposition import PCA

    components = PCA(min(most, *values.shape), random_state=0).fit(values)
    basis = (components.components_.T / np.sqrt(components.explained_variance_).mean()).astype(np.float32)
    return basis, (-components.mean_ @ basis).astype(np.float32)


def learn_network(
    calls: Sequence[CallNumbers], plan: Plan, seed: int = 0, start: Mapping[str, Array] | None = None
) -> dict[str, Array]:
    """The parts of one network, as `Probe.parts` without the first axis and the basis.

    `start`: the parts of a network that has learned already, in the same basis and for the same labels; it goes on.
    """
    device = device_of()
    order, chance = np.random.default_rng(seed), chance_of(seed, device)
    network = network_from(beginning(calls, plan, order) if start is None else start, device)
    steps = plan.rounds * -(-len(calls) // plan.calls_at_once)
    optimiser = Optimiser(groups_of(network, plan), steps)
    for _ in range(plan.rounds):
        for chosen in _chosen(order.permutation(len(calls)), plan.calls_at_once):
            batch = _batch([calls[place] for place in chosen], device)
            optimiser.step(loss_of(network_scores(network, batch, plan.dropout, chance), batch))
    return arrays_of(network)


def groups_of(network: Network, plan: Plan) -> list[dict[str, object]]:
    """For the optimiser: nothing pulls at shifts."""
    weights = [part for part in network.values() if part.ndim > 1]
    shifts = [part for part in network.values() if part.ndim <= 1]
    return [
        {"params": weights, "lr": plan.rate, "weight_decay": plan.decay},
        {"params": shifts, "lr": plan.rate, "weight_decay": 0.0},
    ]


def scores_of(network: Mapping[str, Array], calls: Sequence[CallNumbers], plan: Plan) -> list[Array]:
    """The log-odds of each line and label, call by call."""
    device = device_of()
    parts = {name: torch.tensor(part, device=device) for name, part in network.items()}
    found: list[Array] = []
    for chosen in _chosen(np.arange(len(calls)), plan.calls_at_once):
        told = network_scores(parts, _batch([calls[place] for place in chosen], device)).cpu().numpy()
        ends = np.cumsum([0, *(len(calls[place].lines) for place in chosen)])
        found += [told[start:end] for start, end in pairwise(ends)]
    return found


def _chosen(order: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _batch(calls: Sequence[CallNumbers], device: torch.device) -> Batch:
    starts = np.cumsum([0, *(len(call.lines) for call in calls[:-1])])
    owner = np.concatenate([call.owner + start for call, start in zip(calls, starts, strict=True)])

    def joined(name: str) -> Tensor:
        return torch.from_numpy(np.concatenate([getattr(call, name) for call in calls]).astype(np.float32)).to(device)

    places = torch.from_numpy(owner.astype(np.int64)).to(device)
    return Batch(joined("tokens"), places, joined("lines"), joined("labels"), joined("counts"))


def beginning(calls: Sequence[CallNumbers], plan: Plan, chance: np.random.Generator) -> dict[str, Array]:
    """A network that has learned nothing but how often each label is."""
    first = calls[0]
    token, line, labels = first.tokens.shape[1], first.lines.shape[1], first.labels.shape[1]
    positive, known = (
        sum((call.labels * call.counts).sum(axis=0) for call in calls),
        sum(call.counts.sum(axis=0) for call in calls),
    )
    share = np.asarray(positive / np.maximum(known, 1))

    def normal(*shape: int, inputs: int, scale: float = 1.0) -> Array:
        return chance.normal(0, scale / np.sqrt(inputs), shape).astype(np.float32)

    queries, fetched, hidden = plan.queries, plan.fetched, plan.hidden
    return {
        "query": normal(token, queries, inputs=token),
        "value": normal(token, queries, fetched, inputs=token),
        "line_hidden": normal(line, hidden, inputs=line),
        "pooled_hidden": normal(queries, fetched, hidden, inputs=queries * fetched),
        "hidden_bias": np.zeros(hidden, np.float32),
        "hidden_label": normal(hidden, labels, inputs=hidden, scale=0.3),
        "line_label": np.zeros((line, labels), np.float32),
        "pooled_label": np.zeros((queries, fetched, labels), np.float32),
        "label_bias": np.log((share + 1e-4) / (1 - share + 1e-4)).astype(np.float32),
    }


def network_scores(
    network: Mapping[str, Tensor], batch: Batch, dropout: float = 0.0, chance: torch.Generator | None = None
) -> Tensor:
    """As `Probe.scores`, for many lines, with dropout if there is a chance: shape (lines, labels)."""
    rows, owner = len(batch.lines), batch.owner
    tokens, lines = dropped(batch.tokens, dropout, chance), dropped(batch.lines, dropout, chance)
    looks = tokens @ network["query"]
    looks = torch.exp(looks - largest_by(owner, looks.detach(), rows)[owner])
    total = sums_by(owner, looks, rows)
    values = torch.einsum("td,dhv->thv", tokens, network["value"])
    pooled = sums_by(owner, looks[..., None] * values, rows) / (total[..., None] + 1e-9)
    hidden = lines @ network["line_hidden"] + torch.einsum("rhv,hvw->rw", pooled, network["pooled_hidden"])
    hidden = torch.nn.functional.gelu(hidden + network["hidden_bias"], approximate="tanh")
    return (
        dropped(hidden, dropout, chance) @ network["hidden_label"]
        + lines @ network["line_label"]
        + torch.einsum("rhv,hvk->rk", pooled, network["pooled_label"])
        + network["label_bias"]
    )


def loss_of(scores: Tensor, batch: Batch) -> Tensor:
    """The cross-entropy of all labels that are known of a line, as a mean over the lines."""
    each = torch.nn.functional.softplus(scores) - batch.labels * scores
    return (batch.counts * each).sum() / (batch.counts.amax(dim=1).sum() + 1e-9)
