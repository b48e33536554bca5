"""What would show that a deleted call is still somewhere: its longest sentences and its id, in files and names.

In texts only letters and digits count: no case, line end, mark or tag. What is packed is unpacked. What is neither a
text nor can be unpacked is searched byte by byte, as the database is, and told to be not searched.
"""

import bz2
import codecs
import gzip
import html
import io
import json
import lzma
import mmap
import re
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any, BinaryIO, TextIO
from urllib.parse import unquote

from ausweis.audio.kept import KEPT_AUDIO
from ausweis.errors import StoreError
from ausweis.store.run_files import OWN_NAMES, call_of_line, ids_of

__all__ = ["Traces", "sentences"]

LONG_ENOUGH = 24
"""Letters of a sentence that are searched for; shorter ones are anybody's."""
_LONGEST = 160
_LETTERS = 12
"""Of these so many must be letters or digits."""
_SEARCHED_ID = 6
"""Shorter ids stand between other bytes by chance, and shorter numbers in any text."""
_MANY = 50
"""Ids above which only lines and names are held against them, and not every word."""
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
    """`phrases` are those of no other call; `others`: ids of other calls that have a deleted one's id within them.

    Ids count as whole words only, since a number may stand in any other; of more than 50, only as the ids of lines.
    """

    ids: frozenset[str]
    phrases: tuple[str, ...]
    others: tuple[str, ...] = ()

    def in_file(self, path: Path) -> bool:
        """Whether a file, or what is packed in it, holds any of it. Lines that say to be of other calls do not count.

        Raises:
            StoreError: nothing was found, but the file, or a part of it, cannot be searched; why.
        """
        look = _Look(self)
        if _with_bytes(path, partial(look.into, name=path.name)):
            return True
        if look.closed:
            raise StoreError(look.closed, place=str(path))
        return False

    def in_database(self, path: Path) -> bool:
        """Whether a file of SQLite holds any of it.

        Raises:
            StoreError: the file cannot be read.
        """
        return _with_bytes(path, lambda _, data: self.in_bytes(data))

    def in_bytes(self, data: mmap.mmap | bytes) -> bool:
        """Whether bytes hold any of it as it is: also where an id stands beside a value, as in files of SQLite."""
        for needle, is_id in self._needles:
            place = data.find(needle, 0)
            while place >= 0:
                if not is_id or (_is_whole(data, place, place + len(needle)) and not self._is_other(data, place)):
                    return True
                place = data.find(needle, place + 1)
        return False

    def in_name(self, path: Path) -> bool:
        """Whether a file is named after a call: as copies of recordings are, elsewhere also with more in its name."""
        if path.name in OWN_NAMES:
            return False
        if not self.ids.isdisjoint(ids_of(path.name)):
            return True
        return path.parent.name != KEPT_AUDIO and self.has_id(unquote(path.name))

    def in_text(self, text: str, *, shortest: int = 1) -> bool:
        """Whether a text holds any of it, as it is or as JSON or HTML write it; ids of at least so many letters."""
        read = html.unescape(_TAG.sub("", _ESCAPE.sub(lambda found: chr(int(found[1] or "20", 16)), text)))
        for form in dict.fromkeys((text, read)):
            letters = _letters(form)
            if any(phrase in letters for phrase in self._said) or self.has_id(form, shortest=shortest):
                return True
        return False

    def has_id(self, text: str, *, shortest: int = 1) -> bool:
        """Whether an id of at least so many letters stands in a text, as a whole word and in no id of another call."""
        text = _folded(text)
        for own in self._named:
            if len(own) >= shortest and own in text:
                for other in self._longer:
                    text = text.replace(other, "")
                if re.search(rf"(?<!\w){re.escape(own)}(?!\w)", text):
                    return True
        return False

    @cached_property
    def _said(self) -> tuple[bytes, ...]:
        return tuple(letters for letters in map(_letters, self.phrases) if len(letters) >= _LETTERS)

    @cached_property
    def _named(self) -> tuple[str, ...]:
        ids = sorted(self.ids) if len(self.ids) <= _MANY else ()
        return tuple(_folded(own) for own in ids if len(own) >= _SEARCHED_ID or not own.isdigit())

    @cached_property
    def _longer(self) -> tuple[str, ...]:
        return tuple(map(_folded, self.others))

    @cached_property
    def _needles(self) -> list[tuple[bytes, bool]]:
        ids = [own for own in sorted(self.ids) if len(own) >= _SEARCHED_ID] if len(self.ids) <= _MANY else []
        return [
            (form.encode(), is_id)
            for texts, is_id in ((self.phrases, False), (ids, True))
            for text in texts
            for form in sorted({text, json.dumps(text)[1:-1]})
        ]

    def _is_other(self, data: mmap.mmap | bytes, place: int) -> bool:
        """Whether what stands here is a part of another call's id."""
        for other, own in ((other.encode(), own.encode()) for other in self.others for own in self.ids):
            offset = other.find(own)
            while offset >= 0:
                if data[max(0, place - offset) : place - offset + len(other)] == other:
                    return True
                offset = other.find(own, offset + 1)
        return False


def _with_bytes(path: Path, holds: Callable[[BinaryIO, mmap.mmap], bool]) -> bool:
    """What is said of a file and its bytes; of one that is empty or gone, no."""
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return holds(file, data)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"it cannot be read: {error.strerror}", place=str(path)) from None


