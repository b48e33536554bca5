"""An adapter that does not fit, or is damaged, is refused with one sentence before llama.cpp gets it."""

import hashlib
import struct
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ausweis.engines.llama import AdapterFile, LlamaEngine
from ausweis.engines.llama.adapter import check_adapter
from ausweis.engines.weights import locate
from ausweis.errors import ModelError

MODEL = "1" * 64
ENTRIES: dict[str, str | float] = {
    "general.architecture": "llama",
    "general.type": "adapter",
    "adapter.type": "lora",
    "adapter.lora.alpha": 8.0,
}


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def adapter_file(folder: Path, entries: dict[str, str | float], model: str = MODEL) -> AdapterFile:
    data = struct.pack("<4sIQQ", b"GGUF", 3, 0, len(entries))
    for name, value in entries.items():
        kind, body = (8, text(value)) if isinstance(value, str) else (6, struct.pack("<f", value))
        data += text(name) + struct.pack("<I", kind) + body
    return kept(folder, data, model)


def kept(folder: Path, data: bytes, model: str = MODEL) -> AdapterFile:
    path = folder / "adapter.gguf"
    path.write_bytes(data)
    return AdapterFile(path, hashlib.sha256(data).hexdigest(), len(data), model)


def test_one_that_fits_is_taken(tmp_path: Path) -> None:
    check_adapter(adapter_file(tmp_path, ENTRIES), MODEL, "llama")


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({**ENTRIES, "general.architecture": "qwen2"}, "for the architecture qwen2, not llama"),
        ({**ENTRIES, "general.type": "model"}, "is no adapter in llama.cpp's format"),
        ({**ENTRIES, "adapter.type": "x"}, "is no adapter in llama.cpp's format"),
        ({**ENTRIES, "adapter.lora.alpha": "8"}, "is no adapter in llama.cpp's format"),
        ({**ENTRIES, "general.type": 1.0}, "is no adapter in llama.cpp's format"),
        ({}, "is no adapter in llama.cpp's format"),
    ],
)
def test_a_header_that_llama_cpp_would_stumble_over_is_refused(
    tmp_path: Path, entries: dict[str, str | float], sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        check_adapter(adapter_file(tmp_path, entries), MODEL, "llama")


@pytest.mark.parametrize("data", [b"", b"GGUF", b"GGUF" + bytes(20), b"GGUF" + b"\xff" * 40, b"{}" * 30])
def test_what_is_no_adapter_at_all_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ModelError, match=r"is no adapter in llama\.cpp's format"):
        check_adapter(kept(tmp_path, data), MODEL, "llama")


def test_damage_and_another_model_are_told(tmp_path: Path) -> None:
    adapter = adapter_file(tmp_path, ENTRIES)
    whole = adapter.path.read_bytes()
    with pytest.raises(ModelError, match="learned for another model"):
        check_adapter(adapter, "2" * 64, "llama")
    adapter.path.write_bytes(whole[:-3])
    with pytest.raises(ModelError, match="cut short"):
        check_adapter(adapter, MODEL, "llama")
    adapter.path.write_bytes(whole + b"x")
    with pytest.raises(ModelError, match="too long"):
        check_adapter(adapter, MODEL, "llama")
    adapter.path.write_bytes(whole[:-1] + b"x")
    with pytest.raises(ModelError, match="its hash is another"):
        check_adapter(adapter, MODEL, "llama")
    adapter.path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        check_adapter(adapter, MODEL, "llama")


@pytest.mark.model
def test_an_engine_opens_with_none_that_is_wrong(tmp_path: Path) -> None:
    """Nor does llama.cpp end the process where a header is right and what follows is missing."""
    weights = locate("smollm2-135m")
    right = adapter_file(tmp_path, ENTRIES, weights.sha256)
    with pytest.raises(ModelError, match="learned for another model"):
        LlamaEngine(weights, context=256, adapter=replace(right, base_sha256=MODEL))
    tensors = struct.pack("<4sIQQ", b"GGUF", 3, 2, len(ENTRIES)) + right.path.read_bytes()[24:]
    for end in ("lora_a", "lora_b"):
        tensors += text(f"blk.3.attn_v.weight.{end}") + struct.pack("<IQQIQ", 2, 7, 7, 0, 0)
    for data in (tensors, tensors[:-9]):
        with pytest.raises(ModelError, match=r"llama\.cpp cannot use this adapter"):
            LlamaEngine(weights, context=256, adapter=kept(tmp_path, data, weights.sha256))
    with closing(LlamaEngine(weights, context=256)) as engine:
        assert "adapter" not in engine.info.parameters
