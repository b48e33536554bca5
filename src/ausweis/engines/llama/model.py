"""Model weights loaded by llama.cpp: vocabulary, tokens, chat template; and the memory of the GPU that it can use."""

import ctypes
import logging
from pathlib import Path
from typing import Any

from ausweis.errors import ModelError

__all__ = ["LlamaModel", "ggml", "gpu_memory"]

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
    def end_token(self) -> int:
        """The token with which the model ends its turn."""
        token = int(self.api.llama_vocab_eot(self.vocabulary))
        return token if token >= 0 else int(self.api.llama_vocab_eos(self.vocabulary))

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
    """A part of the library under llama.cpp, for what llama-cpp-python has no names for.

    Raises:
        ModelError: this build has none.
    """
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
