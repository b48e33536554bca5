"""A learned readout: how likely each label is, from the states of a few layers of the model at the line in question.

What a model has understood of a line stands in the middle of its layers, ready to be read by a linear classifier; its
last layers are busy with the next word. A readout is one weight vector a label over these states, a logistic regression
trained on labelled turns. It is data only (safetensors), and bound to one version of a template and to one model file
by their hashes: with any other it is refused.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ausweis.errors import PromptError

__all__ = ["SCHEMA", "Readout", "features"]

SCHEMA = "ausweis/readout@2"


@dataclass(frozen=True)
class Readout:
    """Labels with their weights.

    `layers`: whose states are read, numbered from 0, in rising order. `weights`: float32, shape (labels, features),
    features as `features` gives them. `bias`: float32, shape (labels,). The probability of a label is the logistic
    function of `weights @ features + bias`.
    """

    labels: tuple[str, ...]
    layers: tuple[int, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    template: str
    template_sha256: str
    model_sha256: str
    notes: str
    dialogue: tuple[float, ...] = ()
    """Weights of what speaks for a factor (`reading.dialogue`), the last one a bias; none: the line alone counts."""
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
                layers=tuple(about["layers"]),
                weights=parts["weights"].astype(np.float32),
                bias=parts["bias"],
                template=about["template"],
                template_sha256=about["template_sha256"],
                model_sha256=about["model_sha256"],
                notes=about["notes"],
                dialogue=tuple(about["dialogue"]),
                sha256=hashlib.sha256(data).hexdigest(),
            )
        except (OSError, SafetensorError, KeyError, TypeError, ValueError):
            raise PromptError("is no readout, or a broken one: train it again", place=str(path)) from None
        shapes = (readout.weights.shape[:1], readout.bias.shape)
        if about.get("schema") != SCHEMA or shapes != ((len(readout.labels),),) * 2:
            raise PromptError("is no readout of this kind: train it again", place=str(path))
        return readout

    def save(self, path: Path) -> None:
        """Write the file, weights at half precision; the same readout gives the same bytes."""
        from safetensors.numpy import save_file

        about = {
            "schema": SCHEMA,
            "labels": self.labels,
            "layers": self.layers,
            "template": self.template,
            "template_sha256": self.template_sha256,
            "model_sha256": self.model_sha256,
            "notes": self.notes,
            "dialogue": self.dialogue,
        }
        parts = {"weights": self.weights.astype(np.float16), "bias": self.bias}
        # One entry: several would be written in an order of their own each time.
        metadata = {"about": json.dumps(about, sort_keys=True)}
        save_file({name: np.ascontiguousarray(part) for name, part in parts.items()}, path, metadata=metadata)

    def only(self, labels: Sequence[str]) -> "Readout":
        """The same readout for some of its labels, in this order."""
        rows = [self.labels.index(label) for label in labels]
        return replace(self, labels=tuple(labels), weights=self.weights[rows], bias=self.bias[rows])

    def probabilities(self, states: NDArray[np.float32]) -> tuple[float, ...]:
        """The probability of each label, in the order of the labels; each for itself, they need not sum to 1.

        `states`: shape (2, layers, width), as `Trunk.states` gives them.
        """
        scores = self.weights.astype(np.float64) @ features(states) + self.bias
        values: Any = 1.0 / (1.0 + np.exp(-scores))
        return tuple(round(float(value), 4) for value in values)


def features(states: NDArray[np.float32]) -> NDArray[np.float32]:
    """All numbers of the states as one vector, each layer's brought to length 1: layers differ in scale, lines too."""
    lengths = np.linalg.norm(states, axis=-1, keepdims=True)
    vector: NDArray[np.float32] = (states / np.maximum(lengths, 1e-6)).reshape(-1).astype(np.float32)
    return vector
