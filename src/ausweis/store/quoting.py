"""Whether recorded answers hold words of calls: a quote, or twelve letters in a row of anything that was said."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

__all__ = ["Said"]

_LONG_ENOUGH = 12
"""Letters in a row, blanks among them, that an answer must have in common with a call to hold words of it."""
_AT_ONCE = 1 << 20
"""Letters that are compared at a time: each takes about 100 bytes."""
_WORD = re.compile(r"\w+")


class Said:
    """What was said in calls, and what a model concluded of them (`reasons`), to hold answers against it.

    Case counts for nothing, nor does what stands between words.
    """

    def __init__(self, words: Iterable[str], reasons: Iterable[str] = ()) -> None:
        plain = [_plain(text) for text in words]
        self._whole = "\n".join(f" {text} " for text in plain)
        self._runs = {run for text in plain for run in _runs(text)}
        self._reasons = {_plain(text) for text in reasons}

    @classmethod
    def portions(cls, words: Sequence[str], reasons: Sequence[str]) -> "Iterator[Said]":
        """So much at a time that it fits into memory; at least one."""
        some: list[str] = []
        letters = 0
        for text in words:
            some.append(text)
            letters += len(text)
            if letters >= _AT_ONCE:
                yield cls(some)
                some, letters = [], 0
        yield cls(some, reasons)

    def is_in(self, line: bytes) -> bool:
        """Whether a line of recorded answers holds any of it. A choice out of a list never does."""
        try:
            result = json.loads(line)["result"]
            answer, is_choice = result["text"], bool(result.get("probabilities"))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return False
        if is_choice:
            return False
        try:
            told = list(_texts(json.loads(answer)))
        except (ValueError, TypeError, RecursionError):
            told = list(_texts(answer))
        return any(self._holds(_plain(text), quoted) for text, quoted in told)

    def _holds(self, text: str, quoted: bool) -> bool:
        if len(text) >= _LONG_ENOUGH:
            return text in self._reasons or any(run in self._runs for run in _runs(text))
        # As words of its own: "ja" is no quote of "Januar".
        return quoted and bool(text) and f" {text} " in self._whole


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _runs(text: str) -> Iterator[str]:
    return (text[place : place + _LONG_ENOUGH] for place in range(len(text) - _LONG_ENOUGH + 1))


def _texts(value: Any, *, quoted: bool = False) -> Iterator[tuple[str, bool]]:
    """All texts, and whether they are quotes."""
    if isinstance(value, str):
        yield value, quoted
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, quoted=quoted)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, quoted=name == "quote")
