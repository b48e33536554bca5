"""Plain text with a speaker's label before each turn.

    [00:12] AGENT: Guten Tag, was kann ich für Sie tun?
    [00:15] KUNDE: Ich möchte meine Adresse ändern,
            ich bin umgezogen.

The time stamp is optional, in `[]` or `()`, or bare, before the label or after it; a line without a label goes on with
the turn before. There is no specification of this format, so what is a label is decided here: what stands before the
first colon of a line that is not indented, at most three words and forty characters, if it is a known label, or the
line begins with a time stamp, or it is in capitals or numbered (`SPRECHER 1`), or it is the first of the file, or it
begins two lines or more. An unknown label is an error rather than text: what one side says must not be counted as
the other's.
"""

import re
from collections import Counter

from ausweis.calls.call import Lined, raw_turn
from ausweis.calls.speakers import Speakers
from ausweis.calls.times import CLOCK, clock_seconds
from ausweis.errors import CallFormatError

__all__ = ["read", "split_label", "split_lines"]

_STAMP = rf"(?:\[\s*(?:{CLOCK})(?:\s*(?:-|–|-->)\s*{CLOCK})?\s*\]|\(\s*{CLOCK}\s*\)|{CLOCK}(?=[\s:]))"
_NAME = r"[^\W\d_][\w.*/()@-]{0,39}(?: [\w.*/()@-]{1,40}){0,2}?"
_LINE = re.compile(
    rf"(?P<before>{_STAMP})?[ \t]*(?P<label>{_NAME}(?::in(?:nen)?(?=:))?)"
    rf"[ \t]*(?:(?P<after>{_STAMP})[ \t]*)?:(?=\s|$)[ \t]*(?P<text>.*)"
)
_BARE_STAMP = re.compile(rf"(?P<before>{_STAMP})[ \t]*(?P<text>.*)")
_IN_BRACKETS = re.compile(r"\[(?P<label>[\w .@-]{1,40})\]:?\s*(?P<text>.*)", re.DOTALL)
_PREFIX = re.compile(rf"(?P<label>{_NAME})[ \t]*:(?=\s|$)\s*(?P<text>.*)", re.DOTALL)
_LOUD = re.compile(r"[^a-zäöüß]{2,}|.*[\W_]?\d+")


def split_label(text: str, speakers: Speakers) -> tuple[str | None, str]:
    """Label and rest, where the text begins with a label that is known, as in `[AGENT] …` or `KUNDE: …`; else None.

    What looks like `[SPEAKER_01]` is a label too, so that the user is asked who it is.
    """
    for pattern in (_IN_BRACKETS, _PREFIX):
        match = pattern.match(text)
        if match:
            label = match["label"].strip()
            if speakers.find(label) or re.fullmatch(r"(?i:speaker|spk|sprecher(?:in)?)[ _]?\w{1,3}", label):
                return label, match["text"]
    return None, text


def split_lines(text: str, speakers: Speakers) -> list[tuple[str | None, str]]:
    """Label and words of each speaker in the text of one subtitle: a line with a known label begins another."""
    labelled: list[tuple[str | None, list[str]]] = []
    for line in text.split("\n"):
        label, words = split_label(line.strip(), speakers)
        if label is None and labelled:
            labelled[-1][1].append(words)
        else:
            labelled.append((label, [words]))
    return [(label, words) for label, parts in labelled if (words := " ".join(filter(None, parts)))]


def read(text: str, place: str, speakers: Speakers) -> Lined:
    """The turns of one plain text; a blank text has none.

    Raises:
        CallFormatError: the text begins without a label.
    """
    lines = text.split("\n")
    labelled = _labelled(lines, speakers)
    turns: Lined = []
    parts: list[list[str]] = []
    stamp: str | None = None
    for index, line in enumerate(lines):
        match = labelled.get(index)
        if match:
            start = _start(match["before"] or match["after"] or stamp)
            turns.append((index + 1, raw_turn(match["label"].strip(), "", start)))
            parts.append([match["text"].strip()])
            stamp = None
        elif line.strip():
            bare = _BARE_STAMP.fullmatch(line.strip())
            if bare and not bare["text"]:
                # Some ASR models write the time on a line of its own, above the turn.
                stamp = bare["before"]
            elif not turns:
                raise CallFormatError(
                    "the text begins without a speaker; begin each turn with a label, as in 'AGENT: …'",
                    place=f"{place}:{index + 1}",
                )
            else:
                parts[-1].append(bare["text"] if bare else line.strip())
    for (_, turn), said in zip(turns, parts, strict=True):
        turn["text"] = " ".join(filter(None, said))
    return [(line, turn) for line, turn in turns if turn["text"]]


def _labelled(lines: list[str], speakers: Speakers) -> dict[int, re.Match[str]]:
    """The lines that begin a turn, by index."""
    candidates: dict[int, re.Match[str]] = {}
    for index, line in enumerate(lines):
        # An indented line goes on with the turn before.
        match = _LINE.fullmatch(line.rstrip()) if line[:1].strip() else None
        if match and len(match["label"]) <= 40:
            candidates[index] = match
    often = Counter(match["label"].casefold() for match in candidates.values())
    first = next((index for index, line in enumerate(lines) if line.strip()), -1)

    def begins_turn(index: int, match: re.Match[str]) -> bool:
        label = match["label"]
        return bool(
            speakers.find(label)
            or match["before"]
            or match["after"]
            or index == first
            or often[label.casefold()] > 1
            or _LOUD.fullmatch(label)
        )

    return {index: match for index, match in candidates.items() if begins_turn(index, match)}


def _start(stamp: str | None) -> float | None:
    clock = re.search(CLOCK, stamp) if stamp else None
    return clock_seconds(clock[0]) if clock else None
