"""The network of a matcher, learned: what a line does with each description that its call is asked about.

Products of line and description tell a line that gives something from one that gives this. AdamW's decay would pull
towards nothing; here the loss pulls towards the beginning, at which likeness is the cosine.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from evals.lab.training.learning import (
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
from evals.lab.training.matcher_data import CallInBasis, MatchedCall
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ausweis.engines.matcher import NEARNESS_SCALE, Descriptions

__all__ = ["MatchPlan", "by_description", "by_question", "learn_network", "match_scores"]

Array = NDArray[np.float32]
Compared = Callable[[MatchedCall, np.random.Generator | None], Descriptions]
"""What the lines of a call are compared with, for each of its descriptions; by chance, where there is a choice."""

_PULLED = (
    *("of_token", "of_described_token", "token_weight", "described_token_weight", "of_line", "line_hidden"),
    *("line_pair", "described_line_pair", "hidden", "line"),
)
"""What is pulled back to where it began."""


@dataclass(frozen=True)
class MatchPlan:
    """How much is learned, and how long. `others_weigh`: what a description weighs that is none of the call's own.

    `drawn`: descriptions that a call is asked about besides, others each time, and `drawn_weigh` is what each weighs.
    `question_rounds`: of the networks for questions, which see fewer descriptions in a round.
    """

    token_dimensions: int = 192
    line_dimensions: int = 256
    compared: int = 128
    compared_lines: int = 64
    line_hidden: int = 16
    pair: int = 16
    hidden: int = 32
    rate: float = 2e-3
    decay: float = 3e-3
    dropout: float = 0.2
    rounds: int = 8
    question_rounds: int = 20
    calls_at_once: int = 16
    others_weigh: float = 0.3
    drawn: int = 24
    drawn_weigh: float = 0.05


def by_description(described: Sequence[Descriptions]) -> Compared:
    """With descriptions: by chance one of the wordings, or the first. `described`: the wordings of each."""

    def compared(call: MatchedCall, order: np.random.Generator | None) -> Descriptions:
        wordings = (described[place] for place in call.described)
        return _joined([(some, int(order.integers(len(some.lines))) if order else 0) for some in wordings])

    return compared


def by_question(call: MatchedCall, _: np.random.Generator | None) -> Descriptions:
    """With the questions after the call."""
    if call.questions is None:
        raise ValueError("no question was asked after the call")
    return call.questions


def learn_network(
    calls: Sequence[MatchedCall], compared: Compared, plan: MatchPlan, seed: int, others: Sequence[int] = ()
) -> dict[str, Array]:
    """One network: the `NETWORK_PARTS` of a `Matcher` without the first axis.

    `others`: places of descriptions that happen in no call which is not asked about them; from these is drawn.
    """
    device = device_of()
    order, chance = np.random.default_rng(seed), chance_of(seed, device)
    network = network_from(_beginning(calls[0], plan, order), device)
    begun = {name: network[name].detach().clone() for name in _PULLED}
    steps = plan.rounds * -(-len(calls) // plan.calls_at_once)
    optimiser = Optimiser([{"params": list(network.values()), "lr": plan.rate, "weight_decay": 0.0}], steps)
    for _ in range(plan.rounds):
        shuffled = order.permutation(len(calls))
        for start in range(0, len(shuffled), plan.calls_at_once):
            losses = []
            for place in shuffled[start : start + plan.calls_at_once]:
                drawn = _drawn(calls[place], others, plan, order)
                call = calls[place].asked_besides(drawn)
                weights = [1.0 if own else plan.others_weigh for own in calls[place].own]
                weights += [plan.drawn_weigh] * len(drawn)
                losses.append(_loss(network, call, compared(call, order), weights, plan, chance))
            pull = sum(((network[name] - part) ** 2).sum() for name, part in begun.items())
            optimiser.step(torch.stack(losses).sum() / plan.calls_at_once + plan.decay * pull)
    return arrays_of(network)


def match_scores(networks: Sequence[Mapping[str, Array]], call: MatchedCall, compared: Compared) -> Array:
    """The log-odds of each line, description and output, averaged over networks; of several wordings by the first."""
    device = device_of()
    described = compared(call, None)
    with torch.no_grad():
        each = [
            _scores({name: torch.tensor(part, device=device) for name, part in network.items()}, call.lines, described)
            for network in networks
        ]
        mean: Array = torch.stack(each).mean(dim=0).cpu().numpy()
    return mean


def _joined(chosen: Sequence[tuple[Descriptions, int]]) -> Descriptions:
    longest = max(int(wordings.there[place].sum()) for wordings, place in chosen)
    tokens = np.zeros((len(chosen), longest, chosen[0][0].tokens.shape[2]), np.float32)
    there = np.zeros((len(chosen), longest), np.bool_)
    for row, (wordings, place) in enumerate(chosen):
        size = int(wordings.there[place].sum())
        tokens[row, :size], there[row, :size] = wordings.tokens[place, :size], True
    return Descriptions(tokens, there, np.stack([wordings.lines[place] for wordings, place in chosen]))


def _drawn(call: MatchedCall, others: Sequence[int], plan: MatchPlan, order: np.random.Generator) -> list[int]:
    rest = [place for place in others if place not in call.described]
    return [int(place) for place in order.choice(rest, min(len(rest), plan.drawn), replace=False)] if rest else []


def _loss(
    network: Network,
    call: MatchedCall,
    described: Descriptions,
    weights: Sequence[float],
    plan: MatchPlan,
    chance: torch.Generator,
) -> Tensor:
    """The cross-entropy of all that is known of a call's lines. `weights`: of each description."""
    scores = _scores(network, call.lines, described, plan.dropout, chance)
    told = torch.from_numpy(call.told).to(scores.device)
    each = functional.binary_cross_entropy_with_logits(scores, told.nan_to_num(), reduction="none")
    each = each * torch.tensor(weights, device=scores.device)[None, :, None]
    return (each * ~told.isnan()).sum() / _LOSS_SCALE


