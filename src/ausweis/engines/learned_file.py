"""Learned numbers as files: data only (safetensors, half precision), with what they are bound to beside them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ausweis.errors import PromptError
from ausweis.journal import replace_file
from ausweis.opening import read_bytes

__all__ = ["LearnedFile"]

Array = NDArray[np.float32]
_TEXTS = ("template", "template_sha256", "model_sha256", "notes")


@dataclass(frozen=True, kw_only=True)
class LearnedFile:
    """What was learned for one version of a template and one model. `sha256`: of the file, where it was loaded.

    `layers`: whose states are read, numbered from 0, in rising order. `parts`: float32, named and shaped as `SHAPES`
    says.
    """

    SCHEMA: ClassVar[str]
    SHAPES: ClassVar[Mapping[str, str]]
    """A letter for each axis of a part; the same letter is the same size; `k` counts the labels."""
    LISTS: ClassVar[tuple[str, ...]] = ("layers",)
    """The fields that are lists, in the file too."""

    layers: tuple[int, ...]
    parts: Mapping[str, Array]
    template: str
    template_sha256: str
    model_sha256: str
    notes: str
    sha256: str = ""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file.

        Raises:
            PromptError: it is none of this kind, or its parts do not fit together.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            data = read_bytes(path)
            parts = {name: part.astype(np.float32) for name, part in load(data).items()}
            about = _about(data)
            sizes = {"k": len(about["labels"])} if "labels" in about else {}
            if about.get("schema") != cls.SCHEMA or not _fit(parts, cls.SHAPES, sizes):
                raise PromptError("is no learned part of this kind: train it again", place=str(path))
            told = {name: about[name] for name in _TEXTS} | {name: tuple(about[name]) for name in cls.LISTS}
            return cls(parts=parts, sha256=hashlib.sha256(data).hexdigest(), **told)
        except (OSError, SafetensorError, AttributeError, KeyError, TypeError, ValueError):
            raise PromptError("is no learned part, or a broken one: train it again", place=str(path)) from None

    def save(self, path: Path) -> None:
        """Write the file, at once or not at all.

        Raises:
            RunError: it cannot be written.
        """
        replace_file(path, self.data())

    def data(self) -> bytes:
        """What its file has: weights at half precision; the same parts give the same bytes."""
        from safetensors.numpy import save

        halves = {name: np.ascontiguousarray(part.astype(np.float16)) for name, part in self.parts.items()}
        about = {name: getattr(self, name) for name in (*_TEXTS, *self.LISTS)}
        # One entry: several would be written in an order of their own each time.
        told = json.dumps({"schema": self.SCHEMA, **about}, sort_keys=True)
        return save(halves, metadata={"about": told})


def _about(data: bytes) -> dict[str, Any]:
    """What a file says of itself, in its header: JSON, whose length the first eight bytes tell, little-endian.

    Raises:
        KeyError, TypeError, ValueError: it says nothing that can be read.
    """
    length = int.from_bytes(data[:8], "little")
    about: dict[str, Any] = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["about"])
    return about


def _fit(parts: Mapping[str, Array], shapes: Mapping[str, str], sizes: dict[str, int]) -> bool:
    """Whether all parts are there, and letters that are the same are numbers that are the same."""
    return set(parts) == set(shapes) and all(
        part.ndim == len(shapes[name])
        and all(sizes.setdefault(axis, size) == size for axis, size in zip(shapes[name], part.shape, strict=True))
        for name, part in parts.items()
    )
