"""A learned readout: how likely each label is, from the logits of a few fixed tokens at the answer's place.

The logits at some thousand fixed tokens are a linear image of what the model computed. A readout is one weight vector
a label over them, a logistic regression trained on labelled turns. It is data only (safetensors), and bound to one
version of a template and to one model file by their hashes: with any other it is refused.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ausweis.errors import PromptError

__all__ = ["SCHEMA", "Readout"]

SCHEMA = "ausweis/readout@1"


@dataclass(frozen=True)
class Readout:
    """Labels with their weights.

    `tokens`: int32, shape (n,), the ids of the tokens. `weights`: float32, shape (labels, n). `bias`: float32, shape
    (labels,). The probability of a label is the logistic function of `weights @ x + bias`, with `x` the logits at the
    tokens, their mean taken off.
    """

    labels: tuple[str, ...]
    tokens: NDArray[np.int32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    template: str
    template_sha256: str
    model_sha256: str
    notes: str
    sha256: str = ""

    @classmethod
    def load(cls, path: Path) -> "Readout":
        """Read a readout file.

        Raises:
            PromptError: it is no readout, or its parts do not fit together.
        """
        from safetensors import SafetensorError, safe_open
        from safetensors.numpy import load

        try:
            data = path.read_bytes()
            parts = load(data)
            with safe_open(path, framework="numpy") as file:
                about = json.loads(file.metadata()["about"])
            readout = cls(
                labels=tuple(about["labels"]),
                tokens=parts["tokens"],
                weights=parts["weights"],
                bias=parts["bias"],
                template=about["template"],
                template_sha256=about["template_sha256"],
                model_sha256=about["model_sha256"],
                notes=about["notes"],
                sha256=hashlib.sha256(data).hexdigest(),
            )
        except (OSError, SafetensorError, KeyError, TypeError, ValueError):
            raise PromptError("is no readout, or a broken one: train it again", place=str(path)) from None
        shape = (len(readout.labels), len(readout.tokens))
        if about.get("schema") != SCHEMA or readout.weights.shape != shape or readout.bias.shape != shape[:1]:
            raise PromptError("is no readout of this kind: train it again", place=str(path))
        return readout

    def save(self, path: Path) -> None:
        """Write the file; the same readout gives the same bytes."""
        from safetensors.numpy import save_file

        about = {
            "schema": SCHEMA,
            "labels": self.labels,
            "template": self.template,
            "template_sha256": self.template_sha256,
            "model_sha256": self.model_sha256,
            "notes": self.notes,
        }
        parts = {"tokens": self.tokens, "weights": self.weights, "bias": self.bias}
        # One entry: several would be written in an order of their own each time.
        metadata = {"about": json.dumps(about, sort_keys=True)}
        save_file({name: np.ascontiguousarray(part) for name, part in parts.items()}, path, metadata=metadata)

    def features(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """The logits at the tokens, their mean taken off: shape (n,)."""
        picked: NDArray[np.float32] = logits[self.tokens]
        centred: NDArray[np.float32] = picked - picked.mean()
        return centred

    def probabilities(self, logits: NDArray[np.float32]) -> tuple[float, ...]:
        """The probability of each label, in the order of the labels; each for itself, they need not sum to 1."""
        scores = self.weights.astype(np.float64) @ self.features(logits) + self.bias
        values: Any = 1.0 / (1.0 + np.exp(-scores))
        return tuple(round(float(value), 6) for value in values)
