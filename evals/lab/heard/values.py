"""Whether a recording's transcript holds the values that were said in it, and if not, what went wrong.

The values of `evals/spoken.jsonl` are written as their speaker means them, one call a line.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from evals.lab.heard.words import (
    Token,
    date_digits,
    digits_of,
    folded,
    letters_of,
    says_date,
    signs_of,
    sound_alike,
    spelled_in,
    tokens_of,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ausweis.calls.call import Call, Turn
from ausweis.errors import InputError
from ausweis.opening import read_bytes
from ausweis.vocabulary import Language, Speaker

ValueKind = Literal["number", "date", "name", "spelled", "password", "street", "place", "mail"]
KINDS: tuple[ValueKind, ...] = get_args(ValueKind)
MARGIN = 2.0
"""Seconds before and after the turns in which a value may be heard."""
FAR = 10.0
"""The same, to tell a value that was heard at another time from one that was not heard."""
ADDED = 2
"""Other digits among those of a value that are still a slip of hearing; with more of them it is another number."""
MOST_WORDS = 4
"""Words that one word may be heard as: `kowal tschik`."""
BY_SOUND = frozenset({"name", "spelled", "password", "street", "place", "mail"})
"""The kinds of which it is enough that they sound alike; numbers and dates are right or wrong."""

Problem = Literal[
    "nothing heard",
    "other speaker",
    "other time",
    "words for digits",
    "split",
    "digit dropped",
    "digit added",
    "digit wrong",
    "other words",
]
"""nothing heard: no word in this time; other speaker, other time: it is there, but not where it belongs; words for
digits: no digit was heard; digit added, split: all digits in their order, with up to two others between them, or more;
other words: of a name and the like."""


class SaidValue(BaseModel):
    """One value. `turns`: those of the written call in which it, or a piece of it, is said, all by one speaker.

    `value`: digits, with letters where there are some (`gf409816`); a date as ISO writes it, `--03-14` without its
    year; else words, a spelled name as the name. Of a value that is corrected it is the one that stands in the end.
    `pieces`: the stretches of a number that are said one after another, where something else comes between them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    factor: str
    kind: ValueKind
    value: Annotated[str, Field(min_length=1)]
    pieces: tuple[str, ...] = ()


class SpokenCall(BaseModel):
    """A call of the spoken golden set. `set`: the file of labelled calls that holds it, without its extension."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call: str
    set: str
    values: tuple[SaidValue, ...] = ()


def read_spoken(path: Path) -> dict[str, SpokenCall]:
    """The calls by id.

    Raises:
        InputError: the file cannot be read, or a line is not what it must be.
    """
    try:
        lines = read_bytes(path).decode().splitlines()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", place=str(path)) from None
    calls: dict[str, SpokenCall] = {}
    for number, line in enumerate(lines, start=1):
        try:
            call = SpokenCall.model_validate(json.loads(line))
        except (ValueError, ValidationError):
            message = "the line is not of the form {call, set, values: [{turns, factor, kind, value}]}"
            raise InputError(message, place=f"{path}:{number}") from None
        calls[call.call] = call
    return calls


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word with its times in seconds. Words whose own times are not known have those of their turn."""

    text: str
    speaker: Speaker
    start: float
    end: float


@dataclass(frozen=True)
class Transcript:
    """All words of one call. `sides`: whether it is told who says them; if not, all are heard from anybody."""

    words: tuple[HeardWord, ...]
    sides: bool = True

    @classmethod
    def of(cls, call: Call) -> "Transcript":
        """The words of a call, turn by turn."""
        words = tuple(word for turn in call.turns for word in _words(turn))
        return cls(words, sides=any(turn.speaker != "unknown" for turn in call.turns))

    def between(self, spans: Iterable[tuple[float, float]], speaker: Speaker | None) -> list[HeardWord]:
        """The words that touch one of the spans, in order of time; of one speaker, or of all."""
        wide = list(spans)
        return sorted(
            (
                word
                for word in self.words
                if (speaker is None or not self.sides or word.speaker == speaker)
                and any(word.start <= end and word.end >= start for start, end in wide)
            ),
            key=lambda word: word.start,
        )


