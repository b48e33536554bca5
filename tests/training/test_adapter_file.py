"""What is written of an adapter: names and order of llama.cpp, hashes, and nothing half."""

from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter
from tests.probes import by_chance
from tests.training.small import LAYERS, TEMPLATE, model

from ausweis.engines.learned_index import LearnedIndex, index_to_write
from ausweis.engines.learned_part import Base
from ausweis.engines.llama import AdapterFile
from ausweis.engines.llama.adapter import check_adapter
from ausweis.engines.probe import Probe
from ausweis.errors import RunError
from ausweis.training.adapter_file import gguf_tensors, write_adapted
from ausweis.training.learning import arrays_of

pytestmark = pytest.mark.training
BASE = Base(id="small", sha256="1" * 64)


def test_names_and_rows_are_those_of_llama_cpp() -> None:
    rows = np.arange(16, dtype=np.float32).reshape(8, 2)
    names = ("q_proj", "k_proj", "v_proj")
    parts = {f"layers.3.self_attn.{name}.lora_{side}.default.weight": rows for name in names for side in "AB"}
    tensors = gguf_tensors(parts, "llama", 2, 1)
    assert set(tensors) == {f"blk.3.attn_{name}.weight.lora_{side}" for name in "qkv" for side in "ab"}
    assert tensors["blk.3.attn_q.weight.lora_b"][:, 0].tolist() == [0, 4, 2, 6, 8, 12, 10, 14]
    assert tensors["blk.3.attn_k.weight.lora_b"][:, 0].tolist() == [0, 8, 2, 10, 4, 12, 6, 14]
    for same in ("attn_v.weight.lora_b", "attn_q.weight.lora_a"):
        assert (tensors[f"blk.3.{same}"] == rows).all()
    assert (gguf_tensors(parts, "qwen2", 2, 1)["blk.3.attn_q.weight.lora_b"] == rows).all()


def written(folder: Path, version: int | None = None) -> tuple[AdapterFile, Path]:
    adapted, probe = model(), by_chance(("asks", "gives"), LAYERS, 16, BASE.sha256)
    index = index_to_write(folder)
    return write_adapted(
        index, arrays_of(adapted.parts), adapted, probe, TEMPLATE.provenance, BASE, "by chance", version
    )


def test_files_are_bound_to_each_other(tmp_path: Path) -> None:
    adapter, path = written(tmp_path)
    check_adapter(adapter, BASE.sha256, "llama")
    assert Probe.load(path).adapter_sha256 == adapter.sha256
    first, second = LearnedIndex.read(tmp_path).parts
    assert (first.file, second.file) == (adapter.path.name, path.name)
    assert (first.sha256, first.bytes) == (adapter.sha256, adapter.bytes)
    assert (first.bound_to, second.bound_to) == ({}, {"adapter": adapter.sha256})
    assert sorted(tmp_path.iterdir()) == sorted([adapter.path, path, tmp_path / "learned.yaml"])


def test_versions_go_on(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path, 4)
    written(tmp_path)
    assert [(part.kind, part.version) for part in LearnedIndex.read(tmp_path).parts] == [
        (kind, version) for version in (1, 4, 5) for kind in ("adapter", "probe")
    ]


def test_where_it_cannot_write_nothing_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(writer: GGUFWriter) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(GGUFWriter, "write_tensors_to_file", full)
    with pytest.raises(RunError, match="cannot be written \\(No space left"):
        written(tmp_path)
    assert list(tmp_path.iterdir()) == []
