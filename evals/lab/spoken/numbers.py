"""What a written turn sounds like in words: numbers, dates and amounts as a person on the telephone reads them.

Digits of customer numbers and PINs are read one by one, their groups a pause (a comma) apart, and now and then as
pairs; "zwo" and "double four" occur. How a person reads is drawn from the seed of the call, once for each speaker.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from ausweis.vocabulary import Language

Rule = tuple[re.Pattern[str], Callable[[re.Match[str], "Habits"], str]]
"""What is found, and what is said for it."""

STAGE_DIRECTION = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>")
ODD = 0.25
"""Of the speakers: how many say "zwo" or "double four"."""
PAIRS = 0.25
"""Of the numbers: how many are read as pairs, as far as they allow it."""

DIGITS = {
    "de": "null eins zwei drei vier fünf sechs sieben acht neun".split(),
    "en": "zero one two three four five six seven eight nine".split(),
}
_TEENS_DE = "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split()
_TENS_DE = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_TEENS_EN = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS_EN = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_UND = ("", "einund", *(f"{ones}und" for ones in DIGITS["de"][2:]))
_DASH = ("", *(f"-{ones}" for ones in DIGITS["en"][1:]))
BELOW_HUNDRED = {
    "de": [*DIGITS["de"], *_TEENS_DE, *(ones + tens for tens in _TENS_DE for ones in _UND)],
    "en": [*DIGITS["en"], *_TEENS_EN, *(tens + ones for tens in _TENS_EN for ones in _DASH)],
}
ORDINALS_DE = {1: "erste", 3: "dritte", 7: "siebte", 8: "achte"}
ORDINALS_EN = dict(pair.split("=") for pair in "one=first two=second three=third five=fifth twelve=twelfth".split())
ORDINALS_EN["nine"] = "ninth"
MONTHS_DE = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
MONTHS_EN = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Habits:
    """How one speaker reads numbers in a call."""

    language: Language
    odd: bool
    """ "zwo" for two, "double four" for 44."""
    chance: np.random.Generator

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


def said(text: str, speaker: Habits) -> str:
    """The text with every number in words."""
    for pattern, say in RULES[speaker.language]:
        text = pattern.sub(lambda found, say=say: say(found, speaker), text)  # type: ignore[misc]
    return re.sub(r"\s+([,.?!])", r"\1", " ".join(text.split()))


def cardinal_de(number: int) -> str:
    """0 to 999,999 in one word: "zweihundertdreiundvierzig"."""
    for size, name in ((1_000, "tausend"), (100, "hundert")):
        if number >= size:
            before, rest = cardinal_de(number // size), number % size
            # Before another part of its word, "eins" loses its s.
            before = before.removesuffix("s") if before.endswith("eins") else before
            return f"{before}{name}{cardinal_de(rest) if rest else ''}"
    return BELOW_HUNDRED["de"][number]


def ordinal_de(number: int) -> str:
    """1 to 99 with the ending that "der" asks for: "dritte"."""
    return ORDINALS_DE.get(number) or cardinal_de(number) + ("te" if number < 20 else "ste")


def year_de(year: int) -> str:
    """1100 to 1999 in hundreds: "neunzehnhundertdreiundachtzig"; others as they are."""
    hundreds, rest = divmod(year, 100)
    if 11 <= hundreds <= 19:
        return f"{cardinal_de(hundreds)}hundert{cardinal_de(rest) if rest else ''}"
    return cardinal_de(year)


def cardinal_en(number: int) -> str:
    """0 to 999,999, British: "two hundred and forty-three"."""
    for size, name in ((1_000, "thousand"), (100, "hundred")):
        if number >= size:
            before, rest = f"{cardinal_en(number // size)} {name}", number % size
            return before if not rest else f"{before} {'and ' if rest < 100 else ''}{cardinal_en(rest)}"
    return BELOW_HUNDRED["en"][number]


def ordinal_en(number: int) -> str:
    """1 to 99: "twenty-third"."""
    before, dash, last = cardinal_en(number).rpartition("-")
    regular = f"{last[:-1]}ieth" if last.endswith("y") else f"{last.removesuffix('t')}th"
    return before + dash + ORDINALS_EN.get(last, regular)


def year_en(year: int) -> str:
    """1100 to 2099 as two pairs, but 2000 to 2009 as they are: "nineteen eighty-three", "two thousand and four"."""
    hundreds, rest = divmod(year, 100)
    if hundreds == 20 and rest < 10:
        return cardinal_en(year)
    if not rest:
        return f"{cardinal_en(hundreds)} hundred"
    return f"{cardinal_en(hundreds)} {'oh ' if rest < 10 else ''}{cardinal_en(rest)}"


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
    german = speaker.language == "de"
    cardinal = cardinal_de if german else cardinal_en
    groups = re.findall(r"\d+", text)
    if len(groups) > 1 and all(len(group) == 1 for group in groups):
        groups = ["".join(groups)]
    whole = speaker.tossed(PAIRS)

    def read(group: str) -> str:
        pairs = [group[:2], group[2:]] if len(group) == 4 else [group]
        if whole and len(group) in ((2, 3, 4) if german else (2, 4)) and not any(pair[0] == "0" for pair in pairs):
            return " ".join(cardinal(int(pair)) for pair in pairs)
        # Nobody reads more than four digits in one breath.
        parts = [group[at : at + 3] for at in range(0, len(group), 3)] if len(group) > 4 else [group]
        return ", ".join(digits_of(part, speaker) for part in parts)

    return ", ".join(map(read, groups))


def _code(found: re.Match[str], speaker: Habits) -> str:
    """Letters and the digits behind them. The A31 is a road; of a customer number, each digit is read."""
    letters, digits = found.groups()
    cardinal = cardinal_de if speaker.language == "de" else cardinal_en
    read = cardinal(int(digits)) if len(digits) <= 2 and digits[0] != "0" else groups_of(digits, speaker)
    return f"{' '.join(letters)} {read}"


def _spelled(found: re.Match[str], _: Habits) -> str:
    """Letters one by one, capital, so that each is read by its name: "T, H, O"."""
    letters = re.findall(r"[^\W\d_]", found[0])
    return ", ".join(letter.upper() if letter != "ß" else "Eszett" for letter in letters)


def _mail(**names: str) -> Rule:
    signs = {"@": "at", ".": names["dot"], "-": names["dash"], "_": names["underscore"]}
    address = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
    return address, lambda found, _: "".join(f" {signs[sign]} " if sign in signs else sign for sign in found[0])


def _four_digits(words: re.Pattern[str], year: Callable[[int], str]) -> Rule:
    """A year after words such as these, and else digits."""

    def say(found: re.Match[str], speaker: Habits) -> str:
        is_year = re.match("1[89]|20", found[0]) and words.search(found.string[: found.start()])
        return year(int(found[0])) if is_year else groups_of(found[0], speaker)

    return re.compile(r"\b\d{4}\b"), say


UNITS = {"€": "Euro", "%": "Prozent", "kWh": "Kilowattstunden", "GB": "Gigabyte", "MB": "Megabyte", "km": "Kilometer"}
_MONTH_DE, _COUNT_DE = "|".join(MONTHS_DE), r"\d{1,3}(?:\.\d{3})+|\d+"
_DATIVE = re.compile(r"\b(?:am|zum|vom|beim|im|dem|den|ab|bis|seit|des)\s+$", re.IGNORECASE)
_YEAR_BEFORE_DE = re.compile(rf"(?:\b(?:Jahre?|Jahrgang|seit|von|geboren|{_MONTH_DE})|ste[nr]?|te[nr]?),?\s+$")
_ARTICLE = re.compile(r"\b(?:der|die|das)\s+$", re.IGNORECASE)


def _ordinal_de(found: re.Match[str], _: Habits) -> str:
    before, word = found.string[: found.start()], ordinal_de(int(found[1]))
    return word + ("n" if _DATIVE.search(before) else "" if _ARTICLE.search(before) else "r")


def _date_de(found: re.Match[str], speaker: Habits) -> str:
    day = _ordinal_de(found, speaker)
    month = ordinal_de(int(found[2])) + ("n" if day.endswith("en") else "r")
    name = MONTHS_DE[int(found[2]) - 1] if speaker.tossed(0.5) else month
    return f"{day} {name} {_year_de(found[3], speaker)}"


def _year_de(digits: str | None, speaker: Habits) -> str:
    if not digits or (len(digits) == 2 and digits[0] == "0"):
        return digits_of(digits or "", speaker)
    short = len(digits) == 2 or (digits.startswith("19") and digits[2] != "0" and speaker.tossed(0.5))
    return cardinal_de(int(digits[-2:])) if short else year_de(int(digits))


def _amount_de(found: re.Match[str], speaker: Habits) -> str:
    cents = "" if found[2] == "00" else cardinal_de(int(found[2]))
    if cents and not found[3] and speaker.tossed(0.5):
        return f"{_whole_de(found[1], speaker)} {cents}"
    return f"{_with_unit(found[1], 'Euro', speaker)} {cents}"


def _whole_de(digits: str, speaker: Habits) -> str:
    word = cardinal_de(int(digits.replace(".", "")))
    return word.removeprefix("ein") if word.startswith(("einhundert", "eintausend")) and speaker.tossed(0.5) else word


def _with_unit(digits: str, unit: str, speaker: Habits) -> str:
    return f"{'ein' if digits == '1' else _whole_de(digits, speaker)} {UNITS.get(unit, unit)}"


def _alone_de(found: re.Match[str], speaker: Habits) -> str:
    digits = found[0]
    return _whole_de(digits, speaker) if digits[0] != "0" or len(digits) == 1 else groups_of(digits, speaker)


COINS = {"£": ("pound", "pounds"), "$": ("dollar", "dollars"), "€": ("euro", "euros")}
_MONTH_EN, _COUNT_EN = "|".join(MONTHS_EN), r"\d{1,3}(?:,\d{3})+|\d+"

_YEAR_BEFORE_EN = re.compile(
    rf"(?:\b(?:in|since|year|until|of|born|{_MONTH_EN})|\dth|st|nd|rd|th),?\s+$", re.IGNORECASE
)


def _whole_en(digits: str) -> str:
    return cardinal_en(int(digits.replace(",", "")))


def _year_en(digits: str, speaker: Habits) -> str:
    if len(digits) == 2:
        return digits_of(digits, speaker) if digits[0] == "0" else cardinal_en(int(digits))
    return year_en(int(digits))


def _money_en(found: re.Match[str], _: Habits) -> str:
    coin, whole, pence = found.groups()
    one, many = COINS[coin]
    said = f"{_whole_en(whole)} {one if whole == '1' else many}"
    return said if not pence or pence == "00" else f"{said} {cardinal_en(int(pence))}"


def _point_en(found: re.Match[str], speaker: Habits) -> str:
    whole, places = found.groups()
    # Two places are money or the time of the day here.
    after = cardinal_en(int(places)) if len(places) == 2 and places[0] != "0" else digits_of(places, speaker)
    return f"{_whole_en(whole)} {'' if len(places) == 2 else 'point '}{after}"


def _alone_en(found: re.Match[str], speaker: Habits) -> str:
    digits = found[0]
    is_number = len(digits) <= 3 and (digits[0] != "0" or len(digits) == 1)
    return cardinal_en(int(digits)) if is_number else groups_of(digits, speaker)


RULES: dict[Language, tuple[Rule, ...]] = {
    "de": (
        _mail(dot="Punkt", dash="Minus", underscore="Unterstrich"),
        (re.compile(r"\b(?:[A-ZÄÖÜ]-){2,}[A-ZÄÖÜ]\b"), _spelled),
        (re.compile(r"\b(\d{1,2})\.\s?(0?[1-9]|1[0-2])\.(?:\s?(\d{4}|\d{2})\b)?"), _date_de),
        (re.compile(r"\b(\d{1,2}) (0?[1-9]|1[0-2]) ((?:19|20)\d\d)\b"), _date_de),
        (
            re.compile(rf"\b(\d{{1,2}})\.\s+({_MONTH_DE})\b(?:,?\s+(\d{{4}}|\d{{2}})\b)?"),
            lambda found, speaker: f"{_ordinal_de(found, speaker)} {found[2]} {_year_de(found[3], speaker)}",
        ),
        (
            re.compile(r"\b(\d{1,2})[:.](\d\d) Uhr\b"),
            lambda found, speaker: f"{_with_unit(found[1], 'Uhr', speaker)} {cardinal_de(int(found[2]))}",
        ),
        (re.compile(rf"\b({_COUNT_DE}),(\d\d)\b(\s*(?:Euro|€))?"), _amount_de),
        (
            re.compile(rf"\b({_COUNT_DE}),(\d+)\b"),
            lambda found, speaker: f"{_whole_de(found[1], speaker)} Komma {digits_of(found[2], speaker)}",
        ),
        (
            re.compile(rf"\b({_COUNT_DE})\s?(€|%|kWh|GB|MB|km|Euro|Uhr|Prozent|Gigabyte|Kilowattstunden?|Cent)(?!\w)"),
            lambda found, speaker: _with_unit(found[1], found[2], speaker),
        ),
        (re.compile(r"\b\d{1,3}(?:\.\d{3})+\b"), lambda found, speaker: _whole_de(found[0], speaker)),
        # A dot with a small letter behind it, or "am" before it, ends no sentence.
        (re.compile(r"\b(\d{1,2})\.(?=\s+[a-zäöü])"), _ordinal_de),
        (re.compile(r"(?:(?<=\b[Aa]m )|(?<=\b[ZzVv][uo]m ))(\d{1,2})\."), _ordinal_de),
        (re.compile(r"\b(?!PIN|TAN|SIM|SMS)([A-ZÄÖÜ]{1,3})[ -]?(\d+(?:[ -]\d+)*)\b"), _code),
        (re.compile(r"\b\d+(?:[ /-]\d+)+\b"), lambda found, speaker: groups_of(found[0], speaker)),
        _four_digits(_YEAR_BEFORE_DE, year_de),
        (re.compile(r"\b(?:0\d+|\d{5,})\b"), lambda found, speaker: groups_of(found[0], speaker)),
        # "thuermer90" and "14b" are two words; "250er" is one.
        (re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=(?!ern?\b)[^\W\d_])"), lambda *_: " "),
        (re.compile(r"\d+"), _alone_de),
        (re.compile(r"[€%]"), lambda found, _: UNITS[found[0]]),
    ),
    "en": (
        _mail(dot="dot", dash="dash", underscore="underscore"),
        (re.compile(r"\b(?:[A-Z]-){2,}[A-Z]\b"), _spelled),
        (
            re.compile(r"\b(\d{1,2})[/.](0?[1-9]|1[0-2])[/.](\d{4}|\d{2})\b"),
            lambda found, speaker: (
                f"the {ordinal_en(int(found[1]))} of {MONTHS_EN[int(found[2]) - 1]} {_year_en(found[3], speaker)}"
            ),
        ),
        (
            re.compile(r"\b(0?[1-9]|1[0-2])/(\d{1,2})/(\d{4}|\d{2})\b"),
            lambda found, speaker: (
                f"{MONTHS_EN[int(found[1]) - 1]} {ordinal_en(int(found[2]))} {_year_en(found[3], speaker)}"
            ),
        ),
        (re.compile(r"(?<!\w)['’](\d\d)\b"), lambda found, speaker: _year_en(found[1], speaker)),
        (re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b"), lambda found, _: ordinal_en(int(found[1]))),
        (re.compile(rf"\b(\d{{1,2}}) (?=(?:{_MONTH_EN})\b)"), lambda found, _: f"{ordinal_en(int(found[1]))} of "),
        (
            re.compile(rf"\b({_MONTH_EN}) (\d{{1,2}})\b(?!\d)"),
            lambda found, _: f"{found[1]} {ordinal_en(int(found[2]))}",
        ),
        (re.compile(rf"([£$€])\s?({_COUNT_EN})(?:\.(\d\d))?(?!\d)"), _money_en),
        (
            re.compile(r"\b(\d{1,2}):(\d\d)\b"),
            lambda found, _: f"{cardinal_en(int(found[1]))} {cardinal_en(int(found[2])) if found[2] != '00' else ''}",
        ),
        (re.compile(rf"\b({_COUNT_EN})\.(\d+)\b"), _point_en),
        (re.compile(r"\b\d{1,3}(?:,\d{3})+\b"), lambda found, _: _whole_en(found[0])),
        (re.compile(r"\b(?!PIN|ATM|SIM|I\b|A\b)([A-Z]{1,3})[ -]?(\d+(?:[ -]\d+)*)\b"), _code),
        (re.compile(r"\b\d+(?:[ -]\d+)+\b"), lambda found, speaker: groups_of(found[0], speaker)),
        _four_digits(_YEAR_BEFORE_EN, year_en),
        # A postcode ends in letters, each read by its name: "2JB".
        (
            re.compile(r"\b(\d)([A-Z]{2})\b"),
            lambda found, speaker: f"{digits_of(found[1], speaker)} {' '.join(found[2])}",
        ),
        (re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"), lambda *_: " "),
        (re.compile(r"\d+"), _alone_en),
        (re.compile(r"%"), lambda *_: " per cent"),
    ),
}
