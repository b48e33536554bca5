"""Learns a matcher from calls that were asked by descriptions: what a description says, whatever it is.

A line is compared with the descriptions that its call is labelled for, and with others by chance, which it is hardly
ever. The calls of a description are left out together, so what is measured, and calibrated by (Platt 1999), are
descriptions that nobody has learned from. AdamW's decay pulls towards the beginning, at which likeness is the cosine.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.matcher import NEARNESS_SCALE, Matcher
from ausweis.engines.probe import LineFeatures
from ausweis.prompts import Template

__all__ = ["AskedCall", "Described", "LeftOut", "MatchPlan", "learn_matcher"]

Array = NDArray[np.float32]
Network = dict[str, Any]

FOLDS = 4
NETWORKS = 2
"""Their scores are averaged."""
BASIS_CALLS = 150
"""Calls that the directions are found from in which lines differ most."""
_SCALED = ("nearness", "hidden_out", "line", "bias")
"""What the score is linear in."""
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


class Described(NamedTuple):
    """A description that was asked for, as the model understood it."""

    text: str
    seen: LineFeatures


class AskedCall(NamedTuple):
    """A call. `asked`: by the place of a description, what is true of each line: 1, 0, or nan where it is unknown.

    `first`: the description that it was written or chosen for.
    """

    seen: list[LineFeatures]
    asked: dict[int, Array]
    first: int


class LeftOut(NamedTuple):
    """A call and a description of its own, with the log-odds of each line by networks that have seen neither."""

    call: int
    description: int
    scores: Array


class _Call(NamedTuple):
    """A call in the basis: tokens (t, d), the line of each, and lines (n, e)."""

    tokens: NDArray[np.float16]
    owner: NDArray[np.int32]
    lines: Array
    asked: dict[int, Array]
    first: int


class _Descriptions(NamedTuple):
    """All descriptions, filled up: tokens (k, t, d), which of them are there (k, t), and lines (k, e)."""

    tokens: Array
    there: Array
    lines: Array

    def some(self, places: Sequence[int]) -> "_Descriptions":
        chosen = list(places)
        return _Descriptions(self.tokens[chosen], self.there[chosen], self.lines[chosen])


def learn_matcher(
    calls: Sequence[AskedCall],
    descriptions: Sequence[Described],
    template: Template,
    model_sha256: str,
    layers: tuple[int, ...],
    notes: str,
    plan: MatchPlan,
    on_left_out: Callable[[Sequence[LeftOut]], None] = lambda told: None,
) -> Matcher:
    """The matcher of a template. `on_left_out` is told the scores of each call by networks that have not seen it."""
    basis = _basis_of(calls, descriptions, plan)
    told = [_in_basis(call, basis) for call in calls]
    asked = _described(descriptions, basis)
    left_out = _left_out(told, asked, plan)
    on_left_out(left_out)
    slope, offset = _calibration(calls, left_out)
    every = range(len(asked.lines))
    networks = [_learn(told, every, asked, plan, seed) for seed in range(NETWORKS)]
    parts = {name: np.stack([network[name] for network in networks]) for name in networks[0]}
    parts |= {name: parts[name] * slope for name in _SCALED}
    parts["bias"] = parts["bias"] + offset
    lines = sum(len(call.lines) for call in told)
    about = {"about": notes, "calls": len(calls), "descriptions": len(descriptions), "lines": lines}
    return Matcher(
        layers=layers,
        parts={name: part.astype(np.float32) for name, part in {**basis, **parts}.items()},
        template=template.name,
        template_sha256=template.sha256,
        model_sha256=model_sha256,
        notes=json.dumps(about),
    )


def _basis_of(calls: Sequence[AskedCall], descriptions: Sequence[Described], plan: MatchPlan) -> dict[str, Array]:
    """Principal directions, each scaled by the root of its spread: half way to equal spreads."""
    lines_seen = [line for call in calls[:: -(-len(calls) // BASIS_CALLS)] for line in call.seen]
    tokens, token_shift = _directions(np.concatenate([line.tokens[::3] for line in lines_seen]), plan.token_dimensions)
    lines, line_shift = _directions(np.stack([line.line for line in lines_seen]), plan.line_dimensions)
    described = np.concatenate([description.seen.tokens for description in descriptions])
    return {
        "token_basis": tokens,
        "token_shift": token_shift,
        "described_token_shift": -(described.mean(axis=0) @ tokens),
        "line_basis": lines,
        "line_shift": line_shift,
        "described_line_shift": -(np.mean([description.seen.line for description in descriptions], axis=0) @ lines),
    }


def _directions(values: Array, most: int) -> tuple[Array, Array]:
    from sklearn.decomposition import PCA

    components = PCA(min(most, *values.shape), random_state=0).fit(values)
    basis = components.components_.T / components.explained_variance_**0.25
    basis = (basis / ((values[:1000] - components.mean_) @ basis).std()).astype(np.float32)
    return basis, (-components.mean_ @ basis).astype(np.float32)


def _in_basis(call: AskedCall, basis: dict[str, Array]) -> _Call:
    tokens = np.concatenate([line.tokens for line in call.seen]) @ basis["token_basis"] + basis["token_shift"]
    lines = np.stack([line.line for line in call.seen]) @ basis["line_basis"] + basis["line_shift"]
    owner = np.repeat(np.arange(len(call.seen), dtype=np.int32), [len(line.tokens) for line in call.seen])
    return _Call(tokens.astype(np.float16), owner, lines.astype(np.float32), call.asked, call.first)


def _described(descriptions: Sequence[Described], basis: dict[str, Array]) -> _Descriptions:
    longest = max(len(description.seen.tokens) for description in descriptions)
    dimensions = basis["token_basis"].shape[1]
    tokens = np.zeros((len(descriptions), longest, dimensions), np.float32)
    there = np.zeros((len(descriptions), longest), np.float32)
    for place, description in enumerate(descriptions):
        size = len(description.seen.tokens)
        tokens[place, :size] = description.seen.tokens @ basis["token_basis"] + basis["described_token_shift"]
        there[place, :size] = 1
    lines = (
        np.stack([description.seen.line for description in descriptions]) @ basis["line_basis"]
        + basis["described_line_shift"]
    )
    return _Descriptions(tokens, there, lines.astype(np.float32))


def _left_out(calls: Sequence[_Call], asked: _Descriptions, plan: MatchPlan) -> list[LeftOut]:
    """Each call by a network that has seen neither it nor its first description."""
    import jax

    run = jax.jit(_scores)
    left_out: list[LeftOut] = []
    for fold in range(FOLDS):
        held = {place for place in range(len(asked.lines)) if place % FOLDS == fold}
        seen = [call for call in calls if call.first not in held]
        if not seen:
            continue
        network = _learn(seen, [place for place in range(len(asked.lines)) if place not in held], asked, plan, 0)
        for number, call in enumerate(calls):
            if call.first in held:
                places = list(call.asked)
                scores = np.asarray(run(network, *_batch([call], places, plan, 8)[:3], *asked.some(places)))
                left_out += [
                    LeftOut(number, place, scores[: len(call.lines), column]) for column, place in enumerate(places)
                ]
    return left_out


def _calibration(calls: Sequence[AskedCall], left_out: Sequence[LeftOut]) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    truth = np.concatenate([calls[answer.call].asked[answer.description] for answer in left_out])
    score = np.concatenate([answer.scores for answer in left_out])
    known = ~np.isnan(truth)
    model = LogisticRegression(C=1.0).fit(score[known][:, None], truth[known] > 0)
    return max(float(model.coef_[0][0]), 0.1), float(model.intercept_[0])


def _learn(
    calls: Sequence[_Call], places: Sequence[int], asked: _Descriptions, plan: MatchPlan, seed: int
) -> dict[str, Array]:
    """One network: the parts of a `Matcher` without the first axis and the basis."""
    import jax
    import optax

    chance = np.random.default_rng(seed)
    beginning = _beginning(calls[0], asked, plan, chance)
    network: Network = dict(beginning)
    steps = plan.rounds * -(-len(calls) // plan.calls_at_once)
    schedule = optax.warmup_cosine_decay_schedule(0.0, plan.rate, max(1, steps // 10), max(2, steps))
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule, b2=0.98))
    memory = optimiser.init(network)

    @jax.jit
    def step(network: Network, memory: Any, key: Any, *batch: Any) -> tuple[Network, Any]:
        slope = jax.grad(partial(_loss, beginning=beginning, plan=plan))(network, key, *batch)
        change, memory = optimiser.update(slope, memory, network)
        return optax.apply_updates(network, change), memory

    key = jax.random.PRNGKey(seed)
    for _ in range(plan.rounds):
        order = chance.permutation(len(calls))
        for start in range(0, len(order), plan.calls_at_once):
            chosen = [calls[place] for place in order[start : start + plan.calls_at_once]]
            described = _some_places(chosen, places, plan, chance)
            key, step_key = jax.random.split(key)
            tokens, owner, lines, labels, weights = _batch(chosen, described, plan, plan.calls_at_once)
            network, memory = step(
                network, memory, step_key, tokens, owner, lines, *asked.some(described), labels, weights
            )
    return {name: np.asarray(part) for name, part in network.items()}


def _some_places(
    calls: Sequence[_Call], places: Sequence[int], plan: MatchPlan, chance: np.random.Generator
) -> list[int]:
    """The descriptions of the calls, as far as they may be seen, and others by chance."""
    allowed = set(places)
    own = list(dict.fromkeys(place for call in calls for place in call.asked if place in allowed))
    own = own[: plan.descriptions_at_once]
    rest = [place for place in places if place not in set(own)]
    more = min(len(rest), plan.descriptions_at_once - len(own))
    return [*own, *(int(place) for place in chance.choice(rest, more, replace=False))] if rest else own


def _batch(
    calls: Sequence[_Call], places: Sequence[int], plan: MatchPlan, size: int = 1
) -> tuple[Array, NDArray[np.int32], Array, Array, Array]:
    """The calls end to end, filled up to sizes of which there are few: tokens, owners, lines, labels and weights."""
    lines, tokens = sum(len(call.lines) for call in calls), sum(len(call.tokens) for call in calls)
    rows, cells = _rounded(lines + 1, 8 * size), _rounded(tokens, 128 * size)
    first = calls[0]
    told = np.zeros((cells, first.tokens.shape[1]), np.float32)
    owner = np.full(cells, rows - 1, np.int32)
    every = np.zeros((rows, first.lines.shape[1]), np.float32)
    labels, weights = (np.zeros((rows, len(places)), np.float32) for _ in range(2))
    row = cell = 0
    for one in calls:
        ends = row + len(one.lines)
        told[cell : cell + len(one.tokens)] = one.tokens
        owner[cell : cell + len(one.tokens)] = one.owner + row
        every[row:ends] = one.lines
        weights[row:ends] = plan.others
        for column, place in enumerate(places):
            if (truth := one.asked.get(place)) is not None:
                labels[row:ends, column] = np.nan_to_num(truth)
                weights[row:ends, column] = ~np.isnan(truth)
        row, cell = ends, cell + len(one.tokens)
    return told, owner, every, labels, weights


def _rounded(count: int, step: int) -> int:
    return -(-count // step) * step


def _beginning(first: _Call, asked: _Descriptions, plan: MatchPlan, chance: np.random.Generator) -> dict[str, Array]:
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


def _scores(
    network: Network,
    tokens: Any,
    owner: Any,
    lines: Any,
    described: Any,
    there: Any,
    described_lines: Any,
    key: Any = None,
    dropout: float = 0.0,
) -> Any:
    """As `Matcher.score`, for many lines and descriptions, with dropout of whole dimensions if there is a key."""
    import jax
    import jax.numpy as jnp

    def dropped(values: Any, place: int) -> Any:
        if key is None:
            return values
        kept = jax.random.bernoulli(jax.random.fold_in(key, place), 1 - dropout, values.shape[-1:])
        return values * kept / (1 - dropout)

    def unit(values: Any) -> Any:
        return values * jax.lax.rsqrt((values * values).sum(-1, keepdims=True) + 1e-6)

    rows = lines.shape[0]
    tokens, described = dropped(tokens, 0), dropped(described, 0)
    lines, described_lines = dropped(lines, 1), dropped(described_lines, 1)
    same = jnp.einsum(
        "cr,dtr->cdt", unit(tokens @ network["of_token"]), unit(described @ network["of_described_token"])
    )
    best = jax.ops.segment_max(same, owner, rows)
    best = jnp.where(jnp.isfinite(best), best, 0.0)
    weights = jax.nn.softmax(jnp.where(there > 0, described @ network["described_token_weight"], -1e9), axis=-1)
    back = jnp.where(there[None] > 0, same, -1.0).max(-1)
    looks = jnp.exp(jnp.clip(tokens @ network["token_weight"], -8, 8))
    total = jax.ops.segment_sum(looks, owner, rows)
    near = jnp.stack(
        [
            jnp.einsum("ndt,dt->nd", best, weights),
            jax.ops.segment_sum(back * looks[:, None], owner, rows) / (total[:, None] + 1e-6),
            unit(lines @ network["of_line"]) @ unit(described_lines @ network["of_line"]).T,
        ],
        axis=-1,
    )
    line = (lines @ network["line_hidden"])[:, None]
    line = jnp.broadcast_to(line, (*near.shape[:2], line.shape[-1]))
    hidden = jax.nn.gelu(jnp.concatenate([near * NEARNESS_SCALE, line], -1) @ network["hidden"])
    plain = near @ network["nearness"] + hidden @ network["hidden_out"]
    return plain + (lines @ network["line"])[:, None] + network["bias"]


def _loss(
    network: Network,
    key: Any,
    tokens: Any,
    owner: Any,
    lines: Any,
    described: Any,
    there: Any,
    described_lines: Any,
    labels: Any,
    weights: Any,
    *,
    beginning: Network,
    plan: MatchPlan,
) -> Any:
    import jax.numpy as jnp

    scores = _scores(network, tokens, owner, lines, described, there, described_lines, key, plan.dropout)
    each = jnp.logaddexp(0.0, scores) - labels * scores
    moved = sum(((network[name] - beginning[name]) ** 2).sum() for name in network if name not in _FREE)
    return (weights * each).sum() / 100 + plan.decay * moved
