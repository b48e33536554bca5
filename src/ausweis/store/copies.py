"""Copies of recordings in a run folder: of which calls they are, by their names (`audio.hearing` gives them)."""

from urllib.parse import unquote

__all__ = ["ids_of", "is_half"]

_HALF = ".part"
_SIDES = (".agent", ".caller")


def is_half(name: str) -> bool:
    """Whether a copy broke off while it was written: `.NAME.part`."""
    return name.endswith(_HALF)


def ids_of(name: str) -> frozenset[str]:
    """The ids of calls that a file of this name may be a copy of, whole or half: `ID.wav`, or one side, `ID.agent.wav`.

    The id is written as in an address: `a%2Fb` for `a/b`.
    """
    whole = name.removeprefix(".").removesuffix(_HALF) if is_half(name) else name
    stem = unquote(whole.rpartition(".")[0] or whole)
    return frozenset((stem, *(stem.removesuffix(side) for side in _SIDES)))
