"""What a voice sounds like, as a vector: the GE2E encoder (Wan et al. 2018, arXiv:1710.10467) in numpy.

The weights are those of Resemblyzer 0.1.4 (Resemble AI, Apache-2.0), trained on LibriSpeech and VoxCeleb. They are a
checkpoint of PyTorch, thus a pickle: it is read only if its hash is the known one, and even then nothing but tensors of
floats and dictionaries is let through.
"""

import hashlib
import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.decode import RATE
from ausweis.errors import ModelError

ENCODER_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"

Windows = NDArray[np.float32]
"""(windows, samples), 16,000 samples a second."""
Floats = NDArray[np.float32]

EMBEDDING = 256
HIDDEN = 256
LAYERS = 3
MELS = 40
FRAME = 400
"""Samples that a frame of the spectrogram is made of: 25 ms."""
HOP = 160
LOUDNESS = 10 ** (-30 / 20)
"""Root mean square that a window is brought to, since the spectrogram is no logarithm: -30 dB, as in training."""
BATCH = 64


class VoiceEncoder:
    """Maps windows of speech to vectors of length one; those of one voice lie close together."""

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self._layers = [
            _Layer(
                np.ascontiguousarray(weights[f"lstm.weight_ih_l{layer}"].T),
                np.ascontiguousarray(weights[f"lstm.weight_hh_l{layer}"].T),
                weights[f"lstm.bias_ih_l{layer}"] + weights[f"lstm.bias_hh_l{layer}"],
            )
            for layer in range(LAYERS)
        ]
        self._last = np.ascontiguousarray(weights["linear.weight"].T)
        self._bias = weights["linear.bias"]

    @classmethod
    def load(cls, path: Path) -> "VoiceEncoder":
        """Load `pretrained.pt` of the package resemblyzer.

        Raises:
            ModelError: the file cannot be read, or is another one than the known.
        """
        place = str(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(f"the file cannot be read ({error.strerror or 'I/O error'})", place=place) from None
        if hashlib.sha256(data).hexdigest() != ENCODER_SHA256:
            message = "is not the voice encoder of resemblyzer 0.1.4: its SHA-256 is another"
            raise ModelError(message, place=place)
        return cls(read_checkpoint(data)["model_state"])

    def embed(self, samples: Windows) -> Floats:
        """(windows, 256), each row of length one. Made for windows of 1.6 s; shorter ones tell less.

        Silence has no direction: it gives the vector that the encoder's bias points to.
        """
        embedded = [self._embedded(samples[at : at + BATCH]) for at in range(0, len(samples), BATCH)]
        return np.concatenate(embedded) if embedded else np.zeros((0, EMBEDDING), dtype=np.float32)

    def _embedded(self, samples: Windows) -> Floats:
        loudness = np.sqrt(np.mean(samples**2, axis=1, keepdims=True))
        levelled = np.asarray(samples * (LOUDNESS / np.maximum(loudness, 1e-5)), dtype=np.float32)
        steps = np.ascontiguousarray(_mel(levelled).transpose(1, 0, 2))
        for layer in self._layers:
            steps = layer.run(steps)
        raw = np.maximum(steps[-1] @ self._last + self._bias, 0.0)
        return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-6), dtype=np.float32)


class _Layer:
    """One layer of the LSTM, with its gates in PyTorch's order: input, forget, cell, output."""

    def __init__(self, inward: Floats, onward: Floats, bias: Floats) -> None:
        # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: with three gates halved beforehand, one tanh does for all four.
        half = np.full(4 * HIDDEN, 0.5, dtype=np.float32)
        half[2 * HIDDEN : 3 * HIDDEN] = 1.0
        self._inward, self._onward, self._bias = inward * half, onward * half, bias * half

    def run(self, steps: Floats) -> Floats:
        """(steps, windows, features) to (steps, windows, 256)."""
        count, windows, features = steps.shape
        inward = (steps.reshape(-1, features) @ self._inward + self._bias).reshape(count, windows, 4 * HIDDEN)
        hidden = np.zeros((windows, HIDDEN), dtype=np.float32)
        cell = np.zeros_like(hidden)
        states = np.empty((count, windows, HIDDEN), dtype=np.float32)
        for step in range(count):
            gates = np.tanh(inward[step] + hidden @ self._onward)
            enter, forget, new, leave = np.split(gates, 4, axis=1)
            cell = 0.5 * ((forget + 1.0) * cell + (enter + 1.0) * new)
            hidden = 0.5 * (leave + 1.0) * np.tanh(cell)
            states[step] = hidden
        return states


def _mel(samples: Windows) -> Floats:
    """(windows, frames, 40): the power in each band of Slaney's mel scale, as `librosa.feature.melspectrogram`."""
    padded = np.pad(samples, ((0, 0), (FRAME // 2, FRAME // 2)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME, axis=1)[:, : samples.shape[1] // HOP * HOP : HOP]
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    spectrum = np.fft.rfft(frames * hann, axis=2)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.asarray(power @ _filters(), dtype=np.float32)


@cache
def _filters() -> Floats:
    """(201, 40): triangles of equal area, their corners evenly spaced on Slaney's scale from 0 to 8 kHz."""
    from faster_whisper.feature_extractor import FeatureExtractor

    return np.ascontiguousarray(FeatureExtractor.get_mel_filters(RATE, FRAME, MELS).T, dtype=np.float32)


def read_checkpoint(data: bytes) -> dict[str, Any]:
    """A checkpoint of PyTorch before 1.6: three pickles of its format, one of its content, one of its storages' names.

    Whatever the pickles ask for beyond dictionaries, numbers, text and tensors of floats is refused, unexecuted.

    Raises:
        UnpicklingError: they ask for something else.
    """
    file, storages = io.BytesIO(data), dict[str, Floats]()
    *_, content, keys = (_Unpickler(file, storages).load() for _ in range(5))
    for key in keys:
        storage = storages[key]
        file.seek(8, io.SEEK_CUR)  # its length, which is known
        storage[:] = np.frombuffer(file.read(storage.nbytes), dtype="<f4")
    return dict(content)


class _Unpickler(pickle.Unpickler):
    """Lets through what a checkpoint of floats needs. Storages are made when they are named, and filled afterwards."""

    def __init__(self, file: BinaryIO, storages: dict[str, Floats]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Callable[..., object] | str:
        known: dict[tuple[str, str], Callable[..., object] | str] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch", "FloatStorage"): "floats",
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"{module}.{name} is not let through")
        return known[module, name]

    def persistent_load(self, pid: Any) -> Floats:
        _, _, key, _, length, _ = pid
        return self._storages.setdefault(str(key), np.zeros(length, dtype=np.float32))


def _tensor(storage: Floats, offset: int, shape: Sequence[int], strides: Sequence[int], *_: object) -> Floats:
    """A view of the storage, so that it has its numbers once the storage is filled."""
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, [4 * stride for stride in strides])
