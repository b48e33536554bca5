"""A model loaded by llama.cpp: vocabulary, tokens, the memory of the GPU that it can use; and prompts as its tokens.

Markers of the chat format are set by code, contents are only text: a part that is text is tokenised with special tokens
off, so a caller who says `<|im_end|>` has said just these characters.
"""

import ctypes
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ausweis.engines.protocol import Message, Request, Transcript
from ausweis.errors import ContextError, ModelError

ANSWER_ROOM = 16
"""Tokens left for the ways to the answers of a closed list."""
_GPUS = (1, 2)
"""`ggml_backend_dev_type` of a GPU with memory of its own, and of one that shares the machine's."""


class LlamaModel:
    """A GGUF file in memory (mapped, so that processes share it), or on the GPU.

    All its layers are put on the GPU where llama-cpp-python was built for one and they have room there, else none.

    Raises:
        ModelError: the file is missing, cut short, or nothing that llama.cpp can load.
    """

    def __init__(self, path: Path) -> None:
        import llama_cpp

        # Its log names file paths and tensor shapes: of no use to a user, and errors are told by us.
        logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL + 1)
        self.api: Any = llama_cpp
        llama_cpp.llama_backend_init()
        parameters = llama_cpp.llama_model_default_params()
        for self.on_gpu in (True, False) if llama_cpp.llama_supports_gpu_offload() else (False,):
            parameters.n_gpu_layers = -1 if self.on_gpu else 0
            self.pointer = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
            if self.pointer:
                break
        else:
            raise ModelError("llama.cpp cannot load this file: it is cut short or of an unknown kind", place=str(path))
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.pointer)
        self.size = int(llama_cpp.llama_vocab_n_tokens(self.vocabulary))
        self.width = int(llama_cpp.llama_model_n_embd(self.pointer))
        self.layers = int(llama_cpp.llama_model_n_layer(self.pointer))
        self.trained_context = int(llama_cpp.llama_model_n_ctx_train(self.pointer))

    def tokens(self, text: str, *, special: bool) -> list[int]:
        """The tokens of a text. Markers such as `<|im_end|>` become special tokens only if `special`."""
        data = text.encode("utf-8", errors="replace")
        room = len(data) + 8
        buffer = (self.api.llama_token * room)()
        count = self.api.llama_tokenize(self.vocabulary, data, len(data), buffer, room, False, special)
        return list(buffer[:count])

    def text(self, tokens: list[int]) -> bytes:
        """The bytes that these tokens stand for; special tokens give none."""
        pieces = []
        buffer = ctypes.create_string_buffer(1024)
        for token in tokens:
            count = self.api.llama_token_to_piece(self.vocabulary, token, buffer, 1024, 0, False)
            pieces.append(buffer.raw[: max(0, count)])
        return b"".join(pieces)

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer."""
        return bool(self.api.llama_vocab_is_eog(self.vocabulary, token))

    @property
    def end_text(self) -> str:
        """The end of a text, as chat templates write it."""
        token = self.api.llama_vocab_eos(self.vocabulary)
        text = self.api.llama_vocab_get_text(self.vocabulary, token) if token >= 0 else b""
        return str(text.decode("utf-8", errors="replace"))

    @property
    def begin_token(self) -> int | None:
        """The token that every prompt must begin with, if there is one."""
        if not self.api.llama_vocab_get_add_bos(self.vocabulary):
            return None
        return int(self.api.llama_vocab_bos(self.vocabulary))

    @property
    def chat_template(self) -> str | None:
        """The Jinja source of the chat template that the file carries."""
        source = self.api.llama_model_chat_template(self.pointer, None)
        return None if source is None else source.decode("utf-8", errors="replace")

    def close(self) -> None:
        """Give the memory back."""
        if self.pointer:
            self.api.llama_model_free(self.pointer)
            self.pointer = None


def ggml(api: Any, part: str = "ggml-base") -> Any:
    """A part of the library under llama.cpp, for what llama-cpp-python has no names for."""
    folder = Path(api.__file__).parent / "lib"
    files = (path for ending in ("so", "dylib", "dll") for path in folder.glob(f"*{part}.{ending}"))
    file = next(files, None)
    if file is None:
        raise ModelError("this build of llama-cpp-python lacks the ggml library that probes need", place=str(folder))
    return ctypes.CDLL(str(file))


def gpu_memory() -> int | None:
    """Bytes that are free on the GPUs that llama.cpp can use, as it tells; None where it can use none."""
    import llama_cpp

    if not llama_cpp.llama_supports_gpu_offload():
        return None
    base, devices = ggml(llama_cpp), ggml(llama_cpp, "ggml")
    devices.ggml_backend_dev_count.restype = ctypes.c_size_t
    get, kind, memory = devices.ggml_backend_dev_get, base.ggml_backend_dev_type, base.ggml_backend_dev_memory
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    kind.restype, kind.argtypes = ctypes.c_int, [ctypes.c_void_p]
    memory.restype, memory.argtypes = None, [ctypes.c_void_p, *[ctypes.POINTER(ctypes.c_size_t)] * 2]
    found = []
    for device in map(get, range(devices.ggml_backend_dev_count())):
        if kind(device) in _GPUS:
            free, total = ctypes.c_size_t(), ctypes.c_size_t()
            memory(device, ctypes.byref(free), ctypes.byref(total))
            found.append(free.value)
    return sum(found) if found else None


class PromptPart(NamedTuple):
    """`special`: the text may hold special tokens."""

    text: str
    special: bool


ChatFormat = Callable[[Sequence[Message]], list[PromptPart]]
"""Ends where the assistant's reply begins."""


