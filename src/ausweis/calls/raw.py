"""What a reader of a format hands on: a call in the shape of the contract, not yet checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Lined", "RawCall", "raw_turn"]

Lined = list[tuple[int, dict[str, Any]]]
"""The turns of a text, each with the line where it begins."""


@dataclass(frozen=True, slots=True)
class RawCall:
    """`document` has the keys of the contract, as far as the file says them; `id` and `language` may be missing.

    Each turn's `speaker` is the label as the file has it, or None where it has none. `default_id` is taken where
    the document has no id, `place` is the path, with `:line` where the file holds several calls. `lines`: of each
    turn, the line of the file where it begins; none where the format has no lines.
    """

    document: dict[str, Any]
    place: str
    default_id: str
    lines: Sequence[int] = ()


def raw_turn(speaker: str | None, text: str, start: float | None = None, end: float | None = None) -> dict[str, Any]:
    """One turn of a raw call; times in seconds."""
    return {"speaker": speaker, "start": start, "end": end, "text": text}
