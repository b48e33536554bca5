"""Whether a recording's transcript holds the values that were said in it.

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

from ausweis.calls.call import Call
from ausweis.errors import InputError
from ausweis.opening import read_bytes
from ausweis.vocabulary import Language, Speaker

ValueKind = Literal["number", "date", "name", "spelled", "password", "street", "place", "mail"]
KINDS: tuple[ValueKind, ...] = get_args(ValueKind)
BY_SOUND = frozenset({"name", "spelled", "password", "street", "place", "mail"})
"""The kinds of which it is enough that they sound alike; numbers and dates are right or wrong."""
MARGIN = 2.0
"""Seconds before and after the turns in which a value may be heard."""
MOST_WORDS = 4
"""Words that one word may be heard as: `kowal tschik`."""


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
class Finding:
    """What became of a value. `exact`: as it was meant; `alike`: by its sound; `heard`: the words in its time."""

    exact: bool
    alike: bool
    right: bool
    heard: str


def find_value(
    value: SaidValue, spans: Sequence[tuple[float, float]], speaker: Speaker, heard: Call | None, language: Language
) -> Finding:
    """Look for a value in the words of its speaker. `spans`: start and end in seconds of the turns that say it."""
    text = words_between(heard, spans, speaker)
    exact, alike = says(text, value, language)
    return Finding(exact, alike, alike if value.kind in BY_SOUND else exact, text)


def words_between(heard: Call | None, spans: Iterable[tuple[float, float]], speaker: Speaker) -> str:
    """The words of a speaker that touch one of the spans, in order of time; of all where no side is known.

    Words whose own times are not known have those of their turn.
    """
    if heard is None:
        return ""
    wide = [(start - MARGIN, end + MARGIN) for start, end in spans]
    sides = any(turn.speaker != "unknown" for turn in heard.turns)
    found: list[tuple[float, str]] = []
    for turn in heard.turns:
        if sides and turn.speaker != speaker:
            continue
        begin = turn.start or 0.0
        last = begin if turn.end is None else turn.end
        words = [(word.start, word.end, word.text) for word in turn.words or ()]
        for start, end, text in words or [(begin, last, text) for text in turn.text.split()]:
            if any(start <= latest and end >= earliest for earliest, latest in wide):
                found.append((start, text))
    return " ".join(text for _, text in sorted(found, key=lambda one: one[0]))


def says(text: str, value: SaidValue, language: Language) -> tuple[bool, bool]:
    """Whether the text says the value exactly, and whether it does so by its sound."""
    tokens = tokens_of(text)

    def like(one: str, other: str) -> bool:
        return sound_alike(one, other, language)

    match value.kind:
        case "number":
            found = _number(tokens, value)
            return found, found
        case "date":
            found = says_date(tokens, value.value)
            return found, found
        case "mail":
            return _email(text, value.value, like)
        case "street":
            return _street(tokens, value.value, _same), _street(tokens, value.value, like)
        case "spelled":
            letters, runs = folded(value.value), list(spelled_in(tokens))
            exact = any(letters in run for run in runs) or _all_words(tokens, value.value, _same)
            alike = any(like(run, value.value) for run in runs) or _all_words(tokens, value.value, like)
            return exact, exact or alike
        case "name" | "password" | "place":
            return _all_words(tokens, value.value, _same), _all_words(tokens, value.value, like)


_Alike = Callable[[str, str], bool]


def _same(one: str, other: str) -> bool:
    return folded(one) == folded(other)


def _number(tokens: Sequence[Token], value: SaidValue) -> bool:
    stream = digits_of(tokens) if value.value.isdigit() else letters_of(tokens)
    place = 0
    for piece in value.pieces or (value.value,):
        place = stream.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return True


def _places(tokens: Sequence[Token], word: str, alike: _Alike) -> Iterable[tuple[int, int]]:
    """Where some words, written together, are this one: the first and the one after the last."""
    for start in range(len(tokens)):
        for end in range(start + 1, min(len(tokens), start + MOST_WORDS) + 1):
            if alike("".join(token.word for token in tokens[start:end]), word):
                yield start, end


def _all_words(tokens: Sequence[Token], value: str, alike: _Alike) -> bool:
    """Whether each word of the value is there, in whatever order, or all of them written together."""
    if any(True for _ in _places(tokens, value, alike)):
        return True
    return all(any(True for _ in _places(tokens, word, alike)) for word in re.split(r"[\s-]+", value))


def _street(tokens: Sequence[Token], value: str, alike: _Alike) -> bool:
    """The name of the street, with the number of the house directly before or behind it."""
    number = "".join(re.findall(r"\d+", value))
    return any(
        number in (digits_of(tokens[max(0, start - 1) : start]), digits_of(tokens[end : end + 1]))
        for start, end in _places(tokens, re.sub(r"\d+", "", value).strip(), alike)
    )


def _email(text: str, value: str, like: _Alike) -> tuple[bool, bool]:
    """Signs and digits exactly; the words between them by sound."""
    address, tokens = signs_of(value), tokens_of(text)
    exact = address in signs_of(text)
    pieces = [piece for piece in re.split(r"[\d.@_-]+", address) if piece]
    digits = "".join(re.findall(r"\d+", address))
    alike = digits in digits_of(tokens) and all(_all_words(tokens, piece, like) for piece in pieces)
    return exact, exact or alike
