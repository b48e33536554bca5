"""Which format a file is in: as forced, by its extension, or by its first lines."""

import re
from typing import Literal, get_args

from ausweis.calls.csv_format import looks_like_csv
from ausweis.errors import InputError

__all__ = ["EXTENSIONS", "FORMATS", "RECORDINGS", "Format", "check_format", "sniff"]

Format = Literal["json", "jsonl", "vtt", "srt", "plain", "csv", "whisper", "aws"]
FORMATS: tuple[Format, ...] = get_args(Format)

EXTENSIONS: dict[str, Format] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".vtt": "vtt",
    ".srt": "srt",
    ".txt": "plain",
    ".csv": "csv",
    ".tsv": "csv",
}
"""The extensions that are taken from a folder. `json` covers Whisper and Amazon Transcribe: the content tells."""

RECORDINGS = frozenset({".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".mp4", ".webm"})
"""The extensions of recordings, which are taken from a folder too; what is in them is told by their content."""

_JSON = re.compile(r"\s*(?:\{|\[\s*[\[{\]])")
_SRT = re.compile(r"\s*(?:\d+[ \t]*\r?\n)?\d+:\d{2}:\d{2}[,.]\d+[ \t]*-->", re.ASCII)


def check_format(name: str) -> Format:
    """The format of this name.

    Raises:
        InputError: there is none; the message names all.
    """
    for known in FORMATS:
        if name == known:
            return known
    raise InputError(f"the format must be one of {', '.join(FORMATS)}")


def sniff(head: str, extension: str) -> Format | None:
    """The format by extension; by content where there is none, or where it is `.txt` and the content is not plain.

    `head` is the beginning of the file, some hundred characters or more. None: an extension that nobody knows, and
    content that could be anything.
    """
    by_name = EXTENSIONS.get(extension.lower())
    if by_name not in (None, "plain"):
        return by_name
    if head.startswith("WEBVTT"):
        return "vtt"
    if _SRT.match(head):
        return "srt"
    if by_name is None and _JSON.match(head):
        return "json"
    if by_name is None and looks_like_csv(head):
        return "csv"
    return "plain" if by_name == "plain" or not extension else None
