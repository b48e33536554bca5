"""Adapters of ASR models: what was learned besides, added to the weights of a file of CTranslate2 (`model.bin`).

An adapter (LoRA, Hu et al. 2021) holds for some matrices two thin ones whose product is added. They are whole numbers
of 16 bits, with a power of two as their unit: sums of whole numbers do not depend on their order, so that every machine
makes the same file, to the byte, and the catalogue knows it by its SHA-256 as it knows any other.

`model.bin` has the format of version 6 (ctranslate2.specs.model_spec, `ModelSpec.save`): a header, then each variable
with its name, shape, type and bytes, one after the other; all numbers little-endian.
"""

import json
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.errors import ModelError

SCHEMA = "ausweis/asr-adapter@1"
DOWN, UP = ".down", ".up"
VERSION = 6
FLOAT16 = 4
"""The number of the type, as CTranslate2 counts them."""
UNREADABLE = "the adapter cannot be read, or is for another model: install Ausweis again"

Numbers = NDArray[np.int16]


class Variable(NamedTuple):
    """Where a variable's bytes begin in the file, its shape, and its type."""

    offset: int
    shape: tuple[int, ...]
    kind: int


def variables(model: bytes | bytearray) -> dict[str, Variable]:
    """The variables of a model, by name, in the order of the file."""
    at = 0

    def number(form: str) -> int:
        nonlocal at
        (found,) = struct.unpack_from(f"<{form}", model, at)
        at += struct.calcsize(form)
        return int(found)

    def text() -> str:
        nonlocal at
        length = number("H")
        at += length
        # The zero at its end is part of it.
        return bytes(model[at - length : at])[:-1].decode("ascii")

    found: dict[str, Variable] = {}
    try:
        if number("I") != VERSION:
            raise ValueError(f"no file of weights of version {VERSION}")
        text()
        number("I")
        for _ in range(number("I")):
            name, shape = text(), tuple(number("I") for _ in range(number("B")))
            kind, size = number("B"), number("I")
            found[name] = Variable(at, shape, kind)
            at += size
            if at > len(model):
                raise ValueError("cut short")
    except struct.error as error:
        raise ValueError("cut short") from error
    return found


def adapted(model: bytes, adapter: Path) -> bytes:
    """The file of weights with the adapter added to it."""
    result = bytearray(model)
    try:
        known = variables(model)
        for name, up, down, unit in parts_of(adapter):
            _add(result, known[name], up, down, unit)
    except (LookupError, ValueError) as error:
        raise ModelError(UNREADABLE, place=str(adapter)) from error
    return bytes(result)


def parts_of(path: Path) -> list[tuple[str, Numbers, Numbers, int]]:
    """For each variable its name, `up`, `down`, and the exponent of two that is the unit of their product."""
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import load

    try:
        parts = load(path.read_bytes())
        with safe_open(path, framework="numpy") as file:
            about = json.loads(file.metadata()["about"])
        if about["schema"] != SCHEMA:
            raise ValueError(about["schema"])
        return [(name, parts[name + UP], parts[name + DOWN], unit) for name, unit in about["units"].items()]
    except (OSError, SafetensorError, LookupError, TypeError, ValueError) as error:
        raise ModelError(UNREADABLE, place=str(path)) from error


def _add(model: bytearray, variable: Variable, up: Numbers, down: Numbers, unit: int) -> None:
    if variable.kind != FLOAT16 or variable.shape != (len(up), down.shape[1]):
        raise ValueError("another shape or type")
    # Exact: 64 bits hold the sum of some dozen products of 15 bits each.
    product = np.ldexp((up.astype(np.int64) @ down.astype(np.int64)).astype(np.float64), unit)
    end = variable.offset + 2 * product.size
    weights = np.frombuffer(model[variable.offset : end], "<f2").reshape(variable.shape)
    model[variable.offset : end] = (weights.astype(np.float64) + product).astype("<f2").tobytes()
