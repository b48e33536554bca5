"""What a recogniser makes of what is said, as counts: a small file that a labelled call can be written anew by.

Counts, not rates: what was seen twice is not taken for a law. Words are those of invented calls.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ausweis.calls.checks import explain
from ausweis.errors import InputError
from ausweis.vocabulary import Language

__all__ = [
    "AS_SAID",
    "COMMON",
    "FEWEST",
    "Counts",
    "Lexicon",
    "Noise",
    "NoiseModel",
    "NumberNoise",
    "WordClass",
    "length_class",
    "word_class",
]

Counts = dict[str, int]
Lexicon = dict[str, tuple[str, int]]
WordClass = Literal["short", "common", "rare"]

FEWEST = 3
"""A word that was misheard so often has its own confusions."""
AS_SAID = "="
"""Among them: that it was heard as it was said."""
COMMON = 4
"""A word that was heard so often is common."""
SHORT = 3
"""Letters of a short word."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NumberNoise(_Part):
    """Numbers. `fates`: right, changed, shorter, longer, words (others were heard), lost.

    `written`: by the count of number words in a row, whether they are written as digits or words; `between`: what
    stands between the digits of two number words; `ordinals`: whether these have a dot, none, or are written as words.
    """

    fates: Counts = {}
    written: dict[str, Counts] = {}
    between: Counts = {}
    ordinals: Counts = {}


class Noise(_Part):
    """One language in one condition.

    `turns`: by length, whether a turn is heard, lost, or crossed (its end comes after the beginning of the next);
    `held`: how many words come after. `fates`: by class of word, with `+` behind it where the word before was not
    heard rightly: heard, misheard, lost, split (written as several words), joined (in one with the next).

    `words`: what becomes of a word that is misheard often (nothing where it is lost). `distances`: by fate, how far
    sounds are apart, in tenths. `letters`: what is heard for a letter in a word that nobody knows; `unknown`: whether
    a misheard word is such a one. `added`: what nobody said.

    `marks`: by what is written behind a word (with `|` at the end of a turn), what was heard; `before`: the same by the
    word that follows, where nothing is written. `capitals`: of words without a form, whether they begin with one.
    """

    calls: int
    said: int
    turns: dict[str, Counts] = {}
    held: Counts = {}
    fates: dict[str, Counts] = {}
    words: dict[str, Counts] = {}
    distances: dict[str, Counts] = {}
    letters: dict[str, Counts] = {}
    unknown: Counts = {}
    added: Counts = {}
    marks: dict[str, Counts] = {}
    before: dict[str, Counts] = {}
    capitals: Counts = {}
    numbers: NumberNoise = NumberNoise()


class NoiseModel(_Part):
    """All that was learned, by language and condition, such as `de: {stereo: …}`.

    `lexicons`: by language, how a word without marks is written, and how often it was heard.
    """

    schema_: Annotated[Literal["ausweis/noise@1"], Field(alias="schema")] = "ausweis/noise@1"
    lexicons: dict[Language, Lexicon]
    noises: dict[Language, dict[str, Noise]]

    def of(self, language: Language, condition: str) -> Noise:
        """What was learned of these.

        Raises:
            InputError: nothing was.
        """
        there = self.noises.get(language, {})
        if condition not in there:
            raise InputError(f"no noise was learned for {language}, {condition}: there is {', '.join(there) or 'none'}")
        return there[condition]

    @classmethod
    def read(cls, path: Path) -> "NoiseModel":
        """From a file.

        Raises:
            InputError: it cannot be read, or is none.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise InputError(f"the noise model cannot be read ({type(error).__name__})", place=str(path)) from None
        except ValidationError as error:
            raise InputError(f"no noise model, at {explain(error)}", place=str(path)) from None

    def write(self, path: Path) -> None:
        """To a file."""
        path.write_text(self.model_dump_json(by_alias=True) + "\n", encoding="utf-8")


def word_class(bare: str, heard: int) -> WordClass:
    """Of a word without marks that was heard so often."""
    return "short" if len(bare) <= SHORT else "common" if heard >= COMMON else "rare"


def length_class(words: int) -> str:
    """Of a turn, or of number words in a row."""
    return next((name for most, name in ((1, "1"), (3, "2-3"), (8, "4-8")) if words <= most), "9+")
