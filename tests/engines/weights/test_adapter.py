"""Adapters: what they add to a file of weights, and that it is the same bytes everywhere."""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from evals.lab.adapter_file import load_adapter, save_adapter
from numpy.typing import NDArray

from ausweis.engines.weights.adapter import adapted, variables
from ausweis.errors import ModelError

Floats = NDArray[np.float32]


def ones(*shape: int) -> Floats:
    return np.ones(shape, np.float32)


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
    save_adapter(path, {"b/weight": (up, down)}, "a test")
    result = adapted(model, path)
    assert len(result) == len(model)
    np.testing.assert_array_equal(_weights(result, "a/weight"), matrices["a/weight"])
    np.testing.assert_allclose(_weights(result, "b/weight"), matrices["b/weight"] + up @ down, atol=2e-3)
    assert np.abs(_weights(result, "b/weight") - matrices["b/weight"]).max() > 5e-3


def test_product_of_whole_numbers_is_exact(tmp_path: Path) -> None:
    path, model = tmp_path / "adapter.safetensors", _model({"a/weight": np.zeros((1, 1), np.float32)})
    rank = 64
    save_adapter(path, {"a/weight": (0.5 * ones(1, rank), 0.25 * ones(rank, 1))}, "a test")
    assert _weights(adapted(model, path), "a/weight")[0, 0] == pytest.approx(rank * 0.125, rel=1e-3)


def test_same_numbers_give_the_same_file(tmp_path: Path) -> None:
    pairs = {"a/weight": (np.eye(3, dtype=np.float32), np.ones((3, 2), np.float32))}
    for name in ("one", "two"):
        save_adapter(tmp_path / name, pairs, "a test")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_is_loaded_is_what_was_saved(tmp_path: Path) -> None:
    chance = np.random.default_rng(9)
    up, down = (chance.normal(size=shape).astype(np.float32) * size for shape, size in (((6, 2), 0.01), ((2, 4), 9)))
    path = tmp_path / "adapter.safetensors"
    save_adapter(path, {"a/weight": (up, down), "b/weight": (0 * up, down)}, "a test")
    found = load_adapter(path)
    np.testing.assert_allclose(found["a/weight"][0] @ found["a/weight"][1], up @ down, atol=1e-4)
    assert np.mean(found["a/weight"][1] ** 2) == pytest.approx(1 / 4, rel=1e-3)
    assert not found["b/weight"][0].any()
    path.write_bytes(b"cut short")
    with pytest.raises(ModelError, match="cannot be read"):
        load_adapter(path)


def test_adapter_of_another_model_is_refused(tmp_path: Path, matrices: dict[str, Floats]) -> None:
    model, path = _model(matrices), tmp_path / "adapter.safetensors"
    for name, shape in (("c/weight", (6, 4)), ("a/weight", (6, 5)), ("encoder/num_heads", (1, 1))):
        save_adapter(path, {name: (ones(shape[0], 1), ones(1, shape[1]))}, "a test")
        with pytest.raises(ModelError, match="is for another model"):
            adapted(model, path)


def test_broken_files_are_refused(tmp_path: Path, matrices: dict[str, Floats]) -> None:
    model, path = _model(matrices), tmp_path / "adapter.safetensors"
    with pytest.raises(ModelError, match="cannot be read"):
        adapted(model, path)
    save_adapter(path, {"a/weight": (ones(6, 1), ones(1, 4))}, "a test")
    for cut in (10, len(model) // 2, len(model) - 60):
        with pytest.raises(ModelError):
            adapted(model[:cut], path)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ModelError, match="cannot be read"):
        adapted(model, path)
