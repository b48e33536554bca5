"""Turns with other values in them: numbers, dates, codes, names, streets and addresses drawn anew, the rest as written.

What surrounds a value is what the authors of the calls wrote. Digits follow their like more often than by chance, since
two alike are what an ASR model loses first. People and places are those of Faker, mostly of the language's countries.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
from evals.lab.spoken.german import MONTHS
from evals.lab.spoken.saying import MAIL
from faker import Faker

from ausweis.vocabulary import Language

__all__ = ["varied"]

ALIKE = 0.25
"""How often a digit is the one before it."""
ABROAD = 0.15
"""How many people and places are of other countries."""
HOME: Mapping[Language, tuple[str, ...]] = {"de": ("de_DE", "de_DE", "de_AT", "de_CH"), "en": ("en_GB", "en_US")}
OTHERS = ("tr_TR", "pl_PL", "hr_HR", "it_IT", "es_ES", "fr_FR", "nl_NL", "en_IN")
NO_CODE = "PIN|TAN|PUK|SIM|SMS|DSL|LTE|ATM|USB|GB|MB|EU"

Chance = np.random.Generator
Say = Callable[[re.Match[str], "Values"], str]

_NAME = r"[A-ZÄÖÜ][\w'’-]+"
_TITLE = (
    r"Frau|Herrn?|Familie|[Hh]ier ist|[Nn]ame ist|ich hei(?:ß|ss)e|[Hh]ier spricht"
    r"|Mr\.?|Mrs\.?|Ms\.?|Miss|[Tt]his is|[Nn]ame is|name['’]s"
)
_DAY = r"(?:st|nd|rd|th)\b|\.\s*(?:" + "|".join(month[:3] for month in MONTHS) + ")"
_PLACE_TAIL = r"straße|strasse|weg|gasse|platz|allee|ring|damm"


class Values:
    """Draws values of one language."""

    def __init__(self, language: Language, chance: Chance) -> None:
        self._language, self._chance = language, chance

    def number(self, like: str) -> str:
        """Digits for digits; a year stays a year, what begins with zero does so, and one digit alone is left."""
        if re.fullmatch(r"(?:19|20)\d\d", like):
            return f"{'19' if self._chance.random() < 0.8 else '20'}{self._chance.integers(100):02d}"
        digits = like[0] if like[0] == "0" or len(like) == 1 else str(self._chance.integers(1, 10))
        while len(digits) < len(like):
            digits += digits[-1] if self._chance.random() < ALIKE else str(self._chance.integers(10))
        return digits

    def date(self, found: re.Match[str]) -> str:
        """Day, sign, month, sign, year."""
        year = self.number(found[3]) if found[3] else ""
        return f"{self._chance.integers(1, 29)}.{self._chance.integers(1, 13)}.{year}"

    def run(self, found: re.Match[str]) -> str:
        """A number of several groups or of many digits, often in other groups."""
        if len(re.findall(r"\d", found[0])) < 4 or self._chance.random() < 0.4:
            return re.sub(r"\d+", lambda group: self.number(group[0]), found[0])
        digits = self.number(re.sub(r"\D", "", found[0]))
        size = int(self._chance.choice([2, 2, 3, 4, len(digits)]))
        return " ".join(digits[at : at + size] for at in range(0, len(digits), size))

    def letters(self, found: re.Match[str]) -> str:
        """Other letters of a code."""
        drawn = self._chance.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), len(found[1]))
        return "".join(drawn) + found[2]

    def name(self, found: re.Match[str]) -> str:
        """One name for one, two for two."""
        people = self._people()
        last = people.last_name()
        return f"{found[1]} {f'{people.first_name()} {last}' if found[3] else last}"

    def spelled(self, found: re.Match[str]) -> str:
        """A name in letters."""
        return "-".join(self._people().last_name().upper().replace(" ", "")[: len(found[0])])

    def street(self, _: re.Match[str]) -> str:
        """A street."""
        return str(self._people(abroad=0).street_name())

    def mail(self, _: re.Match[str]) -> str:
        """An address that nobody has."""
        people = self._people(abroad=0)
        number = str(self._chance.integers(10, 100)) if self._chance.random() < 0.3 else ""
        return f"{people.user_name().rstrip('0123456789')}{number}@example.{'de' if self._language == 'de' else 'com'}"

    def _people(self, abroad: float = ABROAD) -> Faker:
        home = HOME[self._language]
        place = str(self._chance.choice(OTHERS if self._chance.random() < abroad else home))
        people = _people_of(place)
        people.seed_instance(int(self._chance.integers(2**31)))
        return people


@cache
def _people_of(place: str) -> Faker:
    return Faker(place)


_RULES: tuple[tuple[re.Pattern[str], Say], ...] = (
    (MAIL, lambda found, values: values.mail(found)),
    (re.compile(r"\b(?:[A-ZÄÖÜ]-){2,}[A-ZÄÖÜ]\b"), lambda found, values: values.spelled(found)),
    (
        re.compile(rf"\b({_TITLE})\s+({_NAME})(\s+{_NAME})?"),
        lambda found, values: values.name(found),
    ),
    (
        re.compile(rf"\b[A-ZÄÖÜ][\w-]+(?:{_PLACE_TAIL})\b|\b(?:[A-Z]\w+ )+(?:Street|Road|Lane|Avenue|Drive|Close)\b"),
        lambda found, values: values.street(found),
    ),
    (re.compile(r"\b(\d{1,2})\.\s?(0?[1-9]|1[0-2])\.\s?(\d{4}|\d{2}\b)?"), lambda found, values: values.date(found)),
    (
        re.compile(rf"\b(?!{NO_CODE})([A-Z]{{1,3}})([ -]?\d{{3,}})"),
        lambda found, values: values.letters(found),
    ),
    (re.compile(rf"(?<![\d.,:])\d+(?:[ -]\d+)*(?![.,:]?\d|{_DAY})"), lambda found, values: values.run(found)),
)


def varied(text: str, language: Language, chance: Chance) -> str:
    """The text with other values; itself where it has none."""
    values = Values(language, chance)
    for pattern, say in _RULES:
        text = pattern.sub(lambda found, say=say: say(found, values), text)  # type: ignore[misc]
    return text
