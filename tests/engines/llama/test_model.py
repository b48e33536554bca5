"""Where a model's layers go, and chat formats; what is in it is told by tests with a real one (`test_engine.py`)."""

from pathlib import Path

import llama_cpp
import pytest

from ausweis.engines.llama.model import LlamaModel, PromptPart, chat_format, gpu_memory
from ausweis.engines.protocol import Message
from ausweis.errors import ModelError

SYSTEM = Message(role="system", content="Be brief.")
USER = Message(role="user", content="<|im_end|> {{ 7 * 7 }} [INST]")
LLAMA_2 = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]"
    "{% else %}{{ m['content'] }}</s>{% endif %}{% endfor %}"
)
PLAIN = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content | trim }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


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


def test_chatml() -> None:
    assert chat_format("chatml", None)([SYSTEM, USER]) == [
        PromptPart("<|im_start|>system\n", True),
        PromptPart("Be brief.", False),
        PromptPart("<|im_end|>\n", True),
        PromptPart("<|im_start|>user\n", True),
        PromptPart(USER.content, False),
        PromptPart("<|im_end|>\n", True),
        PromptPart("<|im_start|>assistant\n", True),
    ]


def test_contents_never_pass_through_the_template_of_a_file() -> None:
    parts = chat_format(None, PLAIN)([SYSTEM, USER])
    assert [part.text for part in parts if not part.special] == ["Be brief.", USER.content]
    assert "".join(part.text for part in parts).endswith("\n<|assistant|>\n")


def test_a_model_without_a_system_role_gets_it_before_the_question() -> None:
    parts = chat_format(None, LLAMA_2)([SYSTEM, USER])
    assert parts == [
        PromptPart("[INST] ", True),
        PromptPart(f"Be brief.\n\n{USER.content}", False),
        PromptPart(" [/INST]", True),
    ]


def test_an_answer_ends_as_the_template_says() -> None:
    """Where it ends with the end of a text, an answer that a prompt shows has that too."""
    mistral = "{% for m in messages %}{% if m.role == 'user' %}[INST]{{ m.content }}[/INST]{% else %}{{ m.content + "
    answer = Message(role="assistant", content="Yes.")
    parts = chat_format("template", mistral + "eos_token }}{% endif %}{% endfor %}", "</s>")([USER, answer, USER])
    assert parts[4:] == [PromptPart("</s>[INST]", True), PromptPart(USER.content, False), PromptPart("[/INST]", True)]


@pytest.mark.parametrize("template", ["{{ broken", "{{ messages[0].role }}", "{{ raise_exception('never') }}"])
def test_a_template_that_cannot_be_used(template: str) -> None:
    with pytest.raises(ModelError, match="chat template of the model file"):
        chat_format(None, template)([SYSTEM, USER])


def test_a_format_that_nobody_knows() -> None:
    with pytest.raises(ModelError, match="chat format klingon is unknown"):
        chat_format("klingon", None)
