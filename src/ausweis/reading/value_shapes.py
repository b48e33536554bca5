"""The shape of a value that an own word's description tells, and whether a line has a value of it.

`Siebenstellige Nummer`, `KK und fünf Ziffern`, `two letters and six digits`, `such as BFN 204`: so much is known of a
value that nobody has seen. A line may say it in words, and spell its letters: `ka ka zwo null vier eins sieben`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

from ausweis.reading.patterns import COUNTS, pattern, words
from ausweis.spoken import digits_in, words_in
from ausweis.vocabulary import OwnWord

_DIGITS, _LETTERS, _CHARACTERS, _SEVERAL = map(pattern, ("digits", "letters", "characters", "several"))
_PREFIX, _EXAMPLE, _CAPITALS = (pattern(name, cased=True) for name in ("prefix", "example", "capitals"))
_APOSTROPHE, _GLUED, _AS_IN = map(pattern, ("apostrophe", "glued", "as_in"))
_WRITTEN = re.compile(r"\d{3,}")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{2,3}")
_NAMES = words("names_of_letters")
_LETTERS_SAID = dict(zip(_NAMES[::2], _NAMES[1::2], strict=True)) | {word: word[0] for word in words("alphabets")}
_WEAK, _FILLERS, _TWICE = map(frozenset, map(words, ("weak", "fillers", "twice")))
_NONE = frozenset([*map(str.lower, words("abbreviation")), *words("units")])

Range = tuple[int, int]

MOST = 99
"""Characters of a value of which the least alone is told."""


class Shape(NamedTuple):
    """How many digits, letters, or characters of either kind a value has, least and most; what it begins with."""

    digits: Range | None = None
    letters: Range | None = None
    characters: Range | None = None
    prefix: str = ""


class Fit(NamedTuple):
    """How the values of a line fit a shape.

    `fits`: one has it; `short`: all have fewer digits or characters, as a piece has; `differs`: neither; `prefix`: one
    begins as the shape does.
    """

    fits: bool = False
    short: bool = False
    differs: bool = False
    prefix: bool = False


@lru_cache(maxsize=1024)
def shape_of(word: OwnWord) -> Shape:
    """What the description of an own factor tells of its value."""
    text = " ".join(normalize("NFKC", word.description).split())
    if word.looks_like not in ("digits", "letters") or _SEVERAL.search(text):
        return Shape()
    digits, letters, characters = (_range(found, text) for found in (_DIGITS, _LETTERS, _CHARACTERS))
    if word.looks_like == "digits":
        return Shape(digits or characters)
    prefix, example = _PREFIX.search(text), _EXAMPLE.search(text)
    if example and not (digits or letters or characters):
        count, named = (sum(map(kind, example["value"])) for kind in (str.isdigit, str.isalpha))
        return Shape((count, count), (named, named))
    return Shape(digits, letters, characters, prefix["prefix"].lower() if prefix else "")


def _range(counted: re.Pattern[str], text: str) -> Range | None:
    """What is counted, if it is always the same."""
    ranges = {_span(found) for found in counted.finditer(text)}
    return ranges.pop() if len(ranges) == 1 else None


def _span(found: re.Match[str]) -> Range | None:
    most = _count(found["number"])
    least = _count(found["least"] or found["low"] or found["number"])
    if not (most and least):
        return None
    if found["open"]:
        return least, MOST
    return (1 if found["up_to"] else min(least, most)), max(least, most)


def _count(word: str) -> int | None:
    return int(word) if word.isdecimal() else COUNTS.get(word.lower())


def values_in(text: str) -> list[str]:
    """Runs of digits and spelled letters, such as `kk20417`; small words between them are passed over.

    Where it is unsure whether a word before the digits is a letter, the run without it is there besides; and so is each
    number of several that are written in digits.
    """
    text = _AS_IN.sub(r"\1", _APOSTROPHE.sub(" ", text))
    written = _WRITTEN.findall(text)
    text = _GLUED.sub(lambda found: f" {' '.join(found[0])} ", text)
    text = _CAPITALS.sub(lambda found: " ".join(found[0]), text)
    runs = [run for run in _runs(text) if any(map(str.isdigit, run))]
    return list(dict.fromkeys([*runs, *written])) if len(written) > 1 else runs


def _runs(text: str) -> Iterator[str]:
    run: list[str] = []
    before = ""
    for word, digits in [*words_in(text), ("", "")]:
        said = digits or _letters(word)
        if said:
            run.append(word if word in _WEAK and not digits else said * (2 if before in _TWICE and not digits else 1))
        elif run and word not in _FILLERS and word not in _TWICE:
            yield from _ways(run)
            run = []
        before = word


def _ways(run: list[str]) -> Iterator[str]:
    """A run without what is no letter at its end; and without what may be none at its beginning."""
    while run and run[-1] in _WEAK:
        run.pop()
    first = next((place for place, part in enumerate(run) if part not in _WEAK), 0)
    # So long a row of such words is no spelling: the time must not grow with its square.
    for start in sorted({0, *range(max(0, first - 2), first + 1)}):
        if run[start:]:
            yield "".join(_letters(part) if part in _WEAK else part for part in run[start:])


def _letters(word: str) -> str:
    if word in _FILLERS or word in _NONE:
        return ""
    if len(word) == 1 or _CONSONANTS.fullmatch(word):
        return word
    return _LETTERS_SAID.get(word, "")


def fits_of(lines: Sequence[str], words: Sequence[OwnWord]) -> list[list[Fit]]:
    """Of each line and word, how the values of the line fit the shape that the word's description tells."""
    shapes = [shape_of(word) if word.is_factor else Shape() for word in words]
    values = ((values_in(line), len(digits_in(line))) for line in lines)
    return [[_fit(shape, found, total) for shape in shapes] for found, total in values]


def _fit(shape: Shape, values: Sequence[str], total: int) -> Fit:
    if shape == Shape() or not values:
        return Fit()
    only_digits = shape == Shape(shape.digits)
    fits = any(_has(shape, value) for value in values) or (only_digits and _within(total, shape.digits))
    begins = bool(shape.prefix) and any(_named(value).startswith(shape.prefix) for value in values)
    short = not fits and all(_short(shape, value) for value in values)
    return Fit(fits, short, not fits and not short, begins)


def _has(shape: Shape, value: str) -> bool:
    letters = _named(value)
    if not letters.startswith(shape.prefix):
        return False
    # What it begins with may count among the characters, or is said besides.
    spare = 0 if shape.letters else len(shape.prefix)
    counted = {len(value), len(value) - spare}
    digits = _within(len(value) - len(letters), shape.digits)
    return digits and _within(len(letters), shape.letters) and any(_within(n, shape.characters) for n in counted)


def _short(shape: Shape, value: str) -> bool:
    digits = sum(map(str.isdigit, value))
    return (shape.digits is not None and digits < shape.digits[0]) or (
        shape.characters is not None and len(value) < shape.characters[0]
    )


def _named(value: str) -> str:
    return "".join(filter(str.isalpha, value))


def _within(count: int, span: Range | None) -> bool:
    return span is None or span[0] <= count <= span[1]