def _is_whole(data: mmap.mmap | bytes, start: int, end: int) -> bool:
    """Whether what stands here is no part of a longer word or number."""
    before, after = data[max(0, start - 6) : start], data[end : end + 10]
    if _DAY.match(after) or (before[-1:] and before[-1] in _INDEXED):
        return True
    begins = not _WORD.match(before[-1:]) or _ESCAPED.search(before) is not None
    return begins and not _WORD.match(after)


_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|[nrtbf])")
_TAG = re.compile(r"<[^<>]*>")
_NO_LETTER = bytes(byte for byte in range(128) if not chr(byte).isalnum())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _letters(text: str) -> bytes:
    """Only its letters and digits, and marks that are not ASCII."""
    return _folded(text).encode("utf-8", "ignore").translate(None, _NO_LETTER)


_DEEPEST = 6
"""Packed files within one another."""
_UNPACKED = 1 << 29
"""Bytes that are unpacked of one file."""
_HEAD = 4096
"""Bytes by which a text is known."""
_WINDOW, _OVERLAP = 1 << 20, 2000
"""Letters of a text that are searched at a time, and how many of them with the next."""
_LINE = 1 << 26
"""Letters of a line about a call."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HIDDEN = re.compile(
    r"%PDF-|\{\\rtf|-----BEGIN PGP MESSAGE|Content-Transfer-Encoding: *(?:base64|quoted)", re.IGNORECASE
)
"""What stands in texts that hold words in another form."""
_STREAMS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"]\0\0": lzma.open,
}


def _as_latin_1(fault: UnicodeError) -> tuple[str, int]:
    """What is no UTF-8, though the rest may be."""
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    return fault.object[fault.start : fault.end].decode("latin-1"), fault.end


codecs.register_error("as-latin-1", _as_latin_1)


class _Look:
    """One file, searched with what is packed in it. `closed`: why it, or the first part of it, cannot be searched."""

    def __init__(self, traces: Traces) -> None:
        self._traces = traces
        self._left = _UNPACKED
        self.closed = ""

    def into(self, file: BinaryIO, data: mmap.mmap | bytes, name: str, depth: int = 0) -> bool:
        """Whether a file holds any of it; `data` are its bytes."""
        encoding = _encoding(data[:_HEAD])
        if encoding is not None:
            with io.TextIOWrapper(file, encoding, "as-latin-1") as text:
                return self._in_lines(text, name, depth)
        if self._traces.in_bytes(data):
            return True
        with self._noting(name, depth):
            for inner, opened in _parts(file, data[:_HEAD], name):
                if self._traces.in_name(Path(inner)):
                    return True
                with self._noting(inner, depth + 1):
                    part = self._unpacked(opened, depth)
                    if self.into(io.BytesIO(part), part, inner, depth + 1):
                        return True
        return False

    def _unpacked(self, opened: Callable[[], IO[bytes] | None], depth: int) -> bytes:
        part = opened()
        if part is None:
            return b""
        data = part.read(self._left + 1)
        if len(data) > self._left or depth == _DEEPEST:
            raise _ClosedError("is too large, or packed too often, to be unpacked")
        self._left -= len(data)
        return data

    def _in_lines(self, text: TextIO, name: str, depth: int) -> bool:
        about_calls = name.endswith(".jsonl")
        shortest = _SEARCHED_ID if name in OWN_NAMES else 1
        window = ""
        for line in iter(partial(text.readline, _LINE if about_calls else _WINDOW), ""):
            call_id = call_of_line(line.encode()) if about_calls else None
            if call_id in self._traces.ids:
                return True
            if call_id is None:
                window += line
            if len(window) >= _WINDOW:
                if self._in_window(window, shortest, name, depth):
                    return True
                window = window[-_OVERLAP:]
        return self._in_window(window, shortest, name, depth)

    def _in_window(self, text: str, shortest: int, name: str, depth: int) -> bool:
        with self._noting(name, depth):
            if _CONTROL.search(text) or _HIDDEN.search(text):
                raise _ClosedError("holds more than plain text")
        return self._traces.in_text(text, shortest=shortest)

    @contextmanager
    def _noting(self, name: str, depth: int) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # of whatever kind damaged files raise
            why = str(error) if isinstance(error, _ClosedError) else "is encrypted or damaged"
            self.closed = self.closed or f"{f'{name} in it' if depth else 'it'} {why}"


class _ClosedError(Exception):
    """Why something cannot be searched."""


def _encoding(head: bytes) -> str | None:
    """The encoding of a text that begins so; None where it is none."""
    if head.startswith(tuple(_STREAMS)):
        return None
    if not _CONTROL.search(head.decode("latin-1")):
        return "utf-8"
    for encoding, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        text = head.decode(encoding, "ignore")
        latin = sum(letter < "\u0250" for letter in text)
        if latin * width * 2 > len(head) and not _CONTROL.search(text):
            return encoding
    return None


def _parts(file: BinaryIO, head: bytes, name: str) -> Iterator[tuple[str, Callable[[], IO[bytes] | None]]]:
    """What is packed in a file: names, and how each part is opened."""
    if head.startswith(b"PK"):
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                yield info.filename, partial(archive.open, info)
    elif head[257:262] == b"ustar":
        with tarfile.open(fileobj=file, mode="r:", ignore_zeros=True) as tape:
            for member in tape:
                yield member.name, partial(tape.extractfile, member)
    elif opened := next((opened for magic, opened in _STREAMS.items() if head.startswith(magic)), None):
        yield name.rpartition(".")[0] or name, partial(opened, file)
    else:
        raise _ClosedError("is no text")
