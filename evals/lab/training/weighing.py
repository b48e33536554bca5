"""How evidence is weighed, learned: a small network for each thing that is weighed.

It is learned from scores by networks that have seen neither the call nor another one of its group.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from evals.lab.training.learning import Optimiser, arrays_of, chance_of, device_of, network_from
from numpy.typing import NDArray
from torch.nn import functional

__all__ = ["Weighed", "learn_weighing", "raised_by", "together"]

Array = NDArray[np.float32]

NETWORKS = 4
"""Learned from other beginnings, and averaged: one alone says now this and now that of a doubtful line."""
HIDDEN = 16
"""Units of each."""
ROUNDS, AT_ONCE, RATE, DECAY = 400, 8192, 1e-2, 1e-4


class Weighed(NamedTuple):
    """The evidence of many lines for one thing, shape (lines, evidence), and what is true of each, shape (lines,)."""

    evidence: Array
    truth: Array


def together(parts: Sequence[Weighed]) -> Weighed:
    """All lines, one part after another."""
    return Weighed(*(np.concatenate([part[place] for part in parts]) for place in (0, 1)))


def learn_weighing(seen: Sequence[Weighed | None]) -> dict[str, Array]:
    """The parts of a `Matcher` that weigh, in this order; None where nothing was seen that may be it.

    By name, shaped as `MATCHER_PARTS` says: the first axis counts what is `seen`, and that with less evidence than
    others is filled up with zeros.
    """
    networks = [_nothing() if some is None else _averaged(some) for some in seen]
    most = max(len(network["direct"]) for network in networks)
    return {
        "weigh_hidden": np.stack([_filled(network["hidden"], most) for network in networks]),
        "weigh_hidden_bias": np.stack([network["hidden_bias"] for network in networks]),
        "weigh_hidden_out": np.stack([network["hidden_out"] for network in networks]),
        "weigh_direct": np.stack([_filled(network["direct"], most) for network in networks]),
        "weigh_bias": np.stack([network["bias"] for network in networks]),
    }


def raised_by(scores: Array, truth: Array) -> float:
    """What log-odds are raised by, so that one half is where F1 is best. 0 where nothing is true, or F1 is nought.

    `scores`, `truth`: shape (lines,).
    """
    ranked = truth[np.argsort(-scores)]
    found = np.cumsum(ranked)
    best = float((2 * found / (np.arange(1, len(ranked) + 1) + ranked.sum())).max()) if len(ranked) else 0.0
    return math.log(2 / best - 1) if best > 0 else 0.0


def _filled(part: Array, rows: int) -> Array:
    filled = np.zeros((rows, *part.shape[1:]), np.float32)
    filled[: len(part)] = part
    return filled


def _nothing(units: int = NETWORKS * HIDDEN) -> dict[str, Array]:
    """Where no line was seen that may do it: it is never done."""
    return {
        "hidden": np.zeros((0, units), np.float32),
        "hidden_bias": np.zeros(units, np.float32),
        "hidden_out": np.zeros(units, np.float32),
        "direct": np.zeros(0, np.float32),
        "bias": np.array(-9.0, np.float32),
    }


def _averaged(seen: Weighed) -> dict[str, Array]:
    """Several networks as one: the hidden units of all, which say the mean."""
    each = [_learn(seen, seed) for seed in range(NETWORKS)]
    return {
        "hidden": np.concatenate([network["hidden"] for network in each], axis=1),
        "hidden_bias": np.concatenate([network["hidden_bias"] for network in each]),
        "hidden_out": np.concatenate([network["hidden_out"] for network in each]) / NETWORKS,
        "direct": np.mean([network["direct"] for network in each], axis=0),
        "bias": np.mean([network["bias"] for network in each], axis=0),
    }


def _learn(seen: Weighed, seed: int) -> dict[str, Array]:
    device = device_of()
    chance = chance_of(seed, device)
    mean, spread = seen.evidence.mean(axis=0), seen.evidence.std(axis=0) + 1e-3
    evidence = torch.from_numpy((seen.evidence - mean) / spread).to(device)
    truth = torch.from_numpy(seen.truth).to(device)
    width = evidence.shape[1]
    start = np.random.default_rng(seed).normal(0, width**-0.5, (width, HIDDEN)).astype(np.float32)
    begin = {"hidden": start, "direct": np.zeros(width, np.float32), "bias": np.array(-3.0, np.float32)}
    network = network_from(_nothing(HIDDEN) | begin, device)
    optimiser = Optimiser([{"params": list(network.values()), "lr": RATE, "weight_decay": 0.0}], ROUNDS)
    for _ in range(ROUNDS):
        chosen = torch.randint(len(evidence), (min(len(evidence), AT_ONCE),), generator=chance, device=device)
        hidden = functional.gelu(evidence[chosen] @ network["hidden"] + network["hidden_bias"], approximate="tanh")
        scores = hidden @ network["hidden_out"] + evidence[chosen] @ network["direct"] + network["bias"]
        pull = sum((network[name] ** 2).sum() for name in ("hidden", "hidden_out", "direct"))
        optimiser.step(functional.binary_cross_entropy_with_logits(scores, truth[chosen]) + DECAY * pull)
    parts = arrays_of(network)
    # The scale of the evidence goes into the weights, so that a reader needs none.
    hidden, direct = parts["hidden"] / spread[:, None], parts["direct"] / spread
    return {
        "hidden": hidden,
        "hidden_bias": parts["hidden_bias"] - mean @ hidden,
        "hidden_out": parts["hidden_out"],
        "direct": direct,
        "bias": parts["bias"] - mean @ direct,
    }
