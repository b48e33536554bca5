"""The network of a matcher of words, learned: what a line does with each word that its call is asked about.

As the network of a matcher of incidents, with an output for each verb, and with products of line and description, by
which a line that gives something is told from one that gives this. The loss pulls towards the beginning, at which
likeness is the cosine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ausweis.engines.matcher import NEARNESS_SCALE
from ausweis.engines.word_matcher import VERBS, DescribedWords
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
from ausweis.training.matcher_data import CallInBasis
from ausweis.training.word_calls import WordCall

__all__ = ["Described", "WordPlan", "learn_network", "word_scores"]

Array = NDArray[np.float32]
Described = Sequence[DescribedWords]
"""For each word its wordings, as a matcher has them ready."""

_PULLED = (
    *("of_token", "of_described_token", "token_weight", "described_token_weight", "of_line", "line_hidden"),
    *("line_pair", "described_line_pair", "hidden", "line"),
)
"""What is pulled back to where it began."""


@dataclass(frozen=True)
class WordPlan:
    """How much is learned, and how long. `known`: what a known word weighs against an own one."""

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
    calls_at_once: int = 16
    known: float = 0.3


def learn_network(
    calls: Sequence[WordCall], described: Described, own: Sequence[bool], plan: WordPlan, seed: int
) -> dict[str, Array]:
    """One network: the parts of a `WordMatcher` without the first axis, the basis and the weighing.

    `own`: which of the words are a company's own.
    """
    device = device_of()
    order, chance = np.random.default_rng(seed), chance_of(seed, device)
    network = network_from(_beginning(calls[0].lines, plan, order), device)
    begun = {name: network[name].detach().clone() for name in _PULLED}
    steps = plan.rounds * -(-len(calls) // plan.calls_at_once)
    optimiser = Optimiser([{"params": list(network.values()), "lr": plan.rate, "weight_decay": 0.0}], steps)
    for _ in range(plan.rounds):
        shuffled = order.permutation(len(calls))
        for start in range(0, len(shuffled), plan.calls_at_once):
            chosen = [calls[place] for place in shuffled[start : start + plan.calls_at_once]]
            losses = [_loss(network, call, _wordings(call, described, order), own, plan, chance) for call in chosen]
            pull = sum(((network[name] - part) ** 2).sum() for name, part in begun.items())
            optimiser.step(torch.stack(losses).sum() / plan.calls_at_once + plan.decay * pull)
    return arrays_of(network)


def word_scores(networks: Sequence[Mapping[str, Array]], call: WordCall, described: Described) -> Array:
    """The log-odds of each line, word and verb, averaged over networks, by the first wording of each word."""
    device = device_of()
    words = _joined([(described[place], 0) for place in call.words])
    with torch.no_grad():
        each = [
            _scores({name: torch.tensor(part, device=device) for name, part in network.items()}, call.lines, words)
            for network in networks
        ]
        mean: Array = torch.stack(each).mean(dim=0).cpu().numpy()
    return mean


def _wordings(call: WordCall, described: Described, order: np.random.Generator) -> DescribedWords:
    """Of each word that the call is asked about one wording by chance."""
    return _joined([(described[place], int(order.integers(len(described[place].lines)))) for place in call.words])


def _joined(chosen: Sequence[tuple[DescribedWords, int]]) -> DescribedWords:
    longest = max(int(words.there[place].sum()) for words, place in chosen)
    tokens = np.zeros((len(chosen), longest, chosen[0][0].tokens.shape[2]), np.float32)
    there = np.zeros((len(chosen), longest), np.bool_)
    for row, (words, place) in enumerate(chosen):
        size = int(words.there[place].sum())
        tokens[row, :size], there[row, :size] = words.tokens[place, :size], True
    return DescribedWords(tokens, there, np.stack([words.lines[place] for words, place in chosen]))


def _loss(
    network: Network,
    call: WordCall,
    words: DescribedWords,
    own: Sequence[bool],
    plan: WordPlan,
    chance: torch.Generator,
) -> Tensor:
    """The cross-entropy of all that is known of a call's lines."""
    scores = _scores(network, call.lines, words, plan.dropout, chance)
    told = torch.from_numpy(call.told).to(scores.device)
    weights = torch.tensor([1.0 if own[place] else plan.known for place in call.words], device=scores.device)
    each = functional.binary_cross_entropy_with_logits(scores, told.nan_to_num(), reduction="none")
    return (each * weights[None, :, None] * ~told.isnan()).sum() / _LOSS_SCALE


_LOSS_SCALE = 20.0
"""About the lines of a call."""


def _beginning(call: CallInBasis, plan: WordPlan, chance: np.random.Generator) -> dict[str, Array]:
    token, line = call.tokens.shape[1], call.lines.shape[1]
    verbs = len(VERBS)

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
        "hidden_out": np.zeros((plan.hidden, verbs), np.float32),
        "nearness": np.repeat(np.array([[8.0], [4.0], [1.0]], np.float32), verbs, axis=1),
        "line": np.zeros((line, verbs), np.float32),
        "bias": np.full(verbs, -6.0, np.float32),
    }


def _scores(
    network: Mapping[str, Tensor],
    call: CallInBasis,
    words: DescribedWords,
    dropout: float = 0.0,
    chance: torch.Generator | None = None,
) -> Tensor:
    """As `WordMatcher.scores`, for all lines of a call: shape (lines, words, verbs)."""
    device = network["bias"].device
    owner = torch.from_numpy(call.owner.astype(np.int64)).to(device)
    seen_lines = torch.from_numpy(call.lines.astype(np.float32)).to(device)
    seen_tokens = torch.from_numpy(call.tokens.astype(np.float32)).to(device)
    asked_tokens, asked_lines, there = (
        torch.from_numpy(part).to(device) for part in (words.tokens, words.lines, words.there)
    )
    tokens, described = both_dropped(seen_tokens, asked_tokens, dropout, chance)
    lines, described_lines = both_dropped(seen_lines, asked_lines, dropout, chance)
    count, longest, _ = described.shape
    wanted = unit(described @ network["of_described_token"]).reshape(count * longest, -1)
    same = (unit(tokens @ network["of_token"]) @ wanted.T).reshape(-1, count, longest)
    same = same.masked_fill(~there, -1.0)
    weights = (described @ network["described_token_weight"]).masked_fill(~there, -1e9).softmax(dim=-1)
    looks = (tokens @ network["token_weight"]).clamp(-8, 8).exp()
    rows = len(lines)
    near = torch.stack(
        [
            (largest_by(owner, same, rows) * weights).sum(dim=-1),
            sums_by(owner, same.amax(dim=-1) * looks[:, None], rows) / sums_by(owner, looks, rows)[:, None],
            unit(lines @ network["of_line"]) @ unit(described_lines @ network["of_line"]).T,
        ],
        dim=-1,
    )
    of_line = (lines @ network["line_hidden"])[:, None].expand(-1, count, -1)
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
