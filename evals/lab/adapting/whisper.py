"""Whisper in torch on the weights of CTranslate2, with an adapter (LoRA, Hu et al. 2021) at every matrix.

The weights stay as they are, in bfloat16 where the processor multiplies that itself; learned is the product of two thin
matrices, which is added to each.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ausweis.engines.weights.adapter import FLOAT16, variables

__all__ = ["AdaptedWhisper"]

RANK = 16
SCALE = 2.0
ENCODER, DECODER = "encoder", "decoder"
_CPU = torch.cpu.get_capabilities()
PRECISION = torch.bfloat16 if _CPU.get("amx_bf16") or _CPU.get("avx512_bf16") else torch.float32


class _Linear(nn.Module):
    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight.to(PRECISION))
        self.register_buffer("bias", bias.to(PRECISION))
        self.down = nn.Parameter(torch.randn(RANK, weight.shape[1]) / math.sqrt(weight.shape[1]))
        # Nothing is added in the beginning.
        self.up = nn.Parameter(torch.zeros(weight.shape[0], RANK))

    def forward(self, states: Tensor) -> Tensor:
        known = functional.linear(states, self.weight, self.bias)
        thin = functional.linear(states, self.down.to(PRECISION))
        return known + functional.linear(thin, (SCALE * self.up).to(PRECISION))


class _Norm(nn.Module):
    gamma: Tensor
    beta: Tensor

    def __init__(self, gamma: Tensor, beta: Tensor) -> None:
        super().__init__()
        self.register_buffer("gamma", gamma)
        self.register_buffer("beta", beta)

    def forward(self, states: Tensor) -> Tensor:
        return functional.layer_norm(states.float(), states.shape[-1:], self.gamma, self.beta).to(PRECISION)


class AdaptedWhisper(nn.Module):
    """The model of a file `model.bin`; called with mel spectra (batch, 80, 3000) and tokens (batch, n).

    What can be learned is in `adapter`.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        data = path.read_bytes()
        self._data, self._known = data, variables(data)
        self._heads = int(np.frombuffer(data, "<i2", 1, self._known["encoder/num_heads"].offset)[0])
        self._layers = nn.ModuleDict()
        for name in self._known:
            part, _, kind = name.rpartition("/")
            if kind == "weight" and "/linear_" in name:
                self._layers[_key(part)] = _Linear(self._tensor(name), self._tensor(f"{part}/bias"))
            elif kind == "gamma":
                self._layers[_key(part)] = _Norm(self._tensor(name), self._tensor(f"{part}/beta"))
        self._convolutions = [
            (self._tensor(f"encoder/{name}/weight").to(PRECISION), self._tensor(f"encoder/{name}/bias").to(PRECISION))
            for name in ("conv1", "conv2")
        ]
        self._positions = {
            side: self._tensor(f"{side}/position_encodings/encodings").to(PRECISION) for side in (ENCODER, DECODER)
        }
        self._embeddings = self._tensor("decoder/embeddings/weight").to(PRECISION)
        self._depth = len(
            {key.split(":")[1] for key in self._layers if key.startswith("encoder:layer_") and key.count(":") > 1}
        )
        del self._data

    def forward(self, mel: Tensor, tokens: Tensor) -> Tensor:
        """Logits (batch, n, vocabulary)."""
        return self._decoded(tokens, self._encoded(mel.to(PRECISION)))

    def adapter(self) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """For each matrix, by its name in the file, the two whose product is added to it."""
        return {
            f"{key.replace(':', '/')}/weight": ((SCALE * layer.up).detach().numpy(), layer.down.detach().numpy())
            for key, layer in self._layers.items()
            if isinstance(layer, _Linear)
        }

    def take(self, adapter: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]) -> None:
        """Begin from an adapter, as `adapter` gives it."""
        for name, (up, down) in adapter.items():
            layer = self._layers[_key(name.removesuffix("/weight"))]
            layer.up.data, layer.down.data = torch.from_numpy(up) / SCALE, torch.from_numpy(down)

    def _encoded(self, states: Tensor) -> Tensor:
        for stride, (weight, bias) in enumerate(self._convolutions, start=1):
            states = functional.gelu(functional.conv1d(states, weight, bias, stride=stride, padding=1))
        states = states.transpose(1, 2) + self._positions[ENCODER][: states.shape[2]]
        for number in range(self._depth):
            states = self._forward(f"encoder:layer_{number}", self._attended(f"encoder:layer_{number}", states))
        return self._through("encoder:layer_norm", states)

    def _decoded(self, tokens: Tensor, heard: Tensor) -> Tensor:
        states = self._embeddings[tokens] + self._positions[DECODER][: tokens.shape[1]]
        for number in range(self._depth):
            layer = f"decoder:layer_{number}"
            states = self._listened(layer, self._attended(layer, states, causal=True), heard)
            states = self._forward(layer, states)
        return functional.linear(self._through("decoder:layer_norm", states), self._embeddings)

    def _attended(self, layer: str, states: Tensor, *, causal: bool = False) -> Tensor:
        normed = self._through(f"{layer}:self_attention:layer_norm", states)
        query, key, value = self._through(f"{layer}:self_attention:linear_0", normed).chunk(3, -1)
        found = self._attention(query, key, value, causal=causal)
        return states + self._through(f"{layer}:self_attention:linear_1", found)

    def _listened(self, layer: str, states: Tensor, heard: Tensor) -> Tensor:
        query = self._through(f"{layer}:attention:linear_0", self._through(f"{layer}:attention:layer_norm", states))
        key, value = self._through(f"{layer}:attention:linear_1", heard).chunk(2, -1)
        return states + self._through(f"{layer}:attention:linear_2", self._attention(query, key, value))

    def _forward(self, layer: str, states: Tensor) -> Tensor:
        wide = self._through(f"{layer}:ffn:linear_0", self._through(f"{layer}:ffn:layer_norm", states))
        return states + self._through(f"{layer}:ffn:linear_1", functional.gelu(wide))

    def _attention(self, query: Tensor, key: Tensor, value: Tensor, *, causal: bool = False) -> Tensor:
        query, key, value = (
            part.reshape(*part.shape[:2], self._heads, -1).transpose(1, 2) for part in (query, key, value)
        )
        found = functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
        return found.transpose(1, 2).flatten(2)

    def _through(self, key: str, states: Tensor) -> Tensor:
        passed: Tensor = self._layers[key](states)
        return passed

    def _tensor(self, name: str) -> Tensor:
        found = self._known[name]
        if found.kind != FLOAT16:
            raise ValueError(f"{name} is not of half precision")
        count = int(np.prod(found.shape))
        halves = np.frombuffer(self._data, "<f2", count, found.offset).reshape(found.shape)
        return torch.from_numpy(halves.astype(np.float32))


def _key(name: str) -> str:
    # A name of torch may hold no dot and no slash is kept in one; a colon may stand in it.
    return name.replace("/", ":")
