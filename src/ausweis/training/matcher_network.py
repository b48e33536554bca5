"""The network of a matcher, learned: a line is compared with descriptions of its call, and with others by chance.

AdamW's decay would pull towards nothing; here the loss pulls towards the beginning, at which likeness is the cosine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ausweis.engines.matcher import NEARNESS_SCALE
from ausweis.training.learning import (
    Network,
    Optimiser,
    arrays_of,
    both_dropped,
    chance_of,
    device_of,
    largest_by,
    network_from,
    sums_by,
    unit,
)
from ausweis.training.matcher_data import CallInBasis, Descriptions

__all__ = ["MatchBatch", "MatchPlan", "learn_network", "match_batch", "match_scores", "scores_of"]

Array = NDArray[np.float32]

_FREE = ("nearness", "hidden_out", "bias")
"""What nothing pulls back to where it began."""


@dataclass(frozen=True)
class MatchPlan:
    """How much is learned, and how long. `others`: descriptions by chance at once, and what each of them weighs."""

    token_dimensions: int = 192
    line_dimensions: int = 256
    compared: int = 128
    compared_lines: int = 64
    line_hidden: int = 16
    hidden: int = 24
    rate: float = 2e-3
    decay: float = 3e-3
    dropout: float = 0.2
    rounds: int = 10
    calls_at_once: int = 16
    descriptions_at_once: int = 32
    others: float = 0.05


class MatchBatch(NamedTuple):
    """Calls end to end, beside descriptions.

    `tokens`: (t, d); `owner`: the line of each; `lines`: (n, e); `described`: (k, s, d), of which `there` (k, s) are;
    `described_lines`: (k, e); `labels`, `weights`: (n, k).
    """

    tokens: Tensor
    owner: Tensor
    lines: Tensor
    described: Tensor
    there: Tensor
    described_lines: Tensor
    labels: Tensor
    weights: Tensor


def learn_network(
    calls: Sequence[CallInBasis], places: Sequence[int], asked: Descriptions, plan: MatchPlan, seed: int
) -> dict[str, Array]:
    """One network: the parts of a `Matcher` without the first axis and the basis. `places`: what it may see."""
    device = device_of()
    order, chance = np.random.default_rng(seed), chance_of(seed, device)
    network = network_from(_beginning(calls[0], asked, plan, order), device)
    begun = {name: part.detach().clone() for name, part in network.items()}
    steps = plan.rounds * -(-len(calls) // plan.calls_at_once)
    optimiser = Optimiser([{"params": list(network.values()), "lr": plan.rate, "weight_decay": 0.0}], steps)
    for _ in range(plan.rounds):
        shuffled = order.permutation(len(calls))
        for start in range(0, len(shuffled), plan.calls_at_once):
            chosen = [calls[place] for place in shuffled[start : start + plan.calls_at_once]]
            batch = match_batch(chosen, _some_places(chosen, places, plan, order), asked, plan.others, device)
            optimiser.step(_loss(network, begun, batch, plan, chance))
    return arrays_of(network)


def scores_of(network: Mapping[str, Array], call: CallInBasis, places: Sequence[int], asked: Descriptions) -> Array:
    """The log-odds of each line of a call and each of these descriptions: shape (lines, descriptions)."""
    device = device_of()
    parts = {name: torch.tensor(part, device=device) for name, part in network.items()}
    scores: Array = match_scores(parts, match_batch([call], places, asked, 0.0, device)).cpu().numpy()
    return scores


def _some_places(
    calls: Sequence[CallInBasis], places: Sequence[int], plan: MatchPlan, chance: np.random.Generator
) -> list[int]:
    """The descriptions of the calls, as far as they may be seen, and others by chance."""
    allowed = set(places)
    own = list(dict.fromkeys(place for call in calls for place in call.asked if place in allowed))
    own = own[: plan.descriptions_at_once]
    rest = [place for place in places if place not in set(own)]
    more = min(len(rest), plan.descriptions_at_once - len(own))
    return [*own, *(int(place) for place in chance.choice(rest, more, replace=False))] if rest else own


def match_batch(
    calls: Sequence[CallInBasis], places: Sequence[int], asked: Descriptions, others: float, device: torch.device
) -> MatchBatch:
    """Calls beside the descriptions of these places; one that a call is not asked by weighs as much as `others`."""
    rows = sum(len(call.lines) for call in calls)
    labels, weights = np.zeros((rows, len(places)), np.float32), np.full((rows, len(places)), others, np.float32)
    owners, row = [], 0
    for call in calls:
        end = row + len(call.lines)
        owners.append(call.owner.astype(np.int64) + row)
        for column, place in enumerate(places):
            if (truth := call.asked.get(place)) is not None:
                labels[row:end, column] = np.nan_to_num(truth)
                weights[row:end, column] = ~np.isnan(truth)
        row = end
    tokens, lines = (np.concatenate([getattr(call, name) for call in calls]) for name in ("tokens", "lines"))
    chosen = list(places)
    described = (part[chosen] for part in asked)
    told = (tokens.astype(np.float32), np.concatenate(owners), lines, *described, labels, weights)
    return MatchBatch(*(torch.from_numpy(part).to(device) for part in told))


def _beginning(
    first: CallInBasis, asked: Descriptions, plan: MatchPlan, chance: np.random.Generator
) -> dict[str, Array]:
    token, line = first.tokens.shape[1], first.lines.shape[1]

    def normal(*shape: int, scale: float) -> Array:
        return chance.normal(0, scale, shape).astype(np.float32)

    same = np.eye(token, min(token, plan.compared), dtype=np.float32)
    return {
        "of_token": same + normal(*same.shape, scale=0.01),
        "of_described_token": same + normal(*same.shape, scale=0.01),
        "token_weight": np.zeros(token, np.float32),
        "described_token_weight": np.zeros(token, np.float32),
        "of_line": normal(line, plan.compared_lines, scale=line**-0.5),
        "nearness": np.array([8.0, 4.0, 1.0], np.float32),
        "line": np.zeros(line, np.float32),
        "line_hidden": normal(line, plan.line_hidden, scale=line**-0.5),
        "hidden": normal(3 + plan.line_hidden, plan.hidden, scale=0.2),
        "hidden_out": np.zeros(plan.hidden, np.float32),
        "bias": np.array(-6.0, np.float32),
    }


def match_scores(
    network: Mapping[str, Tensor], batch: MatchBatch, dropout: float = 0.0, chance: torch.Generator | None = None
) -> Tensor:
    """As `Matcher.score`, for many lines and descriptions, with whole dimensions left out if there is a chance."""
    rows, owner, there = len(batch.lines), batch.owner, batch.there > 0
    tokens, described = both_dropped(batch.tokens, batch.described, dropout, chance)
    lines, described_lines = both_dropped(batch.lines, batch.described_lines, dropout, chance)
    same = torch.einsum(
        "cr,dtr->cdt", unit(tokens @ network["of_token"]), unit(described @ network["of_described_token"])
    )
    weights = (described @ network["described_token_weight"]).masked_fill(~there, -1e9).softmax(dim=-1)
    back = same.masked_fill(~there, -1.0).amax(dim=-1)
    looks = (tokens @ network["token_weight"]).clamp(-8, 8).exp()
    total = sums_by(owner, looks, rows)
    near = torch.stack(
        [
            torch.einsum("ndt,dt->nd", largest_by(owner, same, rows), weights),
            sums_by(owner, back * looks[:, None], rows) / (total[:, None] + 1e-6),
            unit(lines @ network["of_line"]) @ unit(described_lines @ network["of_line"]).T,
        ],
        dim=-1,
    )
    line = (lines @ network["line_hidden"])[:, None].expand(*near.shape[:2], -1)
    hidden = torch.cat([near * NEARNESS_SCALE, line], dim=-1) @ network["hidden"]
    hidden = torch.nn.functional.gelu(hidden, approximate="tanh")
    plain = near @ network["nearness"] + hidden @ network["hidden_out"]
    return plain + (lines @ network["line"])[:, None] + network["bias"]


def _loss(network: Network, begun: Network, batch: MatchBatch, plan: MatchPlan, chance: torch.Generator) -> Tensor:
    scores = match_scores(network, batch, plan.dropout, chance)
    each = torch.nn.functional.softplus(scores) - batch.labels * scores
    moved = torch.stack([((network[name] - begun[name]) ** 2).sum() for name in network if name not in _FREE]).sum()
    return (batch.weights * each).sum() / 100 + plan.decay * moved
