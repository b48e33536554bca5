"""Plain text with a speaker's label before each turn.

    [00:12] AGENT: Guten Tag, was kann ich für Sie tun?
    [00:15] KUNDE: Ich möchte meine Adresse ändern,
            ich bin umgezogen.

The time stamp is optional, in `[]` or `()`, or bare, before the label or after it. A line without a label goes on with
the turn before; but where each label has a stamp before it, a line with one is a turn of an unknown speaker.

There is no specification of this format, so what is a label is decided here: what stands before the first colon of a
line, at most five words and forty characters, if it is a known label; or, where the line is not indented, if it has a
time stamp, or is in capitals or numbered (`SPRECHER 1`), or is the first of the file, or begins two lines or more, or
the line is laid out as those with known labels are (`_laid_out`). An unknown label begins a turn too: what one side
says must not be counted as the other's. Where its form alone makes it a label, it stays in the text: it may have been
said.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from ausweis.calls.call import Lined, raw_turn
from ausweis.calls.speakers import Speakers
from ausweis.calls.text import CLOCK, clock_seconds
from ausweis.errors import CallFormatError
from ausweis.vocabulary import FACTORS

_STAMP = rf"(?:\[\s*(?:{CLOCK})(?:\s*(?:-|–|-->)\s*{CLOCK})?\s*\]|\(\s*{CLOCK}\s*\)|{CLOCK}(?=[\s:]))"
_NAME = r"[^\W\d_][\w.,*/()@&'’-]{0,39}(?: [\w.,*/()@&'’-]{1,40}){0,4}?"
_COLON = r":(?=\s|$|[A-ZÄÖÜ])"
_LINE = re.compile(
    rf"(?P<before>{_STAMP})?[ \t]*(?P<label>{_NAME}(?::in(?:nen)?(?=:))?)"
    rf"[ \t]*(?:(?P<after>{_STAMP})[ \t]*)?{_COLON}[ \t]*(?P<text>.*)"
)
_BARE_STAMP = re.compile(rf"(?P<before>{_STAMP})[ \t]*(?P<text>.*)")
_IN_BRACKETS = re.compile(r"\[(?P<label>[\w .,@-]{1,40})\]:?\s*(?P<text>.*)", re.DOTALL)
_PREFIX = re.compile(rf"(?P<label>{_NAME})[ \t]*{_COLON}\s*(?P<text>.*)", re.DOTALL)
_LOUD = re.compile(r"[^a-zäöüß]{2,}|.*[\W_]?\d+")
_MACHINE = re.compile(r"(?i:speaker|spk|sprecher(?:in)?)[ _]?\w{1,3}")
_VALUES = frozenset(
    word.casefold()
    for record in FACTORS.values()
    for words in (record.name.values(), *record.hot_words.values())
    for word in words
)
"""`Kundennummer: 4711` is said, and no label."""
_SENTENCE_ENDS = (".", "!", "?", "…", "“", '"')


def split_label(text: str, speakers: Speakers, forms: Sequence[re.Pattern[str]] = ()) -> tuple[str | None, str]:
    """Label and rest, where the text begins with a label that is known, as in `[AGENT] …` or `KUNDE: …`; else None.

    What looks like `[SPEAKER_01]` is a label too, so that the user is asked who it is; and so is anything of one of the
    `forms`, which stays in the text.
    """
    for pattern in (_IN_BRACKETS, _PREFIX):
        match = pattern.match(text)
        if match:
            label = match["label"].strip()
            if speakers.find(label) or _MACHINE.fullmatch(label):
                return label, match["text"]
            if pattern in forms and label.casefold() not in _VALUES:
                return label, text
    return None, text


def told_apart(parts: Sequence[tuple[str | None, str]], speakers: Speakers) -> Iterator[list[tuple[str | None, str]]]:
    """For each part of one file, such as a cue, the labels in it and the words of each.

    `parts`: label and text. A text without one may begin with it, and so may each of its lines, if it is known. Where
    one does begin so, any label of that form at the beginning of a text is one.
    """
    forms = [
        form
        for form in (_IN_BRACKETS, _PREFIX)
        if any(
            (match := form.match(text)) and speakers.find(match["label"].strip())
            for label, text in parts
            if label is None
        )
    ]
    for label, text in parts:
        yield [(label, text)] if label is not None else _lines_of(text, speakers, forms)


def _lines_of(text: str, speakers: Speakers, forms: Sequence[re.Pattern[str]]) -> list[tuple[str | None, str]]:
    labelled: list[tuple[str | None, list[str]]] = []
    for line in text.split("\n"):
        label, words = split_label(line.strip(), speakers, () if labelled else forms)
        if label is None and labelled:
            labelled[-1][1].append(words)
        else:
            labelled.append((label, [words]))
    return [(label, words) for label, said in labelled if (words := " ".join(filter(None, said)))]


def read(text: str, place: str, speakers: Speakers) -> Lined:
    """The turns of one plain text; a blank text has none.

    Raises:
        CallFormatError: the text begins without a label.
    """
    lines = text.split("\n")
    labelled = _labelled(lines, speakers)
    stamped = all(match["before"] for match, _ in labelled.values())
    bracketed = all((match["before"] or "[")[0] in "[(" for match, _ in labelled.values())
    turns: Lined = []
    parts: list[list[str]] = []
    stamp: str | None = None
    for index, line in enumerate(lines):
        if index in labelled:
            match, first_words = labelled[index]
            start = _start(match["before"] or match["after"] or stamp)
            turns.append((index + 1, raw_turn(match["label"].strip(), "", start)))
            parts.append([first_words.strip()])
            stamp = None
        elif line.strip():
            bare = _BARE_STAMP.fullmatch(line.strip())
            if bare and line.strip()[0] not in "[(" and (bracketed if bare["text"] else index + 1 not in labelled):
                # Somebody says `12:30 Uhr`.
                bare = None
            if bare and not bare["text"]:
                stamp = bare["before"]
            elif bare and turns and stamped:
                turns.append((index + 1, raw_turn(None, "", _start(bare["before"]))))
                parts.append([bare["text"]])
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


def _labelled(lines: list[str], speakers: Speakers) -> dict[int, tuple[re.Match[str], str]]:
    """The lines that begin a turn, by index, each with the words of the turn in it."""
    candidates: dict[int, re.Match[str]] = {}
    for index, line in enumerate(lines):
        match = _LINE.fullmatch(line.strip())
        # An indented line goes on with the turn before.
        if match and len(match["label"]) <= 40 and (line[:1].strip() or speakers.find(match["label"])):
            candidates[index] = match
    often = Counter(match["label"].casefold() for match in candidates.values())
    first = next((index for index, line in enumerate(lines) if line.strip()), -1)
    known = [index for index, match in candidates.items() if speakers.find(match["label"])]
    laid_out = _laid_out(lines, candidates, known)
    labelled: dict[int, tuple[re.Match[str], str]] = {}
    for index, match in candidates.items():
        label = match["label"].casefold()
        if speakers.find(label) or _stamped(lines, index, match) or index == first:
            labelled[index] = match, match["text"]
        elif label not in _VALUES and (often[label] > 1 or _LOUD.fullmatch(match["label"]) or laid_out(index)):
            said = match["text"] if often[label] > 1 or speakers.by_role(label) else match[0]
            labelled[index] = match, said
    return labelled


def _laid_out(lines: list[str], candidates: dict[int, re.Match[str]], known: list[int]) -> Callable[[int], bool]:
    """Whether a line begins as those with known labels do.

    Where all of these have a time stamp, or a blank line above, it has one too. Else it was begun on purpose, and not
    since the line above was full: its first word fits there, or a sentence ends there.
    """
    if all(_stamped(lines, index, candidates[index]) for index in known):
        return lambda index: False
    if all(not lines[index - 1].strip() for index in known[1:]) and len(known) > 1:
        return lambda index: not lines[index - 1].strip()
    width = max(map(len, lines))
    wrapped = any(line[:1].strip() and index not in candidates for index, line in enumerate(lines))

    def begun(index: int) -> bool:
        above = lines[index - 1].rstrip()
        fits = len(above) + 1 + len(lines[index].split(maxsplit=1)[0]) <= width
        return not wrapped or fits or above.endswith(_SENTENCE_ENDS)

    return begun


def _stamped(lines: list[str], index: int, match: re.Match[str]) -> bool:
    """Whether a line has a time stamp. Some ASR models write it on a line of its own, above the turn."""
    return bool(match["before"] or match["after"] or (index and _is_stamp(lines[index - 1])))


def _is_stamp(line: str) -> bool:
    bare = _BARE_STAMP.fullmatch(line.strip())
    return bare is not None and not bare["text"]


def _start(stamp: str | None) -> float | None:
    clock = re.search(CLOCK, stamp) if stamp else None
    return clock_seconds(clock[0]) if clock else None
