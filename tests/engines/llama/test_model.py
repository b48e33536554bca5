"""Where a model's layers go; what is in it is told by tests with a real one (`test_engine.py`)."""

from pathlib import Path

import llama_cpp
import pytest

from ausweis.engines.llama.model import LlamaModel, gpu_memory
from ausweis.errors import ModelError


@pytest.mark.parametrize(
    ("built", "room", "tried"),
    [(True, True, [-1]), (True, False, [-1, 0]), (False, False, [0])],
)
def test_all_layers_go_to_a_gpu_that_has_room_for_them_else_none(
    monkeypatch: pytest.MonkeyPatch, built: bool, room: bool, tried: list[int]
) -> None:
    layers: list[int] = []

    def load(path: bytes, parameters: llama_cpp.llama_model_params) -> int | None:
        layers.append(parameters.n_gpu_layers)
        return 1 if parameters.n_gpu_layers == 0 or room else None

    monkeypatch.setattr(llama_cpp, "llama_supports_gpu_offload", lambda: built)
    monkeypatch.setattr(llama_cpp, "llama_model_load_from_file", load)
    monkeypatch.setattr(llama_cpp, "llama_model_get_vocab", lambda pointer: 1)
    for count in ("llama_vocab_n_tokens", "llama_model_n_embd", "llama_model_n_layer", "llama_model_n_ctx_train"):
        monkeypatch.setattr(llama_cpp, count, lambda pointer: 1)
    assert LlamaModel(Path("x.gguf")).on_gpu == (built and room)
    assert layers == tried


@pytest.mark.parametrize("built", [True, False])
def test_a_file_that_goes_nowhere_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch, built: bool) -> None:
    monkeypatch.setattr(llama_cpp, "llama_supports_gpu_offload", lambda: built)
    monkeypatch.setattr(llama_cpp, "llama_model_load_from_file", lambda path, parameters: None)
    with pytest.raises(ModelError, match=r"x.gguf: llama.cpp cannot load this file"):
        LlamaModel(Path("x.gguf"))


@pytest.mark.parametrize("built", [True, False])
def test_processors_alone_have_no_memory_of_a_gpu(monkeypatch: pytest.MonkeyPatch, built: bool) -> None:
    """Asked of the library itself, as this machine has it."""
    if not llama_cpp.llama_supports_gpu_offload():
        monkeypatch.setattr(llama_cpp, "llama_supports_gpu_offload", lambda: built)
        assert gpu_memory() is None
