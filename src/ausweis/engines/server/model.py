"""Which model a server runs: its name, and what tells it from others."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ausweis.engines.server.connection import Connection
from ausweis.engines.server.reply import count
from ausweis.errors import InputError, ModelError

__all__ = ["ServedModel", "served_model"]

_TELLING = ("vocab_type", "n_vocab", "n_ctx_train", "n_embd", "n_params", "size", "ftype")
"""What llama-server tells of the weights themselves."""
_SHOWN = 10
_LONGEST_NAME = 1000
"""Characters: it goes with every question, and into every verdict."""


@dataclass(frozen=True)
class ServedModel:
    """`name`: as requests must say it. `id`: its last part, as a path is of no use elsewhere.

    `sha256`: of the id and of what the server tells of the weights; not of its address, nor of how it was started. A
    server does not tell the hash of its weights, so this is never the hash of a file, and what was learned for one
    (probes) is not used. `context`: tokens, None where the server does not tell. `kind`: who made the server.
    """

    name: str
    id: str
    sha256: str
    context: int | None
    kind: str


async def served_model(connection: Connection, wanted: str | None) -> ServedModel:
    """The model `wanted`, or the only one that the server lists.

    Raises:
        InputError: it is not there, or there are several and none is wanted.
        ModelError: the server lists no models.
    """
    listed = (await connection.get("models")).get("data")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    models = {entry["id"]: entry for entry in entries if _is_name(entry.get("id"))}
    if not models:
        raise ModelError(f"{connection.server} lists no model: see that its address is that of an OpenAI interface")
    if wanted is None and len(models) == 1:
        wanted = next(iter(models))
    if wanted is None or wanted not in models:
        what = "has several models: choose one with --model" if wanted is None else "has no such model"
        raise InputError(f"{connection.server} {what} (there are: {_names(list(models))})")
    return _described(wanted, models[wanted])


def _described(name: str, entry: Mapping[str, Any]) -> ServedModel:
    told = entry.get("meta")
    meta: dict[str, Any] = told if isinstance(told, dict) else {}
    identifier = name.rstrip("/").rpartition("/")[2] or name
    told = {key: meta[key] for key in _TELLING if isinstance(meta.get(key), str | int | float)}
    body = json.dumps({"server": identifier, "weights": told}, sort_keys=True, ensure_ascii=False)
    contexts = (meta.get("n_ctx"), entry.get("max_model_len"))
    context = next((value for value in map(count, contexts) if value), None)
    kind = entry.get("owned_by")
    if not isinstance(kind, str) or not re.fullmatch(r"[\x20-\x7e]{1,40}", kind):
        kind = "unknown"
    return ServedModel(name, identifier, hashlib.sha256(body.encode()).hexdigest(), context, kind)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME


def _names(names: list[str]) -> str:
    shown = ["".join(sign for sign in name if sign.isprintable())[:100] for name in sorted(names)[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
