"""Adapters: what they add to a file of weights, and that it is the same bytes everywhere."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save

from ausweis.engines.weights.adapter import DOWN, SCHEMA, UP, adapted, variables
from ausweis.errors import ModelError

Floats = NDArray[np.float32]


def ones(*shape: int) -> Floats:
    return np.ones(shape, np.float32)


def save_adapter(path: Path, pairs: Mapping[str, tuple[Floats, Floats]]) -> None:
    """An adapter in the form of the one that ships: whole numbers, and for each variable the exponent of their unit."""
    parts, units = {}, {}
    for name, (up, down) in pairs.items():
        exponents = [int(np.ceil(np.log2((float(np.abs(matrix).max()) or 1.0) / (2**15 - 1)))) for matrix in (up, down)]
        for part, matrix, exponent in zip((UP, DOWN), (up, down), exponents, strict=True):
            parts[name + part] = np.round(matrix / 2.0**exponent).astype(np.int16)
        units[name] = sum(exponents)
    path.write_bytes(save(parts, metadata={"about": json.dumps({"schema": SCHEMA, "units": units, "notes": "a test"})}))


def _text(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def _model(matrices: Mapping[str, Floats]) -> bytes:
    """A file as CTranslate2 writes it: matrices of half precision, and a number of another type between them."""
    data = struct.pack("<I", 6) + _text("WhisperSpec") + struct.pack("<II", 3, len(matrices) + 1)
    data += _text("encoder/num_heads") + struct.pack("<BBIh", 0, 2, 2, 8)
    for name, matrix in matrices.items():
        half = matrix.astype("<f2").tobytes()
        shape = struct.pack(f"<B{matrix.ndim}I", matrix.ndim, *matrix.shape)
        data += _text(name) + shape + struct.pack("<BI", 4, len(half)) + half
    return data + struct.pack("<I", 0)


@pytest.fixture
def matrices() -> dict[str, Floats]:
    chance = np.random.default_rng(7)
    return {name: chance.normal(size=(6, 4)).astype(np.float16).astype(np.float32) for name in ("a/weight", "b/weight")}


def _weights(model: bytes, name: str) -> Floats:
    found = variables(model)[name]
    count = int(np.prod(found.shape))
    return np.frombuffer(model, "<f2", count, found.offset).reshape(found.shape).astype(np.float32)


def test_product_is_added_to_its_matrix_and_to_no_other(tmp_path: Path, matrices: dict[str, Floats]) -> None:
    chance = np.random.default_rng(8)
    up, down = (chance.normal(size=shape).astype(np.float32) * 0.1 for shape in ((6, 2), (2, 4)))
    model, path = _model(matrices), tmp_path / "adapter.safetensors"
    save_adapter(path, {"b/weight": (up, down)})
    result = adapted(model, path)
    assert len(result) == len(model)
    np.testing.assert_array_equal(_weights(result, "a/weight"), matrices["a/weight"])
    np.testing.assert_allclose(_weights(result, "b/weight"), matrices["b/weight"] + up @ down, atol=2e-3)
    assert np.abs(_weights(result, "b/weight") - matrices["b/weight"]).max() > 5e-3


def test_product_of_whole_numbers_is_exact(tmp_path: Path) -> None:
    path, model = tmp_path / "adapter.safetensors", _model({"a/weight": np.zeros((1, 1), np.float32)})
    rank = 64
    save_adapter(path, {"a/weight": (0.5 * ones(1, rank), 0.25 * ones(rank, 1))})
    assert _weights(adapted(model, path), "a/weight")[0, 0] == pytest.approx(rank * 0.125, rel=1e-3)


def test_adapter_of_another_model_is_refused(tmp_path: Path, matrices: dict[str, Floats]) -> None:
    model, path = _model(matrices), tmp_path / "adapter.safetensors"
    for name, shape in (("c/weight", (6, 4)), ("a/weight", (6, 5)), ("encoder/num_heads", (1, 1))):
        save_adapter(path, {name: (ones(shape[0], 1), ones(1, shape[1]))})
        with pytest.raises(ModelError, match="is for another model"):
            adapted(model, path)


def test_broken_files_are_refused(tmp_path: Path, matrices: dict[str, Floats]) -> None:
    model, path = _model(matrices), tmp_path / "adapter.safetensors"
    with pytest.raises(ModelError, match="cannot be read"):
        adapted(model, path)
    save_adapter(path, {"a/weight": (ones(6, 1), ones(1, 4))})
    for cut in (10, len(model) // 2, len(model) - 60):
        with pytest.raises(ModelError):
            adapted(model[:cut], path)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ModelError, match="cannot be read"):
        adapted(model, path)
