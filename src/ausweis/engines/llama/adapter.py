"""An adapter of a model (LoRA, Hu et al. 2021, arXiv 2106.09685) as a GGUF file, checked before llama.cpp gets it.

llama.cpp ends the process on some damaged files. So a file is compared with its size and hash first, and of its header
what llama.cpp takes for granted is looked at.
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ausweis.errors import ModelError

__all__ = ["AdapterFile", "check_adapter"]

MOST_ENTRIES = 1000
LONGEST = 1 << 16
"""Entries of a header, and bytes of a text in it, of an adapter that we wrote."""
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value by GGUF's number of its kind; 8 is a text. A list, 9, is in no adapter of ours."""
_TEXT, _FLOAT = 8, 6
_KINDS = {"general.type": _TEXT, "general.architecture": _TEXT, "adapter.type": _TEXT, "adapter.lora.alpha": _FLOAT}


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """Where it lies, what it must be, and the SHA-256 of the model that it was learned for."""

    path: Path
    sha256: str
    bytes: int
    base_sha256: str


def check_adapter(adapter: AdapterFile, model_sha256: str, architecture: str) -> None:
    """See that llama.cpp can load the adapter for the model.

    Raises:
        ModelError: it was learned for another model, it is missing, cut short or changed, or it is no adapter.
    """
    place = str(adapter.path)
    if adapter.base_sha256 != model_sha256:
        raise ModelError("the adapter was learned for another model: learn one for this model", place=place)
    try:
        size = adapter.path.stat().st_size
        if size != adapter.bytes:
            state = "cut short" if size < adapter.bytes else "too long"
            raise ModelError(f"the adapter is {state}: {size} bytes in place of {adapter.bytes}", place=place)
        with adapter.path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != adapter.sha256:
                raise ModelError("the adapter was changed since it was learned: its hash is another", place=place)
            file.seek(0)
            told = _header(file)
    except OSError as error:
        raise ModelError(f"the adapter cannot be read: {error.strerror}", place=place) from None
    except (struct.error, ValueError):
        raise ModelError("is no adapter in llama.cpp's format (GGUF, LoRA)", place=place) from None
    if (told.get("general.type"), told.get("adapter.type")) != ("adapter", "lora"):
        raise ModelError("is no adapter in llama.cpp's format (GGUF, LoRA)", place=place)
    if told.get("general.architecture") != architecture:
        message = f"the adapter is for the architecture {told.get('general.architecture')}, not {architecture}"
        raise ModelError(message, place=place)


def _header(file: BinaryIO) -> dict[str, str]:
    """The texts of a GGUF header.

    Raises:
        ValueError, struct.error: it is none, or an entry is of a kind that llama.cpp would stumble over.
    """
    magic, version, _, entries = struct.unpack("<4sIQQ", file.read(24))
    if magic != b"GGUF" or version not in (2, 3) or entries > MOST_ENTRIES:
        raise ValueError
    texts: dict[str, str] = {}
    for _ in range(entries):
        name = _text(file)
        (kind,) = struct.unpack("<I", file.read(4))
        if kind != _KINDS.get(name, kind) or kind not in (_TEXT, *_SIZES):
            raise ValueError
        if kind == _TEXT:
            texts[name] = _text(file)
        else:
            file.seek(_SIZES[kind], 1)
    return texts


def _text(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > LONGEST:
        raise ValueError
    return file.read(length).decode()
