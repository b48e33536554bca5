"""What learns, in PyTorch: networks that score lines, and networks that weigh evidence (`matching` compares).

The parameters of a network are the parts of the product's file, without its axis of networks; the product scores by
them in numpy. A probe has several learned queries that fetch from the tokens of a line (attention pooling, Yang et al.
2016) over middle states of a frozen language model (probing, Alain and Bengio 2016, arXiv 1610.01644).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Array = NDArray[np.float32]

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
GO_ON_RATE = 5e-4
"""The learning rate of networks that go on from a probe."""
LONGEST_SLOPE = 1.0
"""Slopes of all parts together are cut to this length."""


class Network(torch.nn.Module):
    """Parts that learn."""

    def __init__(self, parts: Mapping[str, Array]) -> None:
        super().__init__()
        for name, part in parts.items():
            self.register_parameter(name, torch.nn.Parameter(torch.tensor(part)))
        self.to(DEVICE)

    def arrays(self) -> dict[str, Array]:
        """The parts as a file has them; learning on does not change them."""
        return {name: part.detach().float().cpu().numpy().copy() for name, part in self.named_parameters()}


def descend(groups: Sequence[dict[str, Any]], steps: int, losses: Iterable[Tensor]) -> None:
    """Go down the slope of each loss as it comes: AdamW (Loshchilov and Hutter 2019), whose rate rises and falls.

    `groups`: `params`, `lr` and `weight_decay` each; `steps`: how many losses there will be.
    """
    parts = [part for group in groups for part in group["params"]]
    adam = torch.optim.AdamW(groups, betas=(0.9, 0.98))
    rates = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: rate_at(step, steps))
    for loss in losses:
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parts, LONGEST_SLOPE)
        adam.step()
        rates.step()


def rate_at(step: int, steps: int) -> float:
    """The share of the rate at a step, counted from 0: it rises over a tenth of them, then falls along a cosine."""
    warm, end = max(1, steps // 10), max(2, steps)
    if step < warm:
        return step / warm
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, end - warm))))


def chance_of(seed: int) -> torch.Generator:
    """The same numbers for the same seed."""
    return torch.Generator(DEVICE).manual_seed(seed)


def dropped(values: Tensor, dropout: float, chance: torch.Generator | None) -> Tensor:
    """Some values left out by chance, the others risen for it; all are there without a `chance`."""
    if chance is None:
        return values
    kept = torch.empty(values.shape, device=values.device).bernoulli_(1 - dropout, generator=chance)
    return values * kept / (1 - dropout)


def sums_by(owner: Tensor, values: Tensor, rows: int) -> Tensor:
    """The sum over the values of each row: shape (rows, …) of (values, …)."""
    return values.new_zeros((rows, *values.shape[1:])).index_add(0, owner, values)


def largest_by(owner: Tensor, values: Tensor, rows: int) -> Tensor:
    """The largest of the values of each row, 0 where it has none: shape (rows, …) of (values, …)."""
    places = owner.view(-1, *(1 for _ in values.shape[1:])).expand_as(values)
    nothing = values.new_zeros((rows, *values.shape[1:]))
    return nothing.scatter_reduce(0, places, values, "amax", include_self=False)


@dataclass(frozen=True)
class Plan:
    """How much a probe learns, and how long."""

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


class CallNumbers(NamedTuple):
    """One call in the basis, or many end to end.

    `tokens`: (tokens, d); `owner`: the line of each; `lines`: (lines, e). `labels`: 0 or 1, (lines, labels); `counts`:
    1 where it is known whether the line has the label, same shape.
    """

    tokens: Any
    owner: Any
    lines: Any
    labels: Any
    counts: Any


class ProbeNetwork(Network):
    """One network of a `Probe`."""

    def forward(self, batch: CallNumbers, dropout: float = 0.0, chance: torch.Generator | None = None) -> Tensor:
        """As `Probe.scores`, for many lines, with dropout if there is a chance: shape (lines, labels)."""
        part = dict(self.named_parameters())
        rows, owner = len(batch.lines), batch.owner
        tokens, lines = dropped(batch.tokens, dropout, chance), dropped(batch.lines, dropout, chance)
        looks = tokens @ part["query"]
        looks = torch.exp(looks - largest_by(owner, looks.detach(), rows)[owner])
        total = sums_by(owner, looks, rows)
        values = torch.einsum("td,dhv->thv", tokens, part["value"])
        pooled = sums_by(owner, looks[..., None] * values, rows) / (total[..., None] + 1e-9)
        hidden = lines @ part["line_hidden"] + torch.einsum("rhv,hvw->rw", pooled, part["pooled_hidden"])
        hidden = functional.gelu(hidden + part["hidden_bias"], approximate="tanh")
        return (
            dropped(hidden, dropout, chance) @ part["hidden_label"]
            + lines @ part["line_label"]
            + torch.einsum("rhv,hvk->rk", pooled, part["pooled_label"])
            + part["label_bias"]
        )


def learn_network(
    calls: Sequence[CallNumbers], plan: Plan, seed: int = 0, start: Mapping[str, Array] | None = None
) -> dict[str, Array]:
    """The parts of one network of a probe. `start`: those of one that goes on, in the same basis, for these labels."""
    order, chance = np.random.default_rng(seed), chance_of(seed)
    network = ProbeNetwork(_beginning(calls, plan, order) if start is None else start)

    def losses() -> Iterator[Tensor]:
        """The cross-entropy of all labels that are known of a line, as a mean over the lines."""
        for _ in range(plan.rounds):
            for chosen in _by_size(order.permutation(len(calls)), plan.calls_at_once):
                batch = batch_of([calls[place] for place in chosen])
                scores = network(batch, plan.dropout, chance)
                each = functional.softplus(scores) - batch.labels * scores
                yield (batch.counts * each).sum() / (batch.counts.amax(dim=1).sum() + 1e-9)

    # Nothing pulls at shifts.
    shifts, weights = ([part for part in network.parameters() if (part.ndim > 1) is wide] for wide in (False, True))
    groups: list[dict[str, Any]] = [
        {"params": weights, "lr": plan.rate, "weight_decay": plan.decay},
        {"params": shifts, "lr": plan.rate, "weight_decay": 0.0},
    ]
    descend(groups, plan.rounds * -(-len(calls) // plan.calls_at_once), losses())
    return network.arrays()


def scores_of(parts: Mapping[str, Array], calls: Sequence[CallNumbers], plan: Plan) -> list[Array]:
    """The log-odds of each line and label by one network, call by call."""
    network = ProbeNetwork(parts)
    found: list[Array] = []
    for chosen in _by_size(np.arange(len(calls)), plan.calls_at_once):
        some = [calls[place] for place in chosen]
        with torch.no_grad():
            told = network(batch_of(some)).cpu().numpy()
        ends = np.cumsum([0, *(len(call.lines) for call in some)])
        found += [told[start:end] for start, end in pairwise(ends)]
    return found


def _by_size(order: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(order), size):
        yield order[start : start + size]


def batch_of(calls: Sequence[CallNumbers]) -> CallNumbers:
    """The calls end to end, as tensors."""
    starts = np.cumsum([0, *(len(call.lines) for call in calls[:-1])])
    owner = np.concatenate([call.owner + start for call, start in zip(calls, starts, strict=True)])
    tokens, _, lines, labels, counts = (
        torch.from_numpy(np.concatenate(parts).astype(np.float32)).to(DEVICE) for parts in zip(*calls, strict=True)
    )
    return CallNumbers(tokens, torch.from_numpy(owner.astype(np.int64)).to(DEVICE), lines, labels, counts)


def _beginning(calls: Sequence[CallNumbers], plan: Plan, chance: np.random.Generator) -> dict[str, Array]:
    """A network that has learned nothing but how often each label is."""
    token, line, labels = calls[0].tokens.shape[1], calls[0].lines.shape[1], calls[0].labels.shape[1]
    positive = sum((call.labels * call.counts).sum(axis=0) for call in calls)
    share = np.asarray(positive / np.maximum(sum(call.counts.sum(axis=0) for call in calls), 1))

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


WEIGHERS, UNITS = 4, 16
"""Networks that weigh, learned from other beginnings and averaged: one alone is now of this opinion and now of that."""
ROUNDS, LINES_AT_ONCE, RATE, DECAY = 400, 8192, 1e-2, 1e-4


class Weighed(NamedTuple):
    """The evidence of many lines for one thing, shape (lines, evidence), and whether each has it, shape (lines,)."""

    evidence: Array
    truth: Array

    @classmethod
    def together(cls, parts: Sequence["Weighed"]) -> "Weighed":
        """All lines, one part after another."""
        return cls(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def learn_weighing(seen: Sequence[Weighed | None]) -> dict[str, Array]:
    """The parts of a `Matcher` that weigh, in this order; None where no line may have it.

    The first axis counts what is `seen`; where there is less evidence than for others it is filled up with zeros.
    """
    networks = [_no_weights(WEIGHERS * UNITS) if some is None else _averaged(some) for some in seen]
    most = max(len(network["direct"]) for network in networks)
    parts: dict[str, list[Array]] = {name: [network[name] for network in networks] for name in networks[0]}
    for name in ("hidden", "direct"):
        padding = [[(0, most - len(part)), *[(0, 0)] * (part.ndim - 1)] for part in parts[name]]
        parts[name] = [np.pad(part, by) for part, by in zip(parts[name], padding, strict=True)]
    return {f"weigh_{name}": np.stack(part) for name, part in parts.items()}


def raised_by(scores: Array, truth: Array) -> float:
    """What log-odds are raised by, so that one half is where F1 is best. 0 where nothing is true, or F1 is nought.

    `scores`, `truth`: shape (lines,).
    """
    ranked = truth[np.argsort(-scores)]
    found = np.cumsum(ranked)
    best = float((2 * found / (np.arange(1, len(ranked) + 1) + ranked.sum())).max()) if len(ranked) else 0.0
    return math.log(2 / best - 1) if best > 0 else 0.0


def _no_weights(units: int) -> dict[str, Array]:
    """It never happens."""
    return {
        "hidden": np.zeros((0, units), np.float32),
        "hidden_bias": np.zeros(units, np.float32),
        "hidden_out": np.zeros(units, np.float32),
        "direct": np.zeros(0, np.float32),
        "bias": np.array(-9.0, np.float32),
    }


def _averaged(seen: Weighed) -> dict[str, Array]:
    """Several networks as one: the hidden units of all, whose sum is the mean."""
    each = [_weigher(seen, seed) for seed in range(WEIGHERS)]
    joined = {name: np.concatenate([part[name] for part in each], axis=-1) for name in ("hidden", "hidden_bias")}
    return {
        **joined,
        "hidden_out": np.concatenate([part["hidden_out"] for part in each]) / WEIGHERS,
        **{name: np.mean([part[name] for part in each], axis=0) for name in ("direct", "bias")},
    }


def _weigher(seen: Weighed, seed: int) -> dict[str, Array]:
    chance = chance_of(seed)
    mean, spread = seen.evidence.mean(axis=0), seen.evidence.std(axis=0) + 1e-3
    evidence = torch.from_numpy((seen.evidence - mean) / spread).to(DEVICE)
    truth = torch.from_numpy(seen.truth).to(DEVICE)
    width = evidence.shape[1]
    start = np.random.default_rng(seed).normal(0, width**-0.5, (width, UNITS)).astype(np.float32)
    begin = {"hidden": start, "direct": np.zeros(width, np.float32), "bias": np.array(-3.0, np.float32)}
    network = Network(_no_weights(UNITS) | begin)
    part = dict(network.named_parameters())

    def losses() -> Iterator[Tensor]:
        for _ in range(ROUNDS):
            size = (min(len(evidence), LINES_AT_ONCE),)
            some = torch.randint(len(evidence), size, generator=chance, device=DEVICE)
            hidden = functional.gelu(evidence[some] @ part["hidden"] + part["hidden_bias"], approximate="tanh")
            scores = hidden @ part["hidden_out"] + evidence[some] @ part["direct"] + part["bias"]
            pull = sum((part[name] ** 2).sum() for name in ("hidden", "hidden_out", "direct"))
            yield functional.binary_cross_entropy_with_logits(scores, truth[some]) + DECAY * pull

    descend([{"params": list(part.values()), "lr": RATE, "weight_decay": 0.0}], ROUNDS, losses())
    learned = network.arrays()
    # The scale of the evidence goes into the weights, so that a reader needs none.
    learned["hidden"], learned["direct"] = learned["hidden"] / spread[:, None], learned["direct"] / spread
    learned["hidden_bias"] = learned["hidden_bias"] - mean @ learned["hidden"]
    learned["bias"] = learned["bias"] - mean @ learned["direct"]
    return learned
