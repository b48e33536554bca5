r"""WebVTT and SubRip. Who speaks is told by a voice tag, else by a label before the text, `AGENT: …` or `[AGENT] …`.

WebVTT is read by the parser of the specification (https://www.w3.org/TR/webvtt1/, sections 4 and 6): cues with
identifier and settings, NOTE, STYLE and REGION blocks (passed over), hours or none, character references; several
voices in one cue become several turns. It differs from the specification where that would lose what was said: a cue
whose times cannot be read is an error rather than left out, as is text without times, and only tags that WebVTT knows
are taken off, so `<|im_start|>` stays as text. webvtt-py keeps only the first voice of a cue and drops any unknown tag.

SubRip has no specification; the rules are those that the SubRip program writes and players read: a point for the comma
in times allowed, coordinates after them passed over, `<b>`, `<i>`, `<u>`, `<s>`, `<font …>` and `{\an8}` taken off. A
cue goes on until the next times, so a blank line in its text loses nothing. The package `srt` writes the words of a cue
that it cannot read into the log.
"""

import html
import itertools
import re
from collections.abc import Iterable, Iterator

from ausweis.calls.call import Lined, raw_turn
from ausweis.calls.plain import told_apart
from ausweis.calls.speakers import Speakers
from ausweis.calls.text import clean, clock_seconds
from ausweis.errors import CallFormatError

_NO_CUE = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?")
_STAMP = r"(?:\d{1,4}:)?[0-5]\d:[0-5]\d\.\d{3}"
_TIMES = re.compile(rf"\s*({_STAMP})\s*-->\s*({_STAMP})(?:\s.*)?", re.ASCII)
_TAG = re.compile(
    r"<(?P<close>/)?(?P<name>v|c|i|b|u|lang|ruby|rt)(?:\.[^\s<>&.]+)*(?:[ \t\n](?P<annotation>[^<>]*))?>"
    rf"|<{_STAMP}>",
    re.ASCII,
)
_NO_SIGN = re.compile(r"&#[0-9]{100,};?")
"""No sign has such a number, and Python refuses to read one of thousands of digits."""

_SUBRIP_STAMP = r"\d{1,4}:\d{1,2}:\d{2}[,.]\d{1,3}"
_SUBRIP_TIMES = re.compile(rf"\s*({_SUBRIP_STAMP})\s*-->\s*({_SUBRIP_STAMP})(?:\s.*)?", re.ASCII)
_MARKUP = re.compile(r"</?(?:b|i|u|s|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
_VOICE = re.compile(r"<v(?:\.[^\s<>.]+)*[ \t]([^<>\n]*)>|</v>")
_NUMBER = re.compile(r"\s*\d+\s*", re.ASCII)

_Cue = tuple[int, tuple[float, float], str | None, str]
"""Line, start and end, voice and words."""


def read_vtt(text: str, place: str, speakers: Speakers) -> Lined:
    """The turns of one WebVTT file; blank cues are left out.

    Raises:
        CallFormatError: the first line is not WEBVTT, or the times of a cue cannot be read; it names the line.
    """
    lines = text.split("\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        raise CallFormatError("the first line of a WebVTT file must be WEBVTT", place=f"{place}:1")
    return _turns(
        (
            (number, _clocks(_TIMES.fullmatch(times), "00:01.000 --> 00:04.000", f"{place}:{number}"), voice, said)
            for block in _blocks(lines)
            for number, times, words in _cues(block, place)
            for voice, said in _vtt_voices(words)
        ),
        speakers,
    )


def read_srt(text: str, place: str, speakers: Speakers) -> Lined:
    """The turns of one SubRip file; blank cues are left out.

    Raises:
        CallFormatError: times that cannot be read, or text before the first times; it names the line.
    """
    lines = text.split("\n")
    begins = {
        index: clocks
        for index, line in enumerate(lines)
        if "-->" in line and (clocks := _srt_clocks(lines, index, place))
    }
    first = min(begins, default=len(lines))
    numbered = first > 0 and bool(_NUMBER.fullmatch(lines[first - 1]))
    stray = next((index for index, line in enumerate(lines[: first - numbered]) if line.strip()), None)
    if stray is not None:
        raise CallFormatError("there is text before the first times", place=f"{place}:{stray + 1}")
    cues: list[_Cue] = []
    for begin, end in itertools.pairwise([*begins, len(lines)]):
        words = lines[begin + 1 : end]
        if numbered and end < len(lines) and words and _NUMBER.fullmatch(words[-1]):
            words.pop()
        cues += ((begin + 1, begins[begin], voice, said) for voice, said in _srt_voices("\n".join(words)))
    return _turns(cues, speakers)


def _turns(cues: Iterable[_Cue], speakers: Speakers) -> Lined:
    cues = list(cues)
    apart = told_apart([(voice, said) for _, _, voice, said in cues], speakers)
    return [
        (number, raw_turn(label, said, *times))
        for (number, times, _, _), parts in zip(cues, apart, strict=True)
        for label, said in parts
    ]


def _clocks(match: re.Match[str] | None, example: str, place: str) -> tuple[float, float]:
    if match is None:
        raise CallFormatError(f"the times cannot be read; they look like {example}", place=place)
    return clock_seconds(match[1]), clock_seconds(match[2])


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
        if "-->" in line and ((not begins and index <= 1) or _TIMES.fullmatch(line)):
            begins.append(index)
    if not begins or begins[0] > 1:
        raise CallFormatError("there is text without a time above it", place=f"{place}:{block[0][0]}")
    for begin, end in itertools.pairwise([*begins, len(block)]):
        yield block[begin][0], block[begin][1], "\n".join(line for _, line in block[begin + 1 : end])


def _vtt_voices(words: str) -> Iterator[tuple[str | None, str]]:
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


def _srt_clocks(lines: list[str], index: int, place: str) -> tuple[float, float] | None:
    """The times of a line with an arrow; None where the arrow is in the words of a cue."""
    match = _SUBRIP_TIMES.fullmatch(lines[index])
    if match or index == 0 or _NUMBER.fullmatch(lines[index - 1]) or not lines[index - 1].strip():
        return _clocks(match, "00:00:01,000 --> 00:00:04,000", f"{place}:{index + 1}")
    return None


def _srt_voices(words: str) -> Iterator[tuple[str | None, str]]:
    """Each voice of a cue, in order, with what it says; None for text before the first tag, or after one that ends."""
    first, *voices = _VOICE.split(_MARKUP.sub("", words))
    yield None, first.strip()
    for voice, said in zip(voices[::2], voices[1::2], strict=True):
        if said.strip():
            yield voice, " ".join(said.split("\n")).strip()
