"""What would show that a deleted call is still in the files of a database: its longest sentences, and its id."""

import json
import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ausweis.errors import StoreError

__all__ = ["Traces", "sentences"]

LONG_ENOUGH = 24
"""Letters of a sentence that are searched for; shorter ones are anybody's."""
_LONGEST = 160
_SEARCHED_ID = 6
"""Shorter ids stand between other bytes by chance."""
_MANY = 50
"""Ids above which they are not searched for."""
_WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]")
_ESCAPED = re.compile(rb"\\(?:[nrtbf]|u[0-9a-fA-F]{4})$")
"""What JSON writes for a character that may well end a word."""
_DAY = re.compile(rb"\d{4}-\d\d-\d\d")
_INDEXED = frozenset(b"\x01\x02\x03\x04\x05\x06\x08\x09")
"""What stands before an id in SQLite's index of them: the type of the row's number."""
_PLAIN = re.compile(r"""[^"'\\\n<>&\x00-\x1f\U00010000-\U0010ffff]+""")
"""What every format writes as it is, but for letters outside of ASCII."""


def sentences(words: Sequence[str]) -> Iterator[str]:
    """Parts of texts that are worth searching for, the longest first, each once."""
    parts = {part.strip()[:_LONGEST].strip() for text in words for part in _PLAIN.findall(text)}
    yield from sorted((part for part in parts if len(part) >= LONG_ENOUGH), key=lambda part: (-len(part), part))


@dataclass(frozen=True)
class Traces:
    """`phrases` are those of no other call; `others`: ids of other calls, and paths, with a deleted id within them.

    Ids count as whole words only, since a number may stand in any other; of more than 50, none is searched for.
    """

    ids: frozenset[str]
    phrases: tuple[str, ...]
    others: tuple[str, ...] = ()

    def in_database(self, path: Path) -> bool:
        """Whether a file of SQLite holds any of it.

        Raises:
            StoreError: the file cannot be read.
        """
        try:
            with path.open("rb") as file:
                if not path.stat().st_size:
                    return False
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    return self._in_bytes(data)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(f"it cannot be read: {error.strerror}", place=str(path)) from None

    def _in_bytes(self, data: mmap.mmap) -> bool:
        for needle, is_id in self._needles:
            place = data.find(needle, 0)
            while place >= 0:
                if not is_id or (_is_whole(data, place, place + len(needle)) and not self._is_other(data, place)):
                    return True
                place = data.find(needle, place + 1)
        return False

    @cached_property
    def _needles(self) -> list[tuple[bytes, bool]]:
        ids = [own for own in sorted(self.ids) if len(own) >= _SEARCHED_ID] if len(self.ids) <= _MANY else []
        return [
            (form.encode(), is_id)
            for texts, is_id in ((self.phrases, False), (ids, True))
            for text in texts
            for form in sorted({text, json.dumps(text)[1:-1]})
        ]

    def _is_other(self, data: mmap.mmap, place: int) -> bool:
        """Whether what stands here is a part of another call's id."""
        for other, own in ((other.encode(), own.encode()) for other in self.others for own in self.ids):
            offset = other.find(own)
            while offset >= 0:
                if data[max(0, place - offset) : place - offset + len(other)] == other:
                    return True
                offset = other.find(own, offset + 1)
        return False


def _is_whole(data: mmap.mmap, start: int, end: int) -> bool:
    """Whether what stands here is no part of a longer word or number."""
    before, after = data[max(0, start - 6) : start], data[end : end + 10]
    if _DAY.match(after) or (before[-1:] and before[-1] in _INDEXED):
        return True
    begins = not _WORD.match(before[-1:]) or _ESCAPED.search(before) is not None
    return begins and not _WORD.match(after)
