"""An adapter and its probe as files: the probe is bound to the adapter, both to model and template, by their hashes.

The adapter is GGUF, as llama.cpp reads it. All files appear at once, or none.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama import AdapterFile
from ausweis.engines.probe import Probe
from ausweis.errors import InputError
from ausweis.prompts import Template
from ausweis.training.adapted_model import AdaptedModel

__all__ = ["check_folder", "gguf_tensors", "write_adapted"]

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
    folder: Path, parts: Mapping[str, Array], model: AdaptedModel, probe: Probe, template: Template, base_id: str
) -> tuple[AdapterFile, Path]:
    """Write adapter, probe and what binds them (`learned.yaml`); where the first two are.

    Raises:
        InputError: the folder cannot be written, or lists other parts.
    """
    check_folder(folder, template, base_id)
    names = _names(template, base_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as temporary:
            files = {kind: Path(temporary) / name for kind, name in names.items()}
            _write_gguf(files["adapter"], parts, model)
            adapter_sha256 = _sha256(files["adapter"])
            bound = replace(probe, adapter_sha256=adapter_sha256)
            bound.save(files["probe"])
            listed = Path(temporary) / "learned.yaml"
            entries = [_entry(kind, file, bound, template, base_id) for kind, file in files.items()]
            # The probe is of no use without the adapter.
            entries[1]["bound_to"] = {"adapter": adapter_sha256}
            _write_yaml(listed, entries)
            for file in (*files.values(), listed):
                file.replace(folder / file.name)
    except OSError as error:
        raise InputError(f"what was learned cannot be written ({error.strerror})", place=str(folder)) from None
    path = folder / names["adapter"]
    return AdapterFile(path, adapter_sha256, path.stat().st_size, probe.model_sha256), folder / names["probe"]


def check_folder(folder: Path, template: Template, base_id: str) -> None:
    """See that nothing else is listed there, which would be lost.

    Raises:
        InputError: there is.
    """
    listed = folder / "learned.yaml"
    if not listed.is_file():
        return
    files = re.findall(r"\bfile: *['\"]?([^'\"\s,}]+)", listed.read_text(encoding="utf-8", errors="replace"))
    if not files or not set(files) <= set(_names(template, base_id).values()):
        raise InputError("lists other learned parts: give another folder as --out", place=str(listed))


def _names(template: Template, base_id: str) -> dict[str, str]:
    stem = f"{template.id}-{template.version}.{base_id}.v1"
    return {"adapter": f"adapter.{stem}.gguf", "probe": f"probe.{stem}.safetensors"}


def _write_gguf(path: Path, parts: Mapping[str, Array], model: AdaptedModel) -> None:
    from gguf import GGUFWriter

    config = model.config
    writer = GGUFWriter(path, config.model_type)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(model.alpha))
    tensors = gguf_tensors(parts, config.model_type, config.num_attention_heads, config.num_key_value_heads)
    for name, part in tensors.items():
        writer.add_tensor(name, np.ascontiguousarray(part.astype(np.float16)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _entry(kind: str, file: Path, probe: Probe, template: Template, base_id: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "version": 1,
        "file": file.name,
        "sha256": _sha256(file),
        "bytes": file.stat().st_size,
        "base": {"id": base_id, "sha256": probe.model_sha256},
        "template": {"id": template.id, "version": template.version, "sha256": template.sha256},
        "notes": probe.notes,
        "learned_on": datetime.now(UTC).date().isoformat(),
    }


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _write_yaml(path: Path, entries: list[dict[str, Any]]) -> None:
    from ruamel.yaml import YAML

    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump({"schema": "ausweis/learned@1", "parts": entries}, file)
