"""The networks of a probe, learned: attention pooling over the tokens of a line, and one hidden layer.

Method: several learned queries fetch from the tokens of a line (attention pooling, as in Yang et al. 2016), over the
middle states of a frozen language model (probing, Alain and Bengio 2016, arXiv 1610.01644). The loss is the
cross-entropy of each label for itself; AdamW with a cosine schedule, dropout on what comes in and on the hidden units.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.probe import LineFeatures

__all__ = ["Basis", "CallNumbers", "Plan", "basis_of", "learn_network", "scores_of"]

Array = NDArray[np.float32]
Network = dict[str, Any]


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
    import jax
    import optax

    chance = np.random.default_rng(seed)
    network = _beginning(calls, plan, chance) if start is None else dict(start)
    steps = plan.rounds * -(-len(calls) // plan.calls_at_once)
    schedule = optax.warmup_cosine_decay_schedule(0.0, plan.rate, max(1, steps // 10), max(2, steps))
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(
            schedule, b2=0.98, weight_decay=plan.decay, mask={name: part.ndim > 1 for name, part in network.items()}
        ),
    )
    memory = optimiser.init(network)

    @jax.jit
    def step(network: Network, memory: Any, batch: Network, key: Any) -> tuple[Network, Any]:
        slope = jax.grad(partial(_loss, dropout=plan.dropout))(network, batch, key)
        change, memory = optimiser.update(slope, memory, network)
        return optax.apply_updates(network, change), memory

    key = jax.random.PRNGKey(seed)
    for _ in range(plan.rounds):
        for chosen in _chosen(chance.permutation(len(calls)), plan.calls_at_once):
            key, step_key = jax.random.split(key)
            network, memory = step(
                network, memory, _batch([calls[place] for place in chosen], plan.calls_at_once), step_key
            )
    return {name: np.asarray(part) for name, part in network.items()}


def scores_of(network: Mapping[str, Array], calls: Sequence[CallNumbers], plan: Plan) -> list[Array]:
    """The log-odds of each line and label, call by call."""
    import jax

    run = jax.jit(_scores)
    found: list[Array] = []
    for chosen in _chosen(np.arange(len(calls)), plan.calls_at_once):
        scores = np.asarray(run(dict(network), _batch([calls[place] for place in chosen], plan.calls_at_once)))
        ends = np.cumsum([0, *(len(calls[place].lines) for place in chosen)])
        found += [scores[start:end] for start, end in pairwise(ends)]
    return found


def _chosen(order: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _batch(calls: Sequence[CallNumbers], size: int) -> Network:
    """The calls end to end, filled up to sizes of which there are few: each size is compiled once."""
    lines, tokens = sum(len(call.lines) for call in calls), sum(len(call.tokens) for call in calls)
    rows, cells = _rounded(lines + 1, 8 * size), _rounded(tokens, 128 * size)
    first = calls[0]
    batch: Network = {
        "tokens": np.zeros((cells, first.tokens.shape[1]), np.float32),
        "owner": np.full(cells, rows - 1, np.int32),
        "lines": np.zeros((rows, first.lines.shape[1]), np.float32),
        "labels": np.zeros((rows, first.labels.shape[1]), np.float32),
        "counts": np.zeros((rows, first.labels.shape[1]), np.float32),
    }
    row = cell = 0
    for one in calls:
        batch["tokens"][cell : cell + len(one.tokens)] = one.tokens
        batch["owner"][cell : cell + len(one.tokens)] = one.owner + row
        for name in ("lines", "labels", "counts"):
            batch[name][row : row + len(one.lines)] = getattr(one, name)
        row, cell = row + len(one.lines), cell + len(one.tokens)
    return batch


def _rounded(count: int, step: int) -> int:
    return -(-count // step) * step


def _beginning(calls: Sequence[CallNumbers], plan: Plan, chance: np.random.Generator) -> Network:
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


def _scores(network: Network, batch: Network, key: Any = None, dropout: float = 0.0) -> Any:
    """As `Probe.scores`, for many lines, with dropout if there is a key."""
    import jax
    import jax.numpy as jnp

    def dropped(values: Any, place: int) -> Any:
        if key is None:
            return values
        kept = jax.random.bernoulli(jax.random.fold_in(key, place), 1 - dropout, values.shape)
        return values * kept / (1 - dropout)

    rows = batch["lines"].shape[0]
    tokens, lines = dropped(batch["tokens"], 0), dropped(batch["lines"], 1)
    looks = tokens @ network["query"]
    most = jax.ops.segment_max(jax.lax.stop_gradient(looks), batch["owner"], rows)
    looks = jnp.exp(looks - most[batch["owner"]])
    total = jax.ops.segment_sum(looks, batch["owner"], rows)
    values = jnp.einsum("td,dhv->thv", tokens, network["value"])
    pooled = jax.ops.segment_sum(looks[..., None] * values, batch["owner"], rows) / (total[..., None] + 1e-9)
    hidden = lines @ network["line_hidden"] + jnp.einsum("rhv,hvw->rw", pooled, network["pooled_hidden"])
    hidden = dropped(jax.nn.gelu(hidden + network["hidden_bias"]), 2)
    return (
        hidden @ network["hidden_label"]
        + lines @ network["line_label"]
        + jnp.einsum("rhv,hvk->rk", pooled, network["pooled_label"])
        + network["label_bias"]
    )


def _loss(network: Network, batch: Network, key: Any, dropout: float) -> Any:
    import jax.numpy as jnp

    scores = _scores(network, batch, key, dropout)
    each = jnp.logaddexp(0.0, scores) - batch["labels"] * scores
    return (batch["counts"] * each).sum() / (batch["counts"].max(axis=1).sum() + 1e-9)