def _words(turn: Turn) -> Iterable[HeardWord]:
    if turn.words:
        return (HeardWord(word.text, turn.speaker, word.start, word.end) for word in turn.words)
    start, end = turn.start or 0.0, turn.end if turn.end is not None else turn.start or 0.0
    return (HeardWord(word, turn.speaker, start, end) for word in turn.text.split())


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a value. `exact`: as it was meant; `alike`: by its sound; `heard`: the words in its time."""

    exact: bool
    alike: bool
    right: bool
    heard: str
    problem: Problem | None = None


def find_value(
    value: SaidValue,
    spans: Sequence[tuple[float, float]],
    speaker: Speaker,
    transcript: Transcript,
    language: Language,
) -> Finding:
    """Look for a value in the words of its speaker. `spans`: start and end in seconds of the turns that say it."""
    words = transcript.between(_wider(spans, MARGIN), speaker)
    exact, alike = says(_text(words), value, language)
    right = alike if value.kind in BY_SOUND else exact
    problem = None if right else _problem(value, words, spans, transcript, language)
    return Finding(exact, alike, right, _text(words), problem)


def says(text: str, value: SaidValue, language: Language) -> tuple[bool, bool]:
    """Whether the text says the value exactly, and whether it does so by its sound."""
    tokens = tokens_of(text)
    match value.kind:
        case "number":
            found = _number(tokens, value)
            return found, found
        case "date":
            found = says_date(tokens, value.value)
            return found, found
        case "mail":
            return _email(text, value.value, language)
        case "street":
            return _street(tokens, value.value, language)
        case "spelled":
            letters = folded(value.value)
            exact = any(letters in run for run in spelled_in(tokens)) or _all_words(tokens, value.value, _same)
            return exact, exact or _spelled_alike(tokens, value.value, language)
        case "name" | "password" | "place":
            return _all_words(tokens, value.value, _same), _all_words(tokens, value.value, _like(language))


_Alike = Callable[[str, str], bool]


def _same(one: str, other: str) -> bool:
    return folded(one) == folded(other)


def _like(language: Language) -> _Alike:
    return lambda one, other: sound_alike(one, other, language)


def _number(tokens: Sequence[Token], value: SaidValue) -> bool:
    pieces = value.pieces or (value.value,)
    stream = digits_of(tokens) if value.value.isdigit() else letters_of(tokens)
    place = 0
    for piece in pieces:
        place = stream.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return True


def _places(tokens: Sequence[Token], word: str, alike: _Alike) -> Iterable[tuple[int, int]]:
    """Where some words, written together, are the wanted one: the first and the one after the last."""
    for start in range(len(tokens)):
        for end in range(start + 1, min(len(tokens), start + MOST_WORDS) + 1):
            if alike("".join(token.word for token in tokens[start:end]), word):
                yield start, end


def _all_words(tokens: Sequence[Token], value: str, alike: _Alike) -> bool:
    """Whether each word of the value is there, in whatever order, or all of them written together."""
    if any(True for _ in _places(tokens, value, alike)):
        return True
    return all(any(True for _ in _places(tokens, word, alike)) for word in re.split(r"[\s-]+", value))


def _street(tokens: Sequence[Token], value: str, language: Language) -> tuple[bool, bool]:
    """The name of the street, with the number of the house directly before or behind it."""
    number = "".join(re.findall(r"\d+", value))
    name = re.sub(r"\d+", "", value).strip()

    def found(alike: _Alike) -> bool:
        return any(
            number in (digits_of(tokens[max(0, start - 1) : start]), digits_of(tokens[end : end + 1]))
            for start, end in _places(tokens, name, alike)
        )

    return found(_same), found(_like(language))


def _spelled_alike(tokens: Sequence[Token], value: str, language: Language) -> bool:
    alike = _like(language)
    return any(alike(run, value) for run in spelled_in(tokens)) or _all_words(tokens, value, alike)


def _email(text: str, value: str, language: Language) -> tuple[bool, bool]:
    """Signs and digits exactly; the words between them by sound."""
    wanted = signs_of(value)
    exact = wanted in signs_of(text)
    pieces = [piece for piece in re.split(r"[\d.@_-]+", wanted) if piece]
    digits = "".join(re.findall(r"\d+", wanted))
    alike = digits in digits_of(tokens_of(text)) and all(
        _all_words(tokens_of(text), piece, _like(language)) for piece in pieces
    )
    return exact, exact or alike


def _text(words: Sequence[HeardWord]) -> str:
    return " ".join(word.text for word in words)


def _wider(spans: Iterable[tuple[float, float]], margin: float) -> list[tuple[float, float]]:
    return [(start - margin, end + margin) for start, end in spans]


def _problem(
    value: SaidValue,
    words: Sequence[HeardWord],
    spans: Sequence[tuple[float, float]],
    transcript: Transcript,
    language: Language,
) -> Problem:
    anybody = _text(transcript.between(_wider(spans, MARGIN), None))
    if any(says(anybody, value, language)):
        return "other speaker"
    around = _text(transcript.between(_wider(spans, FAR), None))
    if any(says(around, value, language)):
        return "other time"
    if not words:
        return "nothing heard"
    if value.kind not in ("number", "date"):
        return "other words"
    tokens = tokens_of(_text(words))
    if value.kind == "date":
        return _digits_problem(date_digits(tokens_of(_day_first(value.value))), date_digits(tokens))
    return _digits_problem("".join(re.findall(r"\d", value.value)), digits_of(tokens))


def _day_first(date: str) -> str:
    return " ".join(reversed(date.strip("-").split("-")))


def _digits_problem(wanted: str, heard: str) -> Problem:
    from jellyfish import levenshtein_distance

    if not heard:
        return "words for digits"
    whole = [match[1] for match in re.finditer(f"(?=({'.*?'.join(wanted)}))", heard)]
    if whole:
        return "digit added" if min(map(len, whole)) <= len(wanted) + ADDED else "split"
    # The stretch of what was heard that is nearest, among equals the one of the same length.
    near = min(
        (heard[start:end] for start in range(len(heard)) for end in range(start + 1, len(heard) + 1)),
        key=lambda part: (levenshtein_distance(wanted, part), abs(len(part) - len(wanted))),
    )
    return "digit dropped" if len(near) < len(wanted) else "digit wrong"
