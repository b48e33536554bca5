"""German numbers, dates and amounts as they are said."""

import re

from evals.lab.spoken.numerals import cardinal_de, ordinal_de, year_de
from evals.lab.spoken.saying import MAIL, Habits, Rule, applied, code_of, digits_of, groups_of, spelled

__all__ = ["said_in_german"]

MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
UNITS = {"€": "Euro", "%": "Prozent", "kWh": "Kilowattstunden", "GB": "Gigabyte", "MB": "Megabyte", "km": "Kilometer"}
SIGNS = {"@": "at", ".": "Punkt", "-": "Minus", "_": "Unterstrich"}

_MONTH = "|".join(MONTHS)
_COUNT = r"\d{1,3}(?:\.\d{3})+|\d+"
_DATIVE = re.compile(r"\b(?:am|zum|vom|beim|im|dem|den|ab|bis|seit|des)\s+$", re.IGNORECASE)
_ARTICLE = re.compile(r"\b(?:der|die|das)\s+$", re.IGNORECASE)
_YEAR_BEFORE = re.compile(rf"(?:\b(?:Jahre?|Jahrgang|seit|von|geboren|{_MONTH})|ste[nr]?|te[nr]?),?\s+$")


def said_in_german(text: str, speaker: Habits) -> str:
    """The text with every number in words."""
    return applied(_RULES, text, speaker)


def _ordinal(found: re.Match[str], _: Habits) -> str:
    before, word = found.string[: found.start()], ordinal_de(int(found[1]))
    return word + ("n" if _DATIVE.search(before) else "" if _ARTICLE.search(before) else "r")


def _date(found: re.Match[str], speaker: Habits) -> str:
    day = _ordinal(found, speaker)
    month = ordinal_de(int(found[2])) + ("n" if day.endswith("en") else "r")
    name = MONTHS[int(found[2]) - 1] if speaker.tossed(0.5) else month
    return f"{day} {name} {_year(found[3], speaker)}"


def _day_and_month(found: re.Match[str], speaker: Habits) -> str:
    return f"{_ordinal(found, speaker)} {found[2]} {_year(found[3], speaker)}"


def _year(digits: str | None, speaker: Habits) -> str:
    if not digits or (len(digits) == 2 and digits[0] == "0"):
        return digits_of(digits or "", speaker)
    short = len(digits) == 2 or (digits.startswith("19") and digits[2] != "0" and speaker.tossed(0.5))
    return cardinal_de(int(digits[-2:])) if short else year_de(int(digits))


def _four_digits(found: re.Match[str], speaker: Habits) -> str:
    year = re.match("1[89]|20", found[0]) and _YEAR_BEFORE.search(found.string[: found.start()])
    return year_de(int(found[0])) if year else groups_of(found[0], speaker)


def _amount(found: re.Match[str], speaker: Habits) -> str:
    cents = "" if found[2] == "00" else cardinal_de(int(found[2]))
    if cents and not found[3] and speaker.tossed(0.5):
        return f"{_whole(found[1], speaker)} {cents}"
    return f"{_with_unit(found[1], 'Euro', speaker)} {cents}"


def _whole(digits: str, speaker: Habits) -> str:
    word = cardinal_de(int(digits.replace(".", "")))
    return word.removeprefix("ein") if word.startswith(("einhundert", "eintausend")) and speaker.tossed(0.5) else word


def _with_unit(digits: str, unit: str, speaker: Habits) -> str:
    return f"{'ein' if digits == '1' else _whole(digits, speaker)} {UNITS.get(unit, unit)}"


def _mail(found: re.Match[str], _: Habits) -> str:
    return "".join(f" {SIGNS[sign]} " if sign in SIGNS else sign for sign in found[0])


def _alone(digits: str, speaker: Habits) -> str:
    return _whole(digits, speaker) if digits[0] != "0" or len(digits) == 1 else groups_of(digits, speaker)


_RULES: tuple[Rule, ...] = (
    (MAIL, _mail),
    (re.compile(r"\b(?:[A-ZÄÖÜ]-){2,}[A-ZÄÖÜ]\b"), lambda found, _: spelled(found[0])),
    (re.compile(r"\b(\d{1,2})\.\s?(0?[1-9]|1[0-2])\.(?:\s?(\d{4}|\d{2})\b)?"), _date),
    (re.compile(r"\b(\d{1,2}) (0?[1-9]|1[0-2]) ((?:19|20)\d\d)\b"), _date),
    (re.compile(rf"\b(\d{{1,2}})\.\s+({_MONTH})\b(?:,?\s+(\d{{4}}|\d{{2}})\b)?"), _day_and_month),
    (
        re.compile(r"\b(\d{1,2})[:.](\d\d) Uhr\b"),
        lambda found, speaker: f"{_with_unit(found[1], 'Uhr', speaker)} {cardinal_de(int(found[2]))}",
    ),
    (re.compile(rf"\b({_COUNT}),(\d\d)\b(\s*(?:Euro|€))?"), _amount),
    (
        re.compile(rf"\b({_COUNT}),(\d+)\b"),
        lambda found, speaker: f"{_whole(found[1], speaker)} Komma {digits_of(found[2], speaker)}",
    ),
    (
        re.compile(rf"\b({_COUNT})\s?(€|%|kWh|GB|MB|km|Euro|Uhr|Prozent|Gigabyte|Kilowattstunden?|Cent)(?!\w)"),
        lambda found, speaker: _with_unit(found[1], found[2], speaker),
    ),
    (re.compile(r"\b\d{1,3}(?:\.\d{3})+\b"), lambda found, speaker: _whole(found[0], speaker)),
    # A dot with a small letter behind it, or "am" before it, ends no sentence.
    (re.compile(r"\b(\d{1,2})\.(?=\s+[a-zäöü])"), _ordinal),
    (re.compile(r"(?:(?<=\b[Aa]m )|(?<=\b[ZzVv][uo]m ))(\d{1,2})\."), _ordinal),
    (re.compile(r"\b(?!PIN|TAN|SIM|SMS)([A-ZÄÖÜ]{1,3})[ -]?(\d+(?:[ -]\d+)*)\b"), code_of),
    (re.compile(r"\b\d+(?:[ /-]\d+)+\b"), lambda found, speaker: groups_of(found[0], speaker)),
    (re.compile(r"\b\d{4}\b"), _four_digits),
    (re.compile(r"\b(?:0\d+|\d{5,})\b"), lambda found, speaker: groups_of(found[0], speaker)),
    # "thuermer90" and "14b" are two words; "250er" is one.
    (re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=(?!ern?\b)[^\W\d_])"), lambda *_: " "),
    (re.compile(r"\d+"), lambda found, speaker: _alone(found[0], speaker)),
    (re.compile(r"[€%]"), lambda found, _: UNITS[found[0]]),
)
