"""What a written turn sounds like in words: numbers, dates and amounts as a person on the telephone reads them.

Digits of customer numbers and PINs are read one by one, their groups a pause (a comma) apart, and now and then as
pairs; "zwo" and "double four" occur. How a person reads is drawn from the seed of the call, once for each speaker.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from evals.lab.spoken.numerals import DIGITS, cardinal_de, cardinal_en

from ausweis.vocabulary import Language

__all__ = ["MAIL", "Habits", "Rule", "applied", "code_of", "digits_of", "groups_of", "habits", "spelled", "words_of"]

Rule = tuple[re.Pattern[str], Callable[[re.Match[str], "Habits"], str]]
"""What is found, and what is said for it."""

STAGE_DIRECTION = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>")
ODD = 0.25
"""Of the speakers: how many say "zwo" or "double four"."""
PAIRS = 0.25
"""Of the numbers: how many are read as pairs."""
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Habits:
    """How one speaker reads numbers in a call."""

    language: Language
    odd: bool
    """ "zwo" for two, "double four" for 44."""
    chance: np.random.Generator
    pairs: float = PAIRS
    """How many numbers are read as pairs, as far as they allow it."""

    def tossed(self, share: float) -> bool:
        """Whether something that happens in so many of all cases happens now."""
        return bool(self.chance.random() < share)


def habits(language: Language, seed: int, side: int) -> Habits:
    """How the agent (0) or the caller (1) of the call with this seed reads numbers."""
    chance = np.random.default_rng([seed, side])
    return Habits(language, bool(chance.random() < ODD), chance)


def words_of(text: str) -> str:
    """What of a written turn is spoken: all but notes in brackets of any kind, such as "(laughs)"."""
    return " ".join(STAGE_DIRECTION.sub(" ", text).split())


def applied(rules: tuple[Rule, ...], text: str, speaker: Habits) -> str:
    """The text after each of the rules, one after the other."""
    for pattern, say in rules:
        text = pattern.sub(lambda found, say=say: say(found, speaker), text)  # type: ignore[misc]
    return re.sub(r"\s+([,.?!])", r"\1", " ".join(text.split()))


def digits_of(digits: str, speaker: Habits) -> str:
    """Digits one by one: "null vier vier" or "oh double four"."""
    names = DIGITS[speaker.language]
    if speaker.language == "de":
        return " ".join("zwo" if digit == "2" and speaker.odd else names[int(digit)] for digit in digits)
    zero = "zero" if speaker.odd and len(digits) > 4 else "oh"
    said = []
    for digit, run in groupby(digits):
        name, count = zero if digit == "0" else names[int(digit)], len(list(run))
        doubled = speaker.odd and digit != "0"
        said += ["double", name] * (count // 2) + [name] * (count % 2) if doubled else [name] * count
    return " ".join(said)


def groups_of(text: str, speaker: Habits) -> str:
    """Groups of digits, a comma apart: digit by digit, or now and then all as pairs (in German threes, too)."""
    groups = re.findall(r"\d+", text)
    if len(groups) > 1 and all(len(group) == 1 for group in groups):
        groups = ["".join(groups)]
    whole = speaker.tossed(speaker.pairs)
    return ", ".join(_group(group, speaker, whole) for group in groups)


def _group(group: str, speaker: Habits, whole: bool) -> str:
    german = speaker.language == "de"
    cardinal = cardinal_de if german else cardinal_en
    pairs = [group[:2], group[2:]] if len(group) == 4 else [group]
    if whole and len(group) in ((2, 3, 4) if german else (2, 4)) and not any(pair[0] == "0" for pair in pairs):
        return " ".join(cardinal(int(pair)) for pair in pairs)
    # Nobody reads more than four digits in one breath.
    parts = [group[at : at + 3] for at in range(0, len(group), 3)] if len(group) > 4 else [group]
    return ", ".join(digits_of(part, speaker) for part in parts)


def code_of(found: re.Match[str], speaker: Habits) -> str:
    """Letters and the digits behind them. The A31 is a road; of a customer number, each digit is read."""
    letters, digits = found.groups()
    cardinal = cardinal_de if speaker.language == "de" else cardinal_en
    read = cardinal(int(digits)) if len(digits) <= 2 and digits[0] != "0" else groups_of(digits, speaker)
    return f"{' '.join(letters)} {read}"


def spelled(letters: str) -> str:
    """Letters one by one, capital, so that each is read by its name: "T, H, O"."""
    return ", ".join(letter.upper() if letter != "ß" else "Eszett" for letter in LETTERS.findall(letters))
