"""English numbers, dates and amounts as they are said."""

import re

from evals.lab.spoken.numerals import cardinal_en, ordinal_en, year_en
from evals.lab.spoken.saying import MAIL, Habits, Rule, applied, code_of, digits_of, groups_of, spelled

__all__ = ["said_in_english"]

MONTHS = "January February March April May June July August September October November December".split()
COINS = {"£": ("pound", "pounds"), "$": ("dollar", "dollars"), "€": ("euro", "euros")}
SIGNS = {"@": "at", ".": "dot", "-": "dash", "_": "underscore"}

_MONTH = "|".join(MONTHS)
_COUNT = r"\d{1,3}(?:,\d{3})+|\d+"
_YEAR_BEFORE = re.compile(rf"(?:\b(?:in|since|year|until|of|born|{_MONTH})|\dth|st|nd|rd|th),?\s+$", re.IGNORECASE)


def said_in_english(text: str, speaker: Habits) -> str:
    """The text with every number in words."""
    return applied(_RULES, text, speaker)


def _date(found: re.Match[str], speaker: Habits) -> str:
    day, month, year = found.groups()
    return f"the {ordinal_en(int(day))} of {MONTHS[int(month) - 1]} {_year(year, speaker)}"


def _american_date(found: re.Match[str], speaker: Habits) -> str:
    month, day, year = found.groups()
    return f"{MONTHS[int(month) - 1]} {ordinal_en(int(day))} {_year(year, speaker)}"


def _year(digits: str, speaker: Habits) -> str:
    if len(digits) == 2:
        return digits_of(digits, speaker) if digits[0] == "0" else cardinal_en(int(digits))
    return year_en(int(digits))


def _four_digits(found: re.Match[str], speaker: Habits) -> str:
    year = re.match("1[89]|20", found[0]) and _YEAR_BEFORE.search(found.string[: found.start()])
    return year_en(int(found[0])) if year else groups_of(found[0], speaker)


def _money(found: re.Match[str], _: Habits) -> str:
    coin, whole, pence = found.groups()
    one, many = COINS[coin]
    said = f"{_whole(whole)} {one if whole == '1' else many}"
    return said if not pence or pence == "00" else f"{said} {cardinal_en(int(pence))}"


def _point(found: re.Match[str], speaker: Habits) -> str:
    whole, places = found.groups()
    # Two places are money or the time of the day here.
    after = cardinal_en(int(places)) if len(places) == 2 and places[0] != "0" else digits_of(places, speaker)
    return f"{_whole(whole)} {'' if len(places) == 2 else 'point '}{after}"


def _whole(digits: str) -> str:
    return cardinal_en(int(digits.replace(",", "")))


def _mail(found: re.Match[str], _: Habits) -> str:
    return "".join(f" {SIGNS[sign]} " if sign in SIGNS else sign for sign in found[0])


def _alone(digits: str, speaker: Habits) -> str:
    return (
        cardinal_en(int(digits))
        if len(digits) <= 3 and (digits[0] != "0" or len(digits) == 1)
        else groups_of(digits, speaker)
    )


_RULES: tuple[Rule, ...] = (
    (MAIL, _mail),
    (re.compile(r"\b(?:[A-Z]-){2,}[A-Z]\b"), lambda found, _: spelled(found[0])),
    (re.compile(r"\b(\d{1,2})[/.](0?[1-9]|1[0-2])[/.](\d{4}|\d{2})\b"), _date),
    (re.compile(r"\b(0?[1-9]|1[0-2])/(\d{1,2})/(\d{4}|\d{2})\b"), _american_date),
    (re.compile(r"(?<!\w)['’](\d\d)\b"), lambda found, speaker: _year(found[1], speaker)),
    (re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b"), lambda found, _: ordinal_en(int(found[1]))),
    (
        re.compile(rf"\b(\d{{1,2}}) (?=(?:{_MONTH})\b)"),
        lambda found, _: f"{ordinal_en(int(found[1]))} of ",
    ),
    (
        re.compile(rf"\b({_MONTH}) (\d{{1,2}})\b(?!\d)"),
        lambda found, _: f"{found[1]} {ordinal_en(int(found[2]))}",
    ),
    (re.compile(rf"([£$€])\s?({_COUNT})(?:\.(\d\d))?(?!\d)"), _money),
    (
        re.compile(r"\b(\d{1,2}):(\d\d)\b"),
        lambda found, _: f"{cardinal_en(int(found[1]))} {cardinal_en(int(found[2])) if found[2] != '00' else ''}",
    ),
    (re.compile(rf"\b({_COUNT})\.(\d+)\b"), _point),
    (re.compile(r"\b\d{1,3}(?:,\d{3})+\b"), lambda found, _: _whole(found[0])),
    (re.compile(r"\b(?!PIN|ATM|SIM|I\b|A\b)([A-Z]{1,3})[ -]?(\d+(?:[ -]\d+)*)\b"), code_of),
    (re.compile(r"\b\d+(?:[ -]\d+)+\b"), lambda found, speaker: groups_of(found[0], speaker)),
    (re.compile(r"\b\d{4}\b"), _four_digits),
    # A postcode ends in letters, each read by its name: "2JB".
    (re.compile(r"\b(\d)([A-Z]{2})\b"), lambda found, speaker: f"{digits_of(found[1], speaker)} {' '.join(found[2])}"),
    (re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"), lambda *_: " "),
    (re.compile(r"\d+"), lambda found, speaker: _alone(found[0], speaker)),
    (re.compile(r"%"), lambda *_: " per cent"),
)
