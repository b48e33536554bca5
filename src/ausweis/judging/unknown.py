"""The sentence about a word that is not known, with the one that may have been meant."""

import difflib
from collections.abc import Sequence
from typing import Any

__all__ = ["unknown"]


def unknown(noun: str, word: Any, allowed: Sequence[str], others: Sequence[str] = ()) -> str:
    """What the word is not, and the words allowed. `others`: words that may be meant, though not allowed here."""
    near = difflib.get_close_matches(str(word), (*allowed, *others), 1)
    hint = f" (perhaps {near[0]!r}?)" if near else ""
    shown = repr(word) if isinstance(word, str | int | float | bool) else "something that is no word"
    return f"unknown {noun} {shown[:80]}{hint}; allowed: {', '.join(allowed)}"
