r"""SubRip (.srt): number, times, lines of text, a blank line.

There is no specification; the rules are those that the SubRip program writes and players read: times as
`00:00:01,000 --> 00:00:04,000`, a point for the comma allowed, coordinates after the times passed over, `<b>`, `<i>`,
`<u>`, `<s>`, `<font …>` and `{\an8}` taken off. A cue goes on until the next times, so a blank line in its text loses
nothing. Who speaks is told by a label before the text, `AGENT: …` or `[AGENT] …`, or by a voice tag as in WebVTT.
The parser is our own, since the package `srt` writes the words of a cue that it cannot read into the log.
"""

import itertools
import re
from typing import Any

from ausweis.calls.call import Lined, raw_turn
from ausweis.calls.plain import split_lines
from ausweis.calls.speakers import Speakers
from ausweis.calls.times import clock_seconds
from ausweis.errors import CallFormatError

__all__ = ["read"]

_STAMP = r"\d{1,4}:\d{1,2}:\d{2}[,.]\d{1,3}"
_TIMINGS = re.compile(rf"\s*({_STAMP})\s*-->\s*({_STAMP})(?:\s.*)?", re.ASCII)
_MARKUP = re.compile(r"</?(?:b|i|u|s|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
_VOICE = re.compile(r"<v(?:\.[^\s<>.]+)*[ \t]([^<>\n]*)>|</v>")
_NUMBER = re.compile(r"\s*\d+\s*", re.ASCII)


def read(text: str, place: str, speakers: Speakers) -> Lined:
    """The turns of one SubRip file; blank cues are left out.

    Raises:
        CallFormatError: times that cannot be read, or text before the first times; it names the line.
    """
    lines = text.split("\n")
    begins = [index for index, line in enumerate(lines) if "-->" in line and _begins_cue(lines, index, place)]
    first = begins[0] if begins else len(lines)
    numbered = first > 0 and bool(_NUMBER.fullmatch(lines[first - 1]))
    stray = next((i for i, line in enumerate(lines[: first - numbered]) if line.strip()), None)
    if stray is not None:
        raise CallFormatError("there is text before the first times", place=f"{place}:{stray + 1}")
    turns: Lined = []
    for begin, end in itertools.pairwise([*begins, len(lines)]):
        words = lines[begin + 1 : end]
        if numbered and end < len(lines) and words and _NUMBER.fullmatch(words[-1]):
            words.pop()
        turns += ((begin + 1, turn) for turn in _turns(lines[begin], "\n".join(words), speakers))
    return turns


def _begins_cue(lines: list[str], index: int, place: str) -> bool:
    """Whether the line has times; an arrow in the words of a cue is none."""
    if _TIMINGS.fullmatch(lines[index]):
        return True
    if index == 0 or _NUMBER.fullmatch(lines[index - 1]) or not lines[index - 1].strip():
        raise CallFormatError(
            "the times cannot be read; they look like 00:00:01,000 --> 00:00:04,000", place=f"{place}:{index + 1}"
        )
    return False


def _turns(timings: str, words: str, speakers: Speakers) -> list[dict[str, Any]]:
    match = _TIMINGS.fullmatch(timings)
    start, end = (clock_seconds(match[1]), clock_seconds(match[2])) if match else (None, None)
    text = _MARKUP.sub("", words)
    voices = _VOICE.split(text)
    parts = split_lines(voices[0].strip(), speakers)
    for voice, said in zip(voices[1::2], voices[2::2], strict=True):
        if said.strip():
            parts.append((voice, " ".join(said.split("\n")).strip()))
    return [raw_turn(label, part, start, end) for label, part in parts]
