"""What a matcher is learned from: calls that are asked about descriptions, in the directions in which lines differ."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.heads import LineFeatures
from ausweis.engines.matcher import Descriptions
from ausweis.reading.chunks import Chunk

__all__ = ["CallInBasis", "MatchedCall", "basis_of", "call_in_basis", "question_shifts"]

Array = NDArray[np.float32]


class CallInBasis(NamedTuple):
    """A call in the basis: tokens (t, d), the line of each, and lines (n, e)."""

    tokens: NDArray[np.float16]
    owner: NDArray[np.int32]
    lines: Array


class MatchedCall(NamedTuple):
    """A call as it is learned from.

    `described`: the places of the descriptions that it is asked about; `own`: which of them it was labelled for, not
    chosen by chance or known everywhere. `told`: 1, 0, or nan where it is unknown or cannot be: shape (lines,
    descriptions, outputs). `group`: calls of one group are left out together. `questions`: those after it, in the
    basis, and in `answered` the column of the description that each is about. `answers`: what is told
    of each line besides, weighed, where that is evidence. `id`: the call's.
    """

    id: str
    lines: CallInBasis
    chunks: Sequence[Chunk]
    described: tuple[int, ...]
    own: tuple[bool, ...]
    told: Array
    group: str
    questions: Descriptions | None = None
    answered: tuple[int, ...] = ()
    answers: Sequence[dict[str, float]] = ()

    @property
    def of_questions(self) -> "MatchedCall":
        """The same call, asked about those descriptions alone that questions after it are about."""
        columns = list(self.answered)
        return self._replace(
            described=tuple(self.described[column] for column in columns),
            own=tuple(self.own[column] for column in columns),
            told=self.told[:, columns],
        )

    def asked_besides(self, places: Sequence[int]) -> "MatchedCall":
        """The same call, asked about these descriptions too, which happen in none of its lines, whoever speaks."""
        never = np.zeros((len(self.told), len(places), self.told.shape[2]), np.float32)
        return self._replace(
            described=(*self.described, *places),
            own=(*self.own, *[False] * len(places)),
            told=np.concatenate([self.told, never], axis=1),
        )

    def without(self, places: Collection[int]) -> "MatchedCall":
        """The same call, of which nothing is known about these descriptions."""
        told = self.told.copy()
        told[:, [place in places for place in self.described]] = np.nan
        return self._replace(told=told)


def basis_of(
    calls: Sequence[Sequence[LineFeatures]],
    descriptions: Sequence[LineFeatures],
    token_dimensions: int,
    line_dimensions: int,
) -> dict[str, Array]:
    """Principal directions of lines, each scaled by the root of its spread: half way to equal spreads."""
    seen = [line for call in calls for line in call]
    tokens, token_shift = _directions(np.concatenate([line.tokens[::3] for line in seen]), token_dimensions)
    lines, line_shift = _directions(np.stack([line.line for line in seen]), line_dimensions)
    basis = {"token_basis": tokens, "token_shift": token_shift, "line_basis": lines, "line_shift": line_shift}
    return basis | _shifts(basis, descriptions, "described")


def question_shifts(basis: dict[str, Array], questions: Sequence[LineFeatures]) -> dict[str, Array]:
    """What brings the mean of some questions to nought in the basis."""
    return _shifts(basis, questions, "question")


def _shifts(basis: dict[str, Array], seen: Sequence[LineFeatures], kind: str) -> dict[str, Array]:
    tokens = np.concatenate([one.tokens for one in seen]).mean(axis=0)
    lines = np.mean([one.line for one in seen], axis=0)
    return {
        f"{kind}_token_shift": -(tokens @ basis["token_basis"]),
        f"{kind}_line_shift": -(lines @ basis["line_basis"]),
    }


def _directions(values: Array, most: int) -> tuple[Array, Array]:
    from sklearn.decomposition import PCA

    components = PCA(min(most, *values.shape), random_state=0).fit(values)
    basis = components.components_.T / components.explained_variance_**0.25
    basis = (basis / ((values[:1000] - components.mean_) @ basis).std()).astype(np.float32)
    return basis, (-components.mean_ @ basis).astype(np.float32)


def call_in_basis(seen: Sequence[LineFeatures], basis: dict[str, Array]) -> CallInBasis:
    """The lines of a call in these directions, their tokens at half precision."""
    tokens = np.concatenate([line.tokens for line in seen]) @ basis["token_basis"] + basis["token_shift"]
    lines = np.stack([line.line for line in seen]) @ basis["line_basis"] + basis["line_shift"]
    owner = np.repeat(np.arange(len(seen), dtype=np.int32), [len(line.tokens) for line in seen])
    return CallInBasis(tokens.astype(np.float16), owner, lines.astype(np.float32))
