"""Adapters as files: what was learned written in whole numbers, and read again to go on from."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.weights.adapter import DOWN, SCHEMA, UP, parts_of

__all__ = ["load_adapter", "save_adapter"]

LARGEST = 2**15 - 1

Floats = NDArray[np.float32]
Numbers = NDArray[np.int16]


def load_adapter(path: Path) -> dict[str, tuple[Floats, Floats]]:
    """The pairs that `save_adapter` wrote; `down` as large as it is when learning begins, by its mean square.

    Raises:
        ModelError: the adapter cannot be read.
    """
    pairs: dict[str, tuple[Floats, Floats]] = {}
    for name, up, down, unit in parts_of(path):
        size = float(np.sqrt(np.mean(down.astype(np.float64) ** 2) * down.shape[1])) or 1.0
        pairs[name] = (np.ldexp(up * size, unit).astype(np.float32), (down / size).astype(np.float32))
    return pairs


def save_adapter(path: Path, pairs: Mapping[str, tuple[Floats, Floats]], notes: str) -> None:
    """Write an adapter: for each variable `up` (out, rank) and `down` (rank, in), whose product is added to it.

    The same numbers give the same bytes.
    """
    from safetensors.numpy import save

    parts: dict[str, Numbers] = {}
    units: dict[str, int] = {}
    for name, (up, down) in sorted(pairs.items()):
        parts[name + UP], first = _whole(up)
        parts[name + DOWN], second = _whole(down)
        units[name] = first + second
    about = {"schema": SCHEMA, "units": units, "notes": notes}
    # One entry: several would be written in an order of their own each time.
    path.write_bytes(save(parts, metadata={"about": json.dumps(about, sort_keys=True)}))


def _whole(matrix: Floats) -> tuple[Numbers, int]:
    """The matrix as whole numbers, and the exponent of two that is their unit."""
    largest = float(np.abs(matrix).max()) or 1.0
    unit = int(np.ceil(np.log2(largest / LARGEST)))
    return np.round(matrix / 2.0**unit).astype(np.int16), unit
