"""The shape of a value that an own word's description tells, and whether a line has a value of it.

`Siebenstellige Nummer`, `KK und fünf Ziffern`, `two letters and six digits`, `such as BFN 204`: so much is known of a
value that nobody has seen. A line may say it in words, and spell its letters: `ka ka zwo null vier eins sieben`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from ausweis.reading.spoken import digits_in, words_in
from ausweis.vocabulary import OwnWord

__all__ = ["Fit", "Shape", "fits_of", "shape_of", "values_in"]

_COUNTS = {
    word: number
    for words in (
        "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
        "one two three four five six seven eight nine ten eleven twelve",
    )
    for number, word in enumerate(words.split(), start=1)
} | {"eine": 1, "einem": 1, "einen": 1, "einer": 1, "zwo": 2}
_COUNT = rf"(?P<{{}}>\d{{{{1,2}}}}|{'|'.join(sorted(_COUNTS, key=len, reverse=True))})"
_NUMBER = _COUNT.format("number")
_SPAN = rf"(?:{_COUNT.format('least')} (?:bis|to|oder|or) )?{_NUMBER}"
_BETWEEN = r"(?: (?!und|and|mit|with|of|von)\w+)?"
_DIGITS = re.compile(rf"\b{_SPAN}{_BETWEEN}[ -](?:\w*ziffer|digit|figure)", re.IGNORECASE)
_MIXED = r"(?:buchstaben und (?:ziffern|zahlen)|letters and (?:digits|figures|numbers))"
_LETTERS = re.compile(rf"\b{_SPAN}{_BETWEEN}[ -](?!{_MIXED})(?:buchstabe|letter)", re.IGNORECASE)
_CHARACTERS = re.compile(rf"\b{_SPAN}(?:[ -](?:zeichen|stellen\b|character|{_MIXED})|-?stellig)", re.IGNORECASE)
_PREFIX = re.compile(
    rf"\b(?:mit|with|letters?|Buchstaben?)(?: den Buchstaben| the letters)? (?P<prefix>[A-Z]{{1,4}})\b"
    rf"|(?:^|(?:\b[Ee]in|\b[Aa]n?|,) )(?P<counted>[A-Z]{{1,4}}) (?:und|mit|and|with) (?:{_NUMBER})\b"
)
_EXAMPLE = re.compile(r"\b(?=[A-Z\d -]*\d)(?=[A-Z\d -]*[A-Z])[A-Z\d]+(?:[ -][A-Z\d]+)*\b")
_CAPITALS = re.compile(r"(?<![^\W_])[A-ZÄÖÜ]{2,5}(?![^\W\d_])")
_GLUED = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,4}(?=\d)|(?<=\d)[^\W\d_]{1,4}(?![^\W\d_])")
_AS_IN = re.compile(r"\b([^\W\d_]{1,3}),? (?:wie|as in|for|like) [^\W\d_]+", re.IGNORECASE)
_NAMES_OF_LETTERS = """
be b bee b ce c cee c see c zeh c de d dee d ef f eff f ge g gee g ha h aitch h jot j jay j ka k kay k el l ell l em m
en n pe p pee p ku q cue q er r ar r es s ess s te t tee t tea t you u vau v vee v we w weh w doubleyou w ix x ex x
ypsilon y why y zett z zed z zee z
""".split()
_ALPHABETS = """
anton berta cäsar dora emil friedrich gustav heinrich ida julius kaufmann konrad ludwig martha nordpol otto paula quelle
richard samuel siegfried theodor ulrich viktor wilhelm xanthippe zacharias
alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar papa quebec
romeo sierra tango uniform victor whiskey xray yankee zulu
""".split()
_LETTERS_SAID = dict(zip(_NAMES_OF_LETTERS[::2], _NAMES_OF_LETTERS[1::2], strict=True)) | {w: w[0] for w in _ALPHABETS}
_FILLERS = frozenset(
    "und and dann then noch nochmal äh ähm uh um hm strich bindestrich minus dash slash punkt dot ist is eine".split()
)
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{2,3}")
Range = tuple[int, int]


class Shape(NamedTuple):
    """How many digits, letters, or characters of either kind a value has, least and most; what it begins with."""

    digits: Range | None = None
    letters: Range | None = None
    characters: Range | None = None
    prefix: str = ""

    @property
    def known(self) -> bool:
        """Whether the description tells anything."""
        return self != Shape()


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
    text = " ".join(word.description.split())
    if word.looks_like not in ("digits", "letters"):
        return Shape()
    digits, letters, characters = (_range(found.search(text)) for found in (_DIGITS, _LETTERS, _CHARACTERS))
    prefix = _PREFIX.search(text)
    begins = (prefix["prefix"] or prefix["counted"]) if prefix else ""
    example = _EXAMPLE.search(text)
    if example and not (digits or letters or characters):
        count, named = sum(map(str.isdigit, example[0])), sum(map(str.isalpha, example[0]))
        return Shape((count, count), (named, named))
    if word.looks_like == "digits" and characters and not digits:
        return Shape(characters)
    return Shape(digits, letters, characters, begins.lower())


def _range(found: re.Match[str] | None) -> Range | None:
    if found is None:
        return None
    most = _count(found["number"])
    return _count(found["least"]) if found["least"] else most, most


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _COUNTS[word.lower()]


def values_in(text: str) -> list[str]:
    """Runs of digits and spelled letters, such as `kk20417`; small words between them are passed over."""
    text = _AS_IN.sub(r"\1", text)
    text = _GLUED.sub(lambda found: f" {' '.join(found[0])} ", text)
    text = _CAPITALS.sub(lambda found: " ".join(found[0]), text)
    return [run for run in _runs(text) if any(map(str.isdigit, run))]


def _runs(text: str) -> Iterator[str]:
    run = ""
    for word, digits in words_in(text):
        said = digits or _letters(word)
        if said:
            run += said
        elif run and word not in _FILLERS:
            yield run
            run = ""
    if run:
        yield run


def _letters(word: str) -> str:
    if len(word) == 1 or _CONSONANTS.fullmatch(word):
        return word
    return _LETTERS_SAID.get(word, "")


def fits_of(lines: Sequence[str], words: Sequence[OwnWord]) -> list[list[Fit]]:
    """Of each line and word, how the values of the line fit the shape that the word's description tells."""
    shapes = [shape_of(word) if word.is_factor else Shape() for word in words]
    return [[_fit(shape, values, total) for shape in shapes] for values, total in map(_values, lines)]


def _values(line: str) -> tuple[list[str], int]:
    return values_in(line), len(digits_in(line))


def _fit(shape: Shape, values: Sequence[str], total: int) -> Fit:
    if not shape.known or not values:
        return Fit()
    only_digits = shape.digits is not None and shape.letters is None and shape.characters is None and not shape.prefix
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
