r"""SubRip (.srt): number, times, lines of text, a blank line.

There is no specification; the rules are those that the SubRip program writes and players read: times as
`00:00:01,000 --> 00:00:04,000`, a point for the comma allowed, coordinates after the times passed over, `<b>`, `<i>`,
`<u>`, `<s>`, `<font …>` and `{\an8}` taken off. A cue goes on until the next times, so a blank line in its text loses
nothing. Who speaks is told by a label before the text, `AGENT: …` or `[AGENT] …`, or by a voice tag as in WebVTT.
The parser is our own, since the package `srt` writes the words of a cue that it cannot read into the log.
"""

import itertools
import re
from collections.abc import Iterator

from ausweis.calls.call import Lined, raw_turn
from ausweis.calls.plain import told_apart
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
    cues: list[tuple[int, str | None, str]] = []
    for begin, end in itertools.pairwise([*begins, len(lines)]):
        words = lines[begin + 1 : end]
        if numbered and end < len(lines) and words and _NUMBER.fullmatch(words[-1]):
            words.pop()
        cues += ((begin, voice, said) for voice, said in _voices("\n".join(words)))
    apart = told_apart([(voice, said) for _, voice, said in cues], speakers)
    return [
        (begin + 1, raw_turn(label, said, *_times(lines[begin])))
        for (begin, _, _), parts in zip(cues, apart, strict=True)
        for label, said in parts
    ]


def _begins_cue(lines: list[str], index: int, place: str) -> bool:
    """Whether the line has times; an arrow in the words of a cue is none."""
    if _TIMINGS.fullmatch(lines[index]):
        return True
    if index == 0 or _NUMBER.fullmatch(lines[index - 1]) or not lines[index - 1].strip():
        raise CallFormatError(
            "the times cannot be read; they look like 00:00:01,000 --> 00:00:04,000", place=f"{place}:{index + 1}"
        )
    return False


def _times(timings: str) -> tuple[float | None, float | None]:
    match = _TIMINGS.fullmatch(timings)
    return (clock_seconds(match[1]), clock_seconds(match[2])) if match else (None, None)


def _voices(words: str) -> Iterator[tuple[str | None, str]]:
    """Each voice of a cue, in order, with what it says; None for text before the first tag, or after one that ends."""
    first, *voices = _VOICE.split(_MARKUP.sub("", words))
    yield None, first.strip()
    for voice, said in zip(voices[::2], voices[1::2], strict=True):
        if said.strip():
            yield voice, " ".join(said.split("\n")).strip()
