"""An adapter and its probe as learned parts: the probe is bound to the adapter, both to model and template, by hash.

The adapter is GGUF, as llama.cpp reads it.
"""

import hashlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.learned_index import LearnedIndex
from ausweis.engines.learned_part import Base, LearnedKind
from ausweis.engines.llama import AdapterFile
from ausweis.engines.probe import Probe
from ausweis.journal import write_fault
from ausweis.provenance import PromptProvenance
from ausweis.training.adapted_model import AdaptedModel

__all__ = ["gguf_tensors", "write_adapted"]

Array = NDArray[np.float32]

_LINEAR: Mapping[str, str] = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""Linear parts of a layer, as transformers and as llama.cpp names them."""


def gguf_tensors(parts: Mapping[str, Array], kind: str, heads: int, key_heads: int) -> dict[str, Array]:
    """The parts of an adapter by the names and in the order of rows that llama.cpp has.

    `lora_A`: (rank, in), `lora_B`: (out, rank). Of the kind `llama`, llama.cpp keeps the rows of queries and keys in
    another order: where transformers turns the two halves of a head against each other, it turns neighbours.
    """
    tensors: dict[str, Array] = {}
    for name, part in parts.items():
        _, layer, group, linear, side, *_ = name.split(".")
        target = _LINEAR[f"{group}.{linear}"]
        if kind == "llama" and side == "lora_B" and target in ("attn_q", "attn_k"):
            part = _as_neighbours(part, heads if target == "attn_q" else key_heads)
        tensors[f"blk.{layer}.{target}.weight.{side.lower()}"] = part
    return tensors


def _as_neighbours(rows: Array, heads: int) -> Array:
    return rows.reshape(heads, 2, -1, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def write_adapted(
    index: LearnedIndex,
    parts: Mapping[str, Array],
    model: AdaptedModel,
    probe: Probe,
    template: PromptProvenance,
    base: Base,
    notes: str,
    version: int | None = None,
) -> tuple[AdapterFile, Path]:
    """Add both to an index, as this version or each as its next one; where they are.

    The adapter is first: alone it is not used, and the probe is of no use without it.

    Raises:
        InputError, ModelError, RunError: as `LearnedIndex.register`.
    """
    try:
        data = _gguf(parts, model)
    except OSError as error:
        raise write_fault(Path(gettempdir()), error) from None
    sha256 = hashlib.sha256(data).hexdigest()
    bound = replace(probe, adapter_sha256=sha256).data()
    path = index.register("adapter", template, base, data, notes, version=version, suffix="gguf")
    bound_to: dict[LearnedKind, str] = {"adapter": sha256}
    probe_path = index.register("probe", template, base, bound, notes, version=version, bound_to=bound_to)
    return AdapterFile(path, sha256, len(data), base.sha256), probe_path


def _gguf(parts: Mapping[str, Array], model: AdaptedModel) -> bytes:
    from gguf import GGUFWriter

    config = model.config
    with TemporaryDirectory() as folder:
        path = Path(folder) / "adapter"
        with closing(GGUFWriter(path, config.model_type)) as writer:
            writer.add_type("adapter")
            writer.add_string("adapter.type", "lora")
            writer.add_float32("adapter.lora.alpha", float(model.alpha))
            tensors = gguf_tensors(parts, config.model_type, config.num_attention_heads, config.num_key_value_heads)
            for name, part in tensors.items():
                writer.add_tensor(name, np.ascontiguousarray(part.astype(np.float16)))
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
        return path.read_bytes()
