"""Learned numbers as files: data only (safetensors, half precision), with what they are bound to beside them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.errors import PromptError

__all__ = ["BOUND_TO", "LoadedParts", "load_parts", "save_parts"]

Array = NDArray[np.float32]


class LoadedParts(NamedTuple):
    """What stands in a file. `parts`: float32; `about`: what was asked for; `sha256`: of the whole file."""

    parts: dict[str, Array]
    about: dict[str, Any]
    sha256: str


BOUND_TO = ("template", "template_sha256", "model_sha256", "notes")
"""Texts that every file has beside its parts."""


def load_parts(path: Path, schema: str, shapes: Mapping[str, str], lists: Sequence[str]) -> LoadedParts:
    """Read a file. `shapes`: a letter for each axis of a part; letters that are the same are sizes that are the same.

    The size of `k`, if one is named, is the number of labels. `lists`: what is a list beside the parts,
    given as tuples.

    Raises:
        PromptError: it is none of this schema, or its parts do not fit together.
    """
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import load

    try:
        data = path.read_bytes()
        parts = {name: part.astype(np.float32) for name, part in load(data).items()}
        with safe_open(path, framework="numpy") as file:
            about: dict[str, Any] = json.loads(file.metadata()["about"])
        known = {"k": len(about["labels"])} if "labels" in about else {}
        if about.get("schema") != schema or not _fit(parts, shapes, known):
            raise PromptError("is no probe of this kind: train it again", place=str(path))
        told = {name: about[name] for name in BOUND_TO} | {name: tuple(about[name]) for name in lists}
        return LoadedParts(parts, told, hashlib.sha256(data).hexdigest())
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        raise PromptError("is no probe, or a broken one: train it again", place=str(path)) from None


def save_parts(path: Path, schema: str, parts: Mapping[str, Array], about: Mapping[str, object]) -> None:
    """Write a file; the same parts give the same bytes."""
    from safetensors.numpy import save

    halves = {name: np.ascontiguousarray(part.astype(np.float16)) for name, part in parts.items()}
    # One entry: several would be written in an order of their own each time.
    told = json.dumps({"schema": schema, **about}, sort_keys=True)
    path.write_bytes(save(halves, metadata={"about": told}))


def _fit(parts: Mapping[str, Array], shapes: Mapping[str, str], sizes: dict[str, int]) -> bool:
    """Whether all parts are there, and letters that are the same are numbers that are the same."""
    return set(parts) == set(shapes) and all(
        part.ndim == len(shapes[name])
        and all(sizes.setdefault(axis, size) == size for axis, size in zip(shapes[name], part.shape, strict=True))
        for name, part in parts.items()
    )
