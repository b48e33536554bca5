"""What is written of an adapter: names and order of llama.cpp, hashes, and nothing half."""

from pathlib import Path

import numpy as np
import pytest
from tests.probes import by_chance
from tests.training.small import LAYERS, TEMPLATE, model

from ausweis.engines.llama.adapter import check_adapter
from ausweis.engines.probe import Probe
from ausweis.errors import InputError
from ausweis.training.adapter_file import check_folder, gguf_tensors, write_adapted
from ausweis.training.learning import arrays_of
from ausweis.user_yaml import load

pytestmark = pytest.mark.training


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


def test_files_are_bound_to_each_other(tmp_path: Path) -> None:
    adapted, probe = model(), by_chance(("asks", "gives"), LAYERS, 16, "1" * 64)
    adapter, path = write_adapted(tmp_path, arrays_of(adapted.parts), adapted, probe, TEMPLATE, "small")
    check_adapter(adapter, "1" * 64, "llama")
    assert Probe.load(path).adapter_sha256 == adapter.sha256
    listed = load((tmp_path / "learned.yaml").read_text()).data
    assert [part["file"] for part in listed["parts"]] == [adapter.path.name, path.name]
    assert listed["parts"][0]["sha256"] == listed["parts"][1]["bound_to"]["adapter"] == adapter.sha256
    assert {part["base"]["sha256"] for part in listed["parts"]} == {"1" * 64}
    check_folder(tmp_path, TEMPLATE, "small")
    with pytest.raises(InputError, match="lists other learned parts"):
        check_folder(tmp_path, TEMPLATE, "other")
    assert sorted(tmp_path.iterdir()) == sorted([adapter.path, path, tmp_path / "learned.yaml"])


def test_where_it_cannot_write_nothing_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(probe: Probe, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Probe, "save", full)
    adapted, probe = model(), by_chance(("asks", "gives"), LAYERS, 16)
    with pytest.raises(InputError, match="cannot be written \\(No space left"):
        write_adapted(tmp_path, arrays_of(adapted.parts), adapted, probe, TEMPLATE, "small")
    assert list(tmp_path.iterdir()) == []