_LOSS_SCALE = 20.0
"""About the lines of a call."""


def _beginning(call: MatchedCall, plan: MatchPlan, chance: np.random.Generator) -> dict[str, Array]:
    token, line, outputs = call.lines.tokens.shape[1], call.lines.lines.shape[1], call.told.shape[2]

    def normal(*shape: int, scale: float) -> Array:
        return chance.normal(0, scale, shape).astype(np.float32)

    same = np.eye(token, min(token, plan.compared), dtype=np.float32)
    return {
        "of_token": same + normal(*same.shape, scale=0.01),
        "of_described_token": same + normal(*same.shape, scale=0.01),
        "token_weight": np.zeros(token, np.float32),
        "described_token_weight": np.zeros(token, np.float32),
        "of_line": normal(line, plan.compared_lines, scale=line**-0.5),
        "line_hidden": normal(line, plan.line_hidden, scale=line**-0.5),
        "line_pair": normal(line, plan.pair, scale=line**-0.5),
        "described_line_pair": normal(line, plan.pair, scale=line**-0.5),
        "hidden": normal(3 + plan.line_hidden + plan.pair, plan.hidden, scale=0.2),
        "hidden_bias": np.zeros(plan.hidden, np.float32),
        "hidden_out": np.zeros((plan.hidden, outputs), np.float32),
        "nearness": np.repeat(np.array([[8.0], [4.0], [1.0]], np.float32), outputs, axis=1),
        "line": np.zeros((line, outputs), np.float32),
        "bias": np.full(outputs, -6.0, np.float32),
    }


def _scores(
    network: Mapping[str, Tensor],
    call: CallInBasis,
    asked: Descriptions,
    dropout: float = 0.0,
    chance: torch.Generator | None = None,
) -> Tensor:
    """As `Matcher.scores`, for all lines of a call: shape (lines, descriptions, outputs)."""
    device = network["bias"].device
    owner = torch.from_numpy(call.owner.astype(np.int64)).to(device)
    seen_lines = torch.from_numpy(call.lines.astype(np.float32)).to(device)
    seen_tokens = torch.from_numpy(call.tokens.astype(np.float32)).to(device)
    asked_tokens, asked_lines, there = (
        torch.from_numpy(part).to(device) for part in (asked.tokens, asked.lines, asked.there)
    )
    tokens, described = both_dropped(seen_tokens, asked_tokens, dropout, chance)
    lines, described_lines = both_dropped(seen_lines, asked_lines, dropout, chance)
    near = torch.stack(
        [
            *_near_by_tokens(network, tokens, owner, len(lines), described, there),
            unit(lines @ network["of_line"]) @ unit(described_lines @ network["of_line"]).T,
        ],
        dim=-1,
    )
    of_line = (lines @ network["line_hidden"])[:, None].expand(-1, len(described), -1)
    pair = (lines @ network["line_pair"])[:, None] * (described_lines @ network["described_line_pair"])[None]
    seen = torch.cat([near * NEARNESS_SCALE, of_line, pair], dim=-1)
    hidden = functional.gelu(seen @ network["hidden"] + network["hidden_bias"], approximate="tanh")
    told: Tensor = (
        near @ network["nearness"]
        + hidden @ network["hidden_out"]
        + (lines @ network["line"])[:, None]
        + network["bias"]
    )
    return told


def _near_by_tokens(
    network: Mapping[str, Tensor], tokens: Tensor, owner: Tensor, rows: int, described: Tensor, there: Tensor
) -> tuple[Tensor, Tensor]:
    """How near each line is to each description, by the tokens of the latter and of the former.

    Both of shape (lines, descriptions). `tokens`, `owner`: of all lines of a call, `rows` in number, as in
    `CallInBasis`; `described`, `there`: as in `Descriptions`.
    """
    count, longest, _ = described.shape
    wanted = unit(described @ network["of_described_token"]).reshape(count * longest, -1)
    same = (unit(tokens @ network["of_token"]) @ wanted.T).reshape(-1, count, longest)
    same = same.masked_fill(~there, -1.0)
    weights = (described @ network["described_token_weight"]).masked_fill(~there, -1e9).softmax(dim=-1)
    looks = (tokens @ network["token_weight"]).clamp(-8, 8).exp()
    by_described = (largest_by(owner, same, rows) * weights).sum(dim=-1)
    by_line = sums_by(owner, same.amax(dim=-1) * looks[:, None], rows) / sums_by(owner, looks, rows)[:, None]
    return by_described, by_line
