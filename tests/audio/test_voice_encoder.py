"""The encoder on made-up voices, and what its checkpoint may hold."""

import io
import os
import pickle
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from ausweis.audio.decode import RATE
from ausweis.audio.voice_encoder import (
    EMBEDDING,
    VoiceEncoder,
    Windows,
    read_checkpoint,
)
from ausweis.engines.weights import catalogue, locate_file
from ausweis.errors import ModelError

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


@pytest.fixture(scope="module")
def encoder() -> VoiceEncoder:
    return VoiceEncoder.load(locate_file(catalogue.default_id("voices")).path)


def hum(pitch: float, formants: tuple[int, ...], seed: int) -> Windows:
    """(3, samples): a buzz of this pitch that wanders a little, through a throat of these formants."""
    rng = np.random.default_rng(seed)
    size = round(1.6 * RATE)
    wander = 1 + 0.05 * np.sin(
        2 * np.pi * np.arange(size) / RATE * rng.uniform(2, 4, (3, 1)) + rng.uniform(0, 6, (3, 1))
    )
    phase = 2 * np.pi * np.cumsum(pitch * wander, axis=1) / RATE
    found = np.zeros((3, size))
    for harmonic in range(1, int(4000 / pitch)):
        strength = sum(np.exp(-(((harmonic * pitch - formant) / 150) ** 2)) for formant in formants) + 0.01
        found += strength * np.sin(harmonic * phase)
    return np.asarray(found * rng.uniform(0.02, 0.2), dtype=np.float32)


LOW, HIGH = hum(105, (500, 1400, 2400), 1), hum(220, (700, 1900, 3000), 2)


class TestEmbedding:
    def test_has_a_row_of_length_one_for_each_window(self, encoder: VoiceEncoder) -> None:
        found = encoder.embed(LOW)
        assert found.shape == (3, EMBEDDING)
        assert found.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-4)

    def test_of_one_voice_lie_closer_than_those_of_two(self, encoder: VoiceEncoder) -> None:
        low, high = encoder.embed(LOW), encoder.embed(HIGH)
        assert (low @ low.T).min() > (low @ high.T).max() + 0.1
        assert (high @ high.T).min() > (low @ high.T).max() + 0.1

    def test_does_not_depend_on_loudness(self, encoder: VoiceEncoder) -> None:
        np.testing.assert_allclose(encoder.embed(LOW * 0.1), encoder.embed(LOW), atol=1e-3)

    def test_does_not_depend_on_the_batch(self, encoder: VoiceEncoder) -> None:
        many = np.concatenate([HIGH, np.tile(LOW, (21, 1))])
        np.testing.assert_allclose(encoder.embed(many)[-3:], encoder.embed(LOW), atol=1e-4)

    def test_of_nothing_and_of_silence_is_no_error(self, encoder: VoiceEncoder) -> None:
        assert encoder.embed(np.zeros((0, 25_600), dtype=np.float32)).shape == (0, EMBEDDING)
        assert np.isfinite(encoder.embed(np.zeros((1, 25_600), dtype=np.float32))).all()


class TestFile:
    def test_of_another_hash_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / "pretrained.pt"
        path.write_bytes(checkpoint(b""))
        with pytest.raises(ModelError, match="SHA-256"):
            VoiceEncoder.load(path)

    def test_that_is_missing_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="absent"):
            VoiceEncoder.load(tmp_path / "absent.pt")


def rebuild(*parts: object) -> None:
    """Stands for PyTorch's function of tensors in what is pickled."""


class Storage:
    """Stands for PyTorch's types of storages: only its name is pickled."""


class Tensor:
    def __init__(self, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.parts: tuple[object, ...] = (Numbers(), offset, shape, strides, False, OrderedDict({}))

    def __reduce__(self) -> tuple[object, ...]:
        return rebuild, self.parts


class Numbers:
    """What a tensor views: pickled by a name alone."""


class Pickler(pickle.Pickler):
    def persistent_id(self, obj: object) -> object:
        return ("storage", Storage, "7", "cpu", 6, None) if isinstance(obj, Numbers) else None


def checkpoint(content: bytes, numbers: bytes = b"") -> bytes:
    head = [pickle.dumps(one, protocol=2) for one in (MAGIC, PROTOCOL, {"little_endian": True})]
    return b"".join([*head, content, pickle.dumps(["7"] if numbers else [], protocol=2), numbers])


def pickled(content: object) -> bytes:
    """A pickle as PyTorch writes it, which need not be installed: the names are put in afterwards."""
    file = io.BytesIO()
    pickler = Pickler(file, protocol=2)
    pickler.dump(content)
    here = f"c{__name__}\n".encode()
    names = {b"Storage\n": b"ctorch\nFloatStorage\n", b"rebuild\n": b"ctorch._utils\n_rebuild_tensor_v2\n"}
    found = file.getvalue()
    for name, theirs in names.items():
        found = found.replace(here + name, theirs)
    return found


SIX = struct.pack("<q6f", 6, *range(6))


class TestCheckpoint:
    def test_gives_tensors_of_floats(self) -> None:
        found = read_checkpoint(checkpoint(pickled({"a": Tensor(0, (2, 3), (3, 1)), "b": Tensor(4, (2,), (1,))}), SIX))
        np.testing.assert_array_equal(found["a"], [[0, 1, 2], [3, 4, 5]])
        np.testing.assert_array_equal(found["b"], [4, 5])

    def test_that_runs_a_command_is_refused_unexecuted(self, tmp_path: Path) -> None:
        mark = tmp_path / "ran"

        class Evil:
            def __reduce__(self) -> tuple[object, ...]:
                return os.system, (f"touch {mark}",)

        with pytest.raises(pickle.UnpicklingError):
            read_checkpoint(checkpoint(pickle.dumps({"model_state": Evil()}, protocol=2)))
        assert not mark.exists()

    def test_may_begin_with_nothing_worse(self, tmp_path: Path) -> None:
        mark = tmp_path / "ran"

        class Evil:
            def __reduce__(self) -> tuple[object, ...]:
                return eval, (f"open({str(mark)!r}, 'w')",)

        with pytest.raises(pickle.UnpicklingError):
            read_checkpoint(pickle.dumps(Evil(), protocol=2))
        assert not mark.exists()
