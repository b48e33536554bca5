"""What a matcher is learned from: calls that were asked by descriptions, in the directions in which lines differ."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.probe import LineFeatures

__all__ = ["AskedCall", "CallInBasis", "Described", "Descriptions", "basis_of", "described_in", "in_basis"]

Array = NDArray[np.float32]

BASIS_CALLS = 150
"""Calls that the directions are found from in which lines differ most."""


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


class CallInBasis(NamedTuple):
    """A call in the basis: tokens (t, d), the line of each, and lines (n, e)."""

    tokens: NDArray[np.float16]
    owner: NDArray[np.int32]
    lines: Array
    asked: dict[int, Array]
    first: int


class Descriptions(NamedTuple):
    """All descriptions, filled up: tokens (k, t, d), which of them are there (k, t), and lines (k, e)."""

    tokens: Array
    there: Array
    lines: Array


def basis_of(
    calls: Sequence[AskedCall], descriptions: Sequence[Described], token_dimensions: int, line_dimensions: int
) -> dict[str, Array]:
    """Principal directions, each scaled by the root of its spread: half way to equal spreads."""
    lines_seen = [line for call in calls[:: -(-len(calls) // BASIS_CALLS)] for line in call.seen]
    tokens, token_shift = _directions(np.concatenate([line.tokens[::3] for line in lines_seen]), token_dimensions)
    lines, line_shift = _directions(np.stack([line.line for line in lines_seen]), line_dimensions)
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


def in_basis(call: AskedCall, basis: dict[str, Array]) -> CallInBasis:
    """The call in these directions, its tokens at half precision."""
    tokens = np.concatenate([line.tokens for line in call.seen]) @ basis["token_basis"] + basis["token_shift"]
    lines = np.stack([line.line for line in call.seen]) @ basis["line_basis"] + basis["line_shift"]
    owner = np.repeat(np.arange(len(call.seen), dtype=np.int32), [len(line.tokens) for line in call.seen])
    return CallInBasis(tokens.astype(np.float16), owner, lines.astype(np.float32), call.asked, call.first)


def described_in(basis: dict[str, Array], descriptions: Sequence[Described]) -> Descriptions:
    """The descriptions in these directions."""
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
    return Descriptions(tokens, there, lines.astype(np.float32))
