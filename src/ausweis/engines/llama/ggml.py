"""The library under llama.cpp, for what llama-cpp-python has no names for."""

import ctypes
from pathlib import Path
from typing import Any

from ausweis.errors import ModelError

__all__ = ["ggml", "gpu_memory"]

_GPUS = (1, 2)
"""`ggml_backend_dev_type` of a GPU with memory of its own, and of one that shares the machine's."""


def ggml(api: Any, part: str = "ggml-base") -> Any:
    """A part of it, as a library of functions.

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
