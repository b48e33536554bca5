"""What would show that a deleted call is still somewhere: its longest sentences and its id, in files and names."""

import html
import json
import mmap
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ausweis.audio.kept import KEPT_AUDIO
from ausweis.errors import StoreError
from ausweis.store.line_files import call_of_line, ids_of, likely_of

__all__ = ["LONG_ENOUGH", "Traces", "sentences"]

LONG_ENOUGH = 24
"""Letters of a sentence that are searched for; shorter ones are anybody's."""
_LONGEST = 160
_SEARCHED_ID = 6
_MANY = 50
"""Ids above which only lines are held against them, and not every byte."""
_WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]")
_ESCAPED = re.compile(rb"\\(?:[nrtbf]|u[0-9a-fA-F]{4})$")
"""What JSON writes for a character that may well end a word."""
_DAY = re.compile(rb"\d{4}-\d\d-\d\d")
_INDEXED = frozenset(b"\x01\x02\x03\x04\x05\x06\x08\x09")
"""What stands before an id in SQLite's index of them: the type of the row's number."""
_PLAIN = re.compile(r"""[^"'\\\n<>&\x00-\x1f]+""")
"""What every format writes as it is, but for letters outside of ASCII."""


def sentences(words: Sequence[str]) -> Iterator[str]:
    """Parts of texts that are worth searching for, the longest first, each once."""
    parts = {part.strip()[:_LONGEST].strip() for text in words for part in _PLAIN.findall(text)}
    yield from sorted((part for part in parts if len(part) >= LONG_ENOUGH), key=lambda part: (-len(part), part))


@dataclass(frozen=True)
class Traces:
    """`phrases` are those of no other call; `others`: ids of other calls that have a deleted one's id within them.

    Ids count as whole words only, since a number may stand in any other; of more than 50, only as the ids of lines.
    """

    ids: frozenset[str]
    phrases: tuple[str, ...]
    others: tuple[str, ...] = ()

    def in_file(self, path: Path, *, database: bool = False) -> bool:
        """Whether a file holds any of it. In files of lines, a line that says to be of another call does not count.

        `database`: it is a file of SQLite, where an id stands right beside other values.

        Raises:
            StoreError: the file cannot be read.
        """
        try:
            with path.open("rb") as file:
                if not path.stat().st_size:
                    return False
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    if path.suffix != ".jsonl":
                        return self._in(data, self._by_id(data), database) or self._in_parts(path)
                    return self._has_line(data) or self._in(data, self._by_line(data), database)
        except OSError as error:
            raise StoreError(f"the file cannot be searched ({error.strerror})", place=str(path)) from None

    def _in_parts(self, path: Path) -> bool:
        """Whether a part of an archive holds any of it: an Excel file is one, and compressed."""
        try:
            with zipfile.ZipFile(path) as archive:
                parts = (archive.read(part) for part in archive.infolist())
                return any(self._in(part, self._by_id(part), database=False) for part in parts)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
            # No archive, or one that nobody can look into without its password.
            return False

    def in_name(self, path: Path) -> bool:
        """Whether a file is named after a call: as copies of recordings are, elsewhere also with more in its name."""
        if path.parent.name == KEPT_AUDIO or len(self.ids) > _MANY:
            return not self.ids.isdisjoint(ids_of(path.name))
        name = os.fsencode(unquote(path.name))
        return self._in(name, self._by_id(name), database=False)

    def _has_line(self, data: mmap.mmap) -> bool:
        likely = likely_of(self.ids)
        return any(likely(line) and call_of_line(line) in self.ids for line in iter(data.readline, b""))

    def _in(self, data: mmap.mmap | bytes, explained: Callable[[int, bool], bool], database: bool) -> bool:
        for needle, is_id in self._needles():
            place = data.find(needle, 0)
            while place >= 0:
                whole = not is_id or _is_whole(data, place, place + len(needle), database)
                if whole and not explained(place, is_id):
                    return True
                place = data.find(needle, place + 1)
        return False

    def _needles(self) -> Iterator[tuple[bytes, bool]]:
        ids = sorted(self.ids) if len(self.ids) <= _MANY else ()
        for texts, is_id in ((self.phrases, False), (ids, True)):
            for text in texts:
                if not is_id or len(text) >= _SEARCHED_ID:
                    written = {text, json.dumps(text)[1:-1], html.escape(text)}
                    yield from ((form.encode(), is_id) for form in sorted(written))

    def _by_line(self, data: mmap.mmap) -> Callable[[int, bool], bool]:
        def explained(place: int, is_id: bool) -> bool:
            start = data.rfind(b"\n", 0, place) + 1
            end = data.find(b"\n", place)
            call_id = call_of_line(data[start : end if end >= 0 else len(data)])
            return call_id is not None and call_id not in self.ids

        return explained

    def _by_id(self, data: mmap.mmap | bytes) -> Callable[[int, bool], bool]:
        longer = [(other.encode(), own.encode()) for other in self.others for own in self.ids if own in other]

        def explained(place: int, is_id: bool) -> bool:
            if not is_id:
                return False
            for other, own in longer:
                offset = other.find(own)
                while offset >= 0:
                    if data[max(0, place - offset) : place - offset + len(other)] == other:
                        return True
                    offset = other.find(own, offset + 1)
            return False

        return explained


def _is_whole(data: mmap.mmap | bytes, start: int, end: int, database: bool) -> bool:
    """Whether what stands here is no part of a longer word or number."""
    before, after = data[max(0, start - 6) : start], data[end : end + 10]
    if database and (_DAY.match(after) or (before[-1:] and before[-1] in _INDEXED)):
        return True
    begins = not _WORD.match(before[-1:]) or _ESCAPED.search(before) is not None
    return begins and not _WORD.match(after)