def _chatml(messages: Sequence[Message]) -> list[PromptPart]:
    parts = []
    for message in messages:
        parts += [PromptPart(f"<|im_start|>{message.role}\n", True), PromptPart(message.content, False)]
        parts.append(PromptPart("<|im_end|>\n", True))
    return [*parts, PromptPart("<|im_start|>assistant\n", True)]


def chat_format(name: str | None, template: str | None, end: str = "") -> ChatFormat:
    """The format with this name, else the one that the Jinja `template` of a model file describes, else ChatML.

    `end`: the end of a text, with which some templates end an answer.
    """
    if name == "chatml" or (name is None and template is None):
        return _chatml
    if template is None:
        raise ModelError(f"the chat format {name} is unknown and the model file describes none")
    return _from_template(template, end)


def _from_template(source: str, end: str) -> ChatFormat:
    """Render the template with a mark in the place of each content, and cut there: contents never pass through it."""
    from jinja2 import TemplateError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])

    def refuse(message: Any) -> None:
        raise TemplateError(str(message))

    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = lambda _: ""
    try:
        compiled = environment.from_string(source)
    except TemplateError:
        raise ModelError("the chat template of the model file cannot be read") from None

    def render(messages: Sequence[Message]) -> list[PromptPart]:
        for candidate in (messages, _without_system(messages)):
            marks = [f"content{secrets.token_hex(8)}" for _ in candidate]
            roles = [{"role": m.role, "content": mark} for m, mark in zip(candidate, marks, strict=True)]
            try:
                text = compiled.render(messages=roles, add_generation_prompt=True, bos_token="", eos_token=end)
            except TemplateError:
                continue
            if all(text.count(mark) == 1 for mark in marks):
                parts = []
                for mark, message in zip(marks, candidate, strict=True):
                    before, _, text = text.partition(mark)
                    parts += [PromptPart(before, True), PromptPart(message.content, False)]
                return [*parts, PromptPart(text, True)]
        raise ModelError("the chat template of the model file does not take a system, user and assistant message")

    return render


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """For models that know no system role: its text begins the first question."""
    first, *rest = messages
    if first.role != "system" or not rest:
        return list(messages)
    merged = Message(role=rest[0].role, content=f"{first.content}\n\n{rest[0].content}")
    return [merged, *rest[1:]]


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request as tokens: the prefix that it shares with others of its template, and what is its own.

    `place` is its number among the requests; `room` how many tokens its answer may need.
    """

    place: int
    request: Request
    prefix: tuple[int, ...]
    own: tuple[int, ...]
    room: int


class PromptTokens:
    """Of a model with its chat format, for a context of so many tokens."""

    def __init__(self, model: LlamaModel, chat_format: ChatFormat, size: int) -> None:
        self._model, self._format, self._size = model, chat_format, size

    def question(self, place: int, request: Request) -> TokenRequest:
        """The tokens of a request."""
        parts = self._format(request.messages)
        prefix = self._prefix(parts)
        own = tuple(self._tokens(parts[_last_text(parts) :]))
        room = request.max_tokens if request.json_schema is not None else ANSWER_ROOM
        if len(prefix) + len(own) + room > self._size:
            message = f"a prompt of {request.template or 'a question'} has {len(prefix) + len(own)} tokens and needs"
            raise ContextError(f"{message} {room} more, but the context has {self._size} (option --context)")
        return TokenRequest(place, request, prefix, own, room)

    def transcript(self, transcript: Transcript) -> tuple[tuple[int, ...], list[list[int]]]:
        """What it begins with, and the tokens of each row."""
        rows = [self._model.tokens(f"{row}\n", special=False) for row in transcript.rows]
        return self._prefix(self._format(transcript.messages)), rows

    def asked(self, questions: Sequence[tuple[Message, Message]]) -> list[list[int]]:
        """The tokens of each question after a transcript, and of how its answer begins."""
        asked = []
        for question, answer in questions:
            parts = self._format((question.model_copy(update={"content": f"\n{question.content}"}),))
            begun = self._model.tokens(answer.content, special=False)
            asked.append(self._tokens(parts[_last_text(parts) :]) + begun)
        return asked

    def end_of_answer(self) -> int:
        """The token that ends an answer in the chat format; some model files name the end of a text instead."""
        parts = self._format((Message(role="user", content="?"), Message(role="assistant", content="!")))
        last = _last_text(parts)
        tokens = self._tokens(parts[last + 1 : last + 2])
        if tokens and self._model.ends(tokens[0]):
            return tokens[0]
        api, vocabulary = self._model.api, self._model.vocabulary
        turn = int(api.llama_vocab_eot(vocabulary))
        return turn if turn >= 0 else int(api.llama_vocab_eos(vocabulary))

    def _prefix(self, parts: Sequence[PromptPart]) -> tuple[int, ...]:
        """The tokens of all that stands before the text of the last message."""
        begin = [] if self._model.begin_token is None else [self._model.begin_token]
        return tuple(begin + self._tokens(parts[: _last_text(parts)]))

    def _tokens(self, parts: Sequence[PromptPart]) -> list[int]:
        return [token for part in parts for token in self._model.tokens(part.text, special=part.special)]


def _last_text(parts: Sequence[PromptPart]) -> int:
    """The place of the last message's text."""
    return max(place for place, part in enumerate(parts) if not part.special)
