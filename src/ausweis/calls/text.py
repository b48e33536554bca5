"""Bytes to text: UTF-8 only, control characters out; times as seconds; and what messages may say of a file's words.

Text is cleaned before anything reads it, so quotes and hashes hold for the cleaned text. Out go: control characters
(C0 and C1, save tab and line feed), marks that turn the direction of writing, soft hyphens, spaces without width,
joiners beside letters and digits (not those of an emoji), and the invisible tag characters, none of which anybody said
and some of which hide words from a human reader, or a number from a mask. Every kind of line end becomes a line feed, a
lone surrogate the replacement character. Chat markers such as `<|im_start|>` are words like others and
stay: prompts treat a transcript as data.
"""

import codecs
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ausweis.errors import CallFormatError, EncodingError

_OTHER_BOMS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
    # A run of joiners is looked at from its beginning alone, else a long one is looked at from each of its signs.
    r"|(?<=\w)[\u200c\u200d]+|(?<![\u200c\u200d])[\u200c\u200d]+(?=\w)"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
MARKER = re.compile(r"[<[](?=\S)")
"""How markers of chat formats begin: nobody outside knows which a model has, but all known ones begin so."""
_MAX_DEPTH = 50


def clean(text: str) -> str:
    """The text without what nobody can have said (see above)."""
    # Nothing that goes out is printable, and nearly every text is.
    if text.isprintable():
        return text
    text = _LINE_ENDS.sub("\n", text)
    return _SURROGATES.sub("\ufffd", _INVISIBLE.sub("", text))


def clean_tree(value: Any, place: str, depth: int = 0) -> Any:
    """The JSON value with every string in it cleaned.

    Raises:
        CallFormatError: it is nested deeper than 50 levels.
    """
    if depth > _MAX_DEPTH:
        raise CallFormatError(f"the JSON is nested deeper than {_MAX_DEPTH} levels", place=place)
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_tree(part, place, depth + 1) for part in value]
    if isinstance(value, dict):
        return {clean(key): clean_tree(part, place, depth + 1) for key, part in value.items()}
    return value


def decode(data: bytes, place: str, *, offset: int = 0) -> str:
    """UTF-8 bytes as text; a byte order mark at the start (`offset` 0) is dropped.

    Raises:
        EncodingError: it is UTF-16 or UTF-32, or not UTF-8; the message names the byte, counted from 0.
    """
    if offset == 0:
        _refuse_other_encodings(data, place)
        if data.startswith(codecs.BOM_UTF8):
            data, offset = data[len(codecs.BOM_UTF8) :], len(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        position = offset + error.start
    raise EncodingError(f"byte {position} is not UTF-8; save the file as UTF-8", place=place)


def decode_lines(lines: Iterable[bytes], place: str) -> Iterator[tuple[int, str | EncodingError]]:
    """Number (from 1) and text of each line, its line end included; a line that is not UTF-8 comes as its error.

    Raises:
        EncodingError: the whole file is UTF-16 or UTF-32.
    """
    offset = 0
    for number, line in enumerate(lines, start=1):
        if number == 1:
            _refuse_other_encodings(line, place)
        try:
            text: str | EncodingError = decode(line, f"{place}:{number}", offset=offset)
        except EncodingError as error:
            text = error
        offset += len(line)
        yield number, text


def _refuse_other_encodings(data: bytes, place: str) -> None:
    for mark, name in _OTHER_BOMS:
        if data.startswith(mark):
            raise EncodingError(f"the file is {name}; save it as UTF-8", place=place)
    start = data[:2000]
    if start.count(0) > len(start) // 4:
        raise EncodingError("the file is UTF-16 without a mark, or no text at all; save it as UTF-8", place=place)


def as_utf8(path: str | os.PathLike[str]) -> str:
    """The path as text that can be written; what of it is not UTF-8 stands as hexadecimal digits."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def shown_path(path: str | os.PathLike[str]) -> str:
    r"""The path as it can be printed in one line: bytes that are not UTF-8 as `\xff`, so that names stay apart."""
    return " ".join(clean(as_utf8(path)).splitlines()).replace("\t", " ")


def shape(text: str) -> str:
    """What a text looks like, without a sign of it, as in `two words of letters, 21 characters`.

    Labels and keys of a file may be words of the call, or the name of who speaks: no message holds them.
    """
    words = len(text.split())
    has = {
        "letters": any(sign.isalpha() for sign in text),
        "digits": any(sign.isdigit() for sign in text),
        "other signs": any(not (sign.isalnum() or sign.isspace()) for sign in text),
    }
    number = {0: "no word", 1: "one word", 2: "two words", 3: "three words"}.get(words, f"{words} words")
    signs = " and ".join(name for name, is_there in has.items() if is_there)
    return f"{number}{f' of {signs}' if signs else ''}, {len(text)} characters"


LATEST = 10**10
"""Seconds: what is later is no time of a call, not even where a program counts from 1970."""

CLOCK = r"(?:\d{1,4}:)?\d{1,3}:\d{2}(?:[.,]\d{1,9})?"
"""A clock as a regular expression: minutes and seconds, hours and a fraction where they are told, in any digits."""

_CLOCK = re.compile(CLOCK)
_NUMBER = re.compile(r"\d{1,12}(?:[.,]\d{1,9})?")


def clock_seconds(stamp: str) -> float:
    """`1:02:03.5`, `02:03` or `00:02:03,500` in seconds.

    Raises:
        ValueError: it is no clock; the message has nothing of it.
    """
    if not _CLOCK.fullmatch(stamp):
        raise ValueError("no clock")
    *large, last = stamp.replace(",", ".").split(":")
    whole = 0
    for part in large:
        whole = whole * 60 + int(part)
    # Rounded, so that 62.4 is not 62.400000000000006.
    return round(whole * 60 + float(last), 6)


def seconds(value: str) -> float | None:
    """A cell of a table in seconds: a number with decimal point or comma, a clock, or None where it is blank.

    Raises:
        ValueError: it is none of these; the message has nothing of it.
    """
    value = value.strip()
    if not value:
        return None
    if _NUMBER.fullmatch(value):
        return float(value.replace(",", "."))
    return clock_seconds(value)
