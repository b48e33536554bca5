"""The format that a file is in, as forced, by its extension or by its first lines, and its reader.

A package adds a format by an entry point in the group `ausweis.transcripts`. The name of the entry point is that of the
format (`--format NAME`) and its extension (`.NAME`); known formats keep theirs. It leads to a function that takes the
bytes of one file, and returns a call, or several, in the shape of the JSON contract.
"""

import codecs
import itertools
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, BinaryIO

from ausweis.calls import csv_format, json_format, plain, subtitles
from ausweis.calls.call import RawCall, UnreadableCall
from ausweis.calls.speakers import Speakers
from ausweis.calls.text import clean, decode
from ausweis.errors import CallFormatError, InputError
from ausweis.opening import bounded_lines, read_rest

FORMATS = ("json", "jsonl", "vtt", "srt", "plain", "csv", "whisper", "aws")
_EXTENSIONS = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".vtt": "vtt",
    ".srt": "srt",
    ".txt": "plain",
    ".csv": "csv",
    ".tsv": "csv",
}
"""`json` covers Whisper and Amazon Transcribe: the content tells."""
RECORDINGS = frozenset({".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".mp4", ".webm"})
"""The extensions of recordings, which are taken from a folder too; what is in them is told by their content."""

_GROUP = "ausweis.transcripts"
_HEAD = 4096
_JSON = re.compile(r"\s*(?:\{|\[\s*[\[{\]])")
_SRT = re.compile(r"\s*(?:\d+[ \t]*\r?\n)?\d+:\d{2}:\d{2}[,.]\d+[ \t]*-->", re.ASCII)
_OBJECTS: dict[str, json_format.Reader | None] = {
    "json": None,
    "whisper": json_format.read_whisper,
    "aws": json_format.read_amazon,
}
_TEXTS = {"vtt": subtitles.read_vtt, "srt": subtitles.read_srt, "plain": plain.read}

RawCalls = Iterator[RawCall | UnreadableCall]


@cache
def _added() -> dict[str, EntryPoint]:
    """The formats that installed packages add, by name."""
    return {point.name.lower(): point for point in entry_points(group=_GROUP) if point.name not in FORMATS}


def _reader(name: str) -> Callable[[bytes], Any]:
    point = _added()[name]
    try:
        reader: Callable[[bytes], Any] = point.load()
    except Exception as error:
        message = f"the format {name} cannot be read: {point.value} cannot be imported ({type(error).__name__})"
        raise InputError(f"{message}; install the package that adds it again, or remove it") from None
    return reader


def extensions() -> frozenset[str]:
    """The extensions of transcripts that are taken from a folder."""
    return frozenset(_EXTENSIONS) | {f".{name}" for name in _added()}


def check_format(name: str) -> str:
    """The format of this name.

    Raises:
        InputError: there is none (the message names all), or the package that adds it is broken.
    """
    if name in FORMATS:
        return name
    if name not in _added():
        raise InputError(f"the format must be one of {', '.join([*FORMATS, *_added()])}")
    _reader(name)
    return name


def sniff(head: str, extension: str) -> str | None:
    """The format by extension; by content where there is none, or where it is `.txt` and the content is not plain.

    `head` is the beginning of the file, some hundred characters or more. None: an extension that nobody knows, and
    content that could be anything.
    """
    by_name = _EXTENSIONS.get(extension.lower())
    if by_name is None and extension.lower()[1:] in _added():
        by_name = extension.lower()[1:]
    if by_name not in (None, "plain"):
        return by_name
    if head.startswith("WEBVTT"):
        return "vtt"
    if _SRT.match(head):
        return "srt"
    if by_name is None and _JSON.match(head):
        return "json"
    if by_name is None and csv_format.looks_like_csv(head):
        return "csv"
    return "plain" if by_name == "plain" or not extension else None


def read_stream(
    stream: BinaryIO, place: str, extension: str, default_id: str, speakers: Speakers, forced: str | None
) -> RawCalls:
    """The calls of one file. Of JSON Lines one is held at a time, of CSV some, of any other format the whole file.

    Raises:
        InputError: the rest cannot be read.
    """
    lines = bounded_lines(stream, place)
    head = _head(lines)
    if not any(map(_filled, head)):
        yield UnreadableCall(place, None, "the file is empty", "empty")
        return
    chosen = forced or sniff(b"".join(head).decode("utf-8-sig", "replace"), extension)
    if chosen is None:
        named = ", ".join([*FORMATS, *_added()])
        message = f"nobody knows the format of this file; name it with --format, one of {named}"
        yield UnreadableCall(place, None, message, "format")
    elif chosen == "csv":
        yield from csv_format.read(itertools.chain(head, lines), place, default_id)
    elif chosen == "jsonl" or (chosen in _OBJECTS and _is_json_lines(head)):
        reader = _OBJECTS.get(chosen)
        yield from json_format.read_lines(itertools.chain(head, lines), place, default_id, speakers, reader)
    elif chosen in _added():
        data = read_rest(b"".join(head), stream, place)
        value = json_format.parse(_read_added(chosen, data, place), place, first_line=None)
        yield from json_format.read_document(value, place, default_id, speakers)
    else:
        text = decode(read_rest(b"".join(head), stream, place), place)
        if chosen in _OBJECTS:
            value = json_format.parse(text, place)
            yield from json_format.read_document(value, place, default_id, speakers, _OBJECTS[chosen])
            return
        turns = _TEXTS[chosen](clean(text), place, speakers)
        document = {"turns": [turn for _, turn in turns]}
        yield RawCall(document, place, default_id, [line for line, _ in turns])


def _read_added(name: str, data: bytes, place: str) -> str:
    """The calls of a file in an added format as JSON: from there on, they are checked as any others.

    Where the reader fails without saying why it cannot read the file, only the type of its error is told.
    """
    reader = _reader(name)
    try:
        found = reader(data)
        return json.dumps(found if isinstance(found, dict) else list(found))
    except CallFormatError as error:
        raise CallFormatError(error.message, place=error.place or place) from None
    except Exception as error:
        message = f"the reader of the format {name} ({_added()[name].value}) failed with {type(error).__name__}"
        raise CallFormatError(f"{message}; ask whoever made it", place=place) from None


def _is_json_lines(head: list[bytes]) -> bool:
    """Whether the first line that is not blank is a whole object and more follows: then it is no single document."""
    first, *others = filter(None, map(_filled, head))
    return bool(others) and first.startswith(b"{") and first.endswith(b"}")


def _head(lines: Iterator[bytes]) -> list[bytes]:
    """The first lines: two with something in them and some thousand bytes, where there are that many."""
    head: list[bytes] = []
    filled = size = 0
    while (filled < 2 or size < _HEAD) and (line := next(lines, b"")):
        head.append(line)
        size += len(line)
        filled += bool(_filled(line))
    return head


def _filled(line: bytes) -> bytes:
    return line.removeprefix(codecs.BOM_UTF8).strip()
