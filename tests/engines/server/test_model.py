"""Which model a server runs, by its name and what it tells."""

from typing import Any

import pytest
from tests.engines.server.openai_server import serving

from ausweis.engines.server import ServerEngine
from ausweis.errors import InputError, ModelError
from ausweis.provenance import ModelProvenance

META = {"n_vocab": 49152, "n_params": 134515008, "size": 96576768, "n_ctx": 2048, "n_ctx_train": 8192}
LLAMA = {"id": "/models/tiny.gguf", "owned_by": "llamacpp", "created": 7, "meta": META}
VLLM = {"id": "Qwen/Qwen2.5-7B", "owned_by": "vllm", "max_model_len": 32768}


def info(*models: dict[str, Any], **options: Any) -> ModelProvenance:
    with serving(models=models) as server:
        engine = ServerEngine(server.address, **options)
        engine.close()
        return engine.info


def test_the_only_model() -> None:
    found = info(LLAMA)
    assert (found.id, found.engine, found.context_tokens) == ("tiny.gguf", "server (llamacpp)", 2048)
    found = info(VLLM)
    assert (found.id, found.engine, found.context_tokens) == ("Qwen2.5-7B", "server (vllm)", 32768)


def test_the_chosen_model() -> None:
    assert info(LLAMA, VLLM, model="Qwen/Qwen2.5-7B").id == "Qwen2.5-7B"


def test_a_choice_is_needed() -> None:
    with pytest.raises(InputError, match=r"choose one with --model \(there are: /models/tiny.gguf, Qwen/Qwen2.5-7B\)"):
        info(LLAMA, VLLM)
    with pytest.raises(InputError, match=r"has no such model \(there are: Qwen"):
        info(VLLM, model="x")
    many = [{"id": f"m{number:02}\n{'z' * 500}"} for number in range(15)]
    with pytest.raises(InputError, match="and 5 more") as caught:
        info(*many)
    assert len(str(caught.value)) < 1400
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("models", [[], [{}], [None], ["x"]])
def test_a_server_without_a_model(models: list[Any]) -> None:
    with pytest.raises(ModelError, match="lists no model"):
        info(*models)


def test_the_same_model_has_the_same_identity_wherever_it_runs() -> None:
    one = info(LLAMA)
    for other in (
        {**LLAMA, "id": "/elsewhere/tiny.gguf"},
        {**LLAMA, "created": 8},
        {**LLAMA, "meta": {**META, "n_ctx": 4096}},
    ):
        assert info(other).sha256 == one.sha256
    for other in ({**LLAMA, "id": "/models/small.gguf"}, {**LLAMA, "meta": {**META, "size": 1}}, VLLM):
        assert info(other).sha256 != one.sha256


@pytest.mark.parametrize("meta", [None, 7, [], {"n_ctx": "x", "n_vocab": [1]}, {"n_ctx": -1}])
def test_what_is_told_wrongly_is_not_told(meta: Any) -> None:
    assert info({**LLAMA, "meta": meta, "owned_by": "\x1b[2J"}).context_tokens == 0


def test_a_context_of_ones_own() -> None:
    assert info(LLAMA, context=1024).context_tokens == 1024
    assert info({"id": "x"}, context=1024).context_tokens == 1024
    with pytest.raises(InputError, match="more than the server has for a prompt: 2048"):
        info(LLAMA, context=4096)
