"""The file of weights of CTranslate2, `model.bin`: which variable stands where.

Format of version 6 (ctranslate2.specs.model_spec, `ModelSpec.save`): a header, then each variable with its name, shape,
type and bytes, one after the other; all numbers little-endian.
"""

import struct
from typing import NamedTuple

__all__ = ["FLOAT16", "Variable", "variables"]

VERSION = 6
FLOAT16 = 4
"""The number of the type, as CTranslate2 counts them."""


class Variable(NamedTuple):
    """Where a variable's bytes begin in the file, its shape, and its type."""

    offset: int
    shape: tuple[int, ...]
    kind: int


def variables(model: bytes | bytearray) -> dict[str, Variable]:
    """The variables of a model, by name, in the order of the file.

    Raises:
        ValueError: it is no such file, or cut short.
    """
    try:
        return _Reader(model).variables()
    except (struct.error, UnicodeDecodeError) as error:
        raise ValueError("cut short") from error


class _Reader:
    def __init__(self, model: bytes | bytearray) -> None:
        self._model = model
        self._at = 0

    def variables(self) -> dict[str, Variable]:
        if self._number("I") != VERSION:
            raise ValueError(f"no file of weights of version {VERSION}")
        self._text()
        self._number("I")
        return dict(self._variable() for _ in range(self._number("I")))

    def _variable(self) -> tuple[str, Variable]:
        name = self._text()
        shape = tuple(self._number("I") for _ in range(self._number("B")))
        kind, size = self._number("B"), self._number("I")
        found = Variable(self._at, shape, kind)
        self._at += size
        if self._at > len(self._model):
            raise ValueError("cut short")
        return name, found

    def _number(self, form: str) -> int:
        (number,) = struct.unpack_from(f"<{form}", self._model, self._at)
        self._at += struct.calcsize(form)
        return int(number)

    def _text(self) -> str:
        length = self._number("H")
        text = bytes(self._model[self._at : self._at + length])
        self._at += length
        # The zero at its end is part of it.
        return text[:-1].decode("ascii")
