"""A learned matcher: how likely a line of a call is what a description says, whatever the description.

Both are read by the same template, each as a line; the matcher compares what the model understood of them, token by
token: for each token of the description the nearest one of the line, and the other way round (late interaction, as in
Khattab and Zaharia 2020, arXiv 2004.12832), over the middle layers. So a description costs one line to read, once, and
no call is read again for it. As a `Probe` it is data only (safetensors), and bound to template and model by hashes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.learned_file import LearnedFile
from ausweis.engines.probe import LineFeatures, Probe, features, gelu, probabilities_of

__all__ = ["MATCHER_PARTS", "NEARNESS_SCALE", "LineProbe", "Matcher", "softmax", "unit"]

Array = NDArray[np.float32]

MATCHER_PARTS: Mapping[str, str] = {
    "token_basis": "fd",
    "token_shift": "d",
    "described_token_shift": "d",
    "line_basis": "ge",
    "line_shift": "e",
    "described_line_shift": "e",
    "of_token": "mdr",
    "of_described_token": "mdr",
    "token_weight": "md",
    "described_token_weight": "md",
    "of_line": "mep",
    "nearness": "mn",
    "line": "me",
    "line_hidden": "meq",
    "hidden": "mhw",
    "hidden_out": "mw",
    "bias": "m",
}
"""What a matcher is made of, each with its shape.

f, g: features of a token, of a line; d, e: what is kept of them; m: networks; r, p: dimensions in which tokens and
lines are compared; n: the three ways to be near (`Matcher._nearness`); q: what the hidden layer sees of a line;
h: n + q; w: hidden units.
"""


NEARNESS_SCALE = 4.0
"""Of the nearness that the hidden layer sees, so that it is as large as the rest."""


class _Compared(NamedTuple):
    """A line or a description in the basis. `tokens`: (tokens, d); `line`: (e,)."""

    tokens: Array
    line: Array


@dataclass(frozen=True, kw_only=True)
class Matcher(LearnedFile):
    """Tells how far a line is what a description says."""

    SCHEMA = "ausweis/matcher@1"
    SHAPES = MATCHER_PARTS

    def score(self, line: LineFeatures, described: LineFeatures) -> float:
        """The log-odds that the line is what the description says."""
        part = self.parts
        said = self._compared(line, "token_shift", "line_shift")
        wanted = self._compared(described, "described_token_shift", "described_line_shift")
        near = np.stack([self._nearness(number, said, wanted) for number in range(len(part["bias"]))])
        seen = np.concatenate([near * NEARNESS_SCALE, np.einsum("e,meq->mq", said.line, part["line_hidden"])], axis=1)
        hidden = gelu(np.einsum("mh,mhw->mw", seen, part["hidden"]))
        each = (
            (near * part["nearness"]).sum(axis=1)
            + (hidden * part["hidden_out"]).sum(axis=1)
            + part["line"] @ said.line
            + part["bias"]
        )
        return float(each.mean())

    def _compared(self, seen: LineFeatures, token_shift: str, line_shift: str) -> _Compared:
        part = self.parts
        return _Compared(
            seen.tokens @ part["token_basis"] + part[token_shift], seen.line @ part["line_basis"] + part[line_shift]
        )

    def _nearness(self, number: int, said: _Compared, wanted: _Compared) -> Array:
        """How near the line is to the description, seen from its tokens, from the line's, and as a whole."""
        part = {name: self.parts[name][number] for name in MATCHER_PARTS if MATCHER_PARTS[name].startswith("m")}
        same = unit(said.tokens @ part["of_token"]) @ unit(wanted.tokens @ part["of_described_token"]).T
        weights = softmax(wanted.tokens @ part["described_token_weight"])
        back = softmax(np.clip(said.tokens @ part["token_weight"], -8, 8))
        whole = unit(said.line @ part["of_line"]) @ unit(wanted.line @ part["of_line"])
        return np.array([same.max(axis=0) @ weights, same.max(axis=1) @ back, whole], dtype=np.float32)


@dataclass(frozen=True)
class LineProbe:
    """What is told of a line at once: the labels of a probe, and how far it is what each description says.

    The descriptions are the transcripts that a transcript has in `compared`, in this order. Both were made for one
    template, and for the same layers.
    """

    probe: Probe | None
    matcher: Matcher
    descriptions: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Those of the probe, then the descriptions."""
        return (*(self.probe.labels if self.probe else ()), *self.descriptions)

    @property
    def layers(self) -> tuple[int, ...]:
        """Whose states are read."""
        return self.matcher.layers

    @property
    def model_sha256(self) -> str:
        """Of which model."""
        return self.matcher.model_sha256

    @property
    def adapter_sha256(self) -> str:
        """With which adapter of the model."""
        return self.matcher.adapter_sha256

    @cached_property
    def sha256(self) -> str:
        """Over both, for the key of recorded answers."""
        return "+".join([*([self.probe.sha256] if self.probe else []), self.matcher.sha256])

    def probabilities(self, states: Array, compared: Sequence[Array]) -> tuple[float, ...]:
        """Of each label. `states`, `compared`: shape (tokens, layers, width), of the line and of each description."""
        told = self.probe.probabilities(states) if self.probe else ()
        line = features(states)
        return (*told, *probabilities_of([self.matcher.score(line, features(description)) for description in compared]))


def unit(values: Array) -> Array:
    """Each vector, along the last axis, brought to length 1."""
    lengths: Any = np.sqrt((values * values).sum(axis=-1, keepdims=True) + 1e-6)
    shortened: Array = (values / lengths).astype(np.float32)
    return shortened


def softmax(values: Array) -> Array:
    """Shares of 1 along the last axis."""
    risen = np.exp(values - values.max(axis=-1, keepdims=True))
    shares: Array = (risen / risen.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares
