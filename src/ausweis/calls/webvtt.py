"""WebVTT with voice tags, by the parser of the specification (https://www.w3.org/TR/webvtt1/, sections 4 and 6).

Read are cues with identifier and settings, NOTE, STYLE and REGION blocks (passed over), hours or none, character
references. Several voices in one cue become several turns; without a voice tag, a label such as `AGENT:` before the
text counts. The parser is our own, since webvtt-py keeps only the first voice of a cue, leaves `&amp;` as it is, and
drops any unknown tag.

It differs from the specification where that would lose what was said: a cue whose times cannot be read is an error
rather than left out, as is text without times, and only tags that WebVTT knows are taken off, so `<|im_start|>` and
`<anything>` stay as text.
"""

import html
import itertools
import re
from collections.abc import Iterator

from ausweis.calls.call import Lined, raw_turn
from ausweis.calls.plain import told_apart
from ausweis.calls.speakers import Speakers
from ausweis.calls.text import clean
from ausweis.calls.times import clock_seconds
from ausweis.errors import CallFormatError

__all__ = ["read"]

_SIGNATURE = re.compile(r"WEBVTT(?:[ \t].*)?")
_NO_CUE = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?")
_STAMP = r"(?:\d{1,4}:)?[0-5]\d:[0-5]\d\.\d{3}"
_TIMINGS = re.compile(rf"\s*({_STAMP})\s*-->\s*({_STAMP})(?:\s.*)?", re.ASCII)
_TAG = re.compile(
    r"<(?P<close>/)?(?P<name>v|c|i|b|u|lang|ruby|rt)(?:\.[^\s<>&.]+)*(?:[ \t\n](?P<annotation>[^<>]*))?>"
    rf"|<{_STAMP}>",
    re.ASCII,
)
_NO_SIGN = re.compile(r"&#[0-9]{100,};?")
"""No sign has such a number, and Python refuses to read one of thousands of digits."""


def read(text: str, place: str, speakers: Speakers) -> Lined:
    """The turns of one WebVTT file; blank cues are left out.

    Raises:
        CallFormatError: the first line is not WEBVTT, or the times of a cue cannot be read; it names the line.
    """
    lines = text.split("\n")
    if not _SIGNATURE.fullmatch(lines[0]):
        raise CallFormatError("the first line of a WebVTT file must be WEBVTT", place=f"{place}:1")
    cues = [
        (number, _times(timings, f"{place}:{number}"), voice, said)
        for block in _blocks(lines)
        for number, timings, words in _cues(block, place)
        for voice, said in _voices(words)
    ]
    apart = told_apart([(voice, said) for _, _, voice, said in cues], speakers)
    return [
        (number, raw_turn(label, said, *times))
        for (number, times, _, _), parts in zip(cues, apart, strict=True)
        for label, said in parts
    ]


def _blocks(lines: list[str]) -> Iterator[list[tuple[int, str]]]:
    """The blocks after the header, as numbered lines; blank lines stand between them."""
    block: list[tuple[int, str]] = []
    in_header = True
    for number, line in enumerate([*lines, ""], start=1):
        if "-->" in line:
            in_header = False
        if line and not in_header:
            block.append((number, line))
        elif not line:
            in_header = False
            if block:
                yield block
            block = []


def _cues(block: list[tuple[int, str]], place: str) -> Iterator[tuple[int, str, str]]:
    """Number of the line with the times, that line, and the text below it."""
    if _NO_CUE.fullmatch(block[0][1]):
        return
    begins: list[int] = []
    for index, (_, line) in enumerate(block):
        # Times stand in the first line, or in the second below an identifier; more of them begin further cues.
        if "-->" in line and ((not begins and index <= 1) or _TIMINGS.fullmatch(line)):
            begins.append(index)
    if not begins or begins[0] > 1:
        raise CallFormatError("there is text without a time above it", place=f"{place}:{block[0][0]}")
    for begin, end in itertools.pairwise([*begins, len(block)]):
        yield block[begin][0], block[begin][1], "\n".join(line for _, line in block[begin + 1 : end])


def _times(timings: str, place: str) -> tuple[float, float]:
    match = _TIMINGS.fullmatch(timings)
    if not match:
        raise CallFormatError("the times cannot be read; they look like 00:01.000 --> 00:04.000", place=place)
    return clock_seconds(match[1]), clock_seconds(match[2])


def _voices(words: str) -> Iterator[tuple[str | None, str]]:
    """Each voice of a cue, in order, with what it says; None for text outside of voice tags."""
    voice: str | None = None
    pieces: list[str] = []
    position = 0
    for tag in _TAG.finditer(words):
        pieces.append(words[position : tag.start()])
        position = tag.end()
        if tag["name"] == "v":
            yield from _piece(voice, pieces)
            pieces = []
            voice = None if tag["close"] else _unescaped(tag["annotation"] or "").strip() or None
    yield from _piece(voice, [*pieces, words[position:]])


def _piece(voice: str | None, pieces: list[str]) -> Iterator[tuple[str | None, str]]:
    # Unescaped after the tags are off, so that an escaped tag stays text.
    said = _unescaped("".join(pieces)).strip()
    if said:
        yield voice, said


def _unescaped(text: str) -> str:
    """With the signs that character references stand for, save those that nobody can have said."""
    return clean(html.unescape(_NO_SIGN.sub("\ufffd", text)))
