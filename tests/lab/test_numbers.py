"""What written numbers, dates and amounts sound like, against what Duden and Hart's Rules write."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from evals.lab.spoken.numbers import (
    Habits,
    cardinal_de,
    cardinal_en,
    habits,
    ordinal_de,
    ordinal_en,
    said,
    words_of,
    year_de,
    year_en,
)

from ausweis.labelled import read_all
from ausweis.vocabulary import Language

GOLDEN = Path("evals/golden")


class Steady:
    """Chance that always draws the same: 0.99 lets nothing happen that happens now and then, 0.0 everything."""

    def __init__(self, draw: float) -> None:
        self.draw = draw

    def random(self) -> float:
        return self.draw


def plain(language: Language) -> Habits:
    return Habits(language, odd=False, chance=Steady(0.99))  # type: ignore[arg-type]


def odd(language: Language) -> Habits:
    return Habits(language, odd=True, chance=Steady(0.0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Kundennummer 9 11 40 06.", "Kundennummer neun, eins eins, vier null, null sechs."),
        ("geboren am 3.3.1983", "geboren am dritten dritten neunzehnhundertdreiundachtzig"),
        ("Geboren 19. 11. 49.", "Geboren neunzehnter elfter neunundvierzig."),
        ("der 30. April", "der dreißigste April"),
        ("am 12., zweite Woche", "am zwölften, zweite Woche"),
        ("118 204 73", "eins eins acht, zwei null vier, sieben drei"),
        ("Norderstraße 14, 24939 Flensburg", "Norderstraße vierzehn, zwei vier neun, drei neun Flensburg"),
        ("49,90 Euro", "neunundvierzig Euro neunzig"),
        ("1 Euro", "ein Euro"),
        ("1.152 kWh", "eintausendeinhundertzweiundfünfzig Kilowattstunden"),
        ("33,2 Cent", "dreiunddreißig Komma zwei Cent"),
        ("0171 39200 85", "null eins sieben eins, drei neun zwei, null null, acht fünf"),
        ("MW 6 612 009", "M W sechs, sechs eins zwei, null null neun"),
        ("DE89 3704", "D E acht neun, drei sieben null vier"),
        ("T-H-O-M-S-E-N", "T, H, O, M, S, E, N"),
        ("die 250er Leitung, PIN 1958", "die zweihundertfünfziger Leitung, PIN eins neun fünf acht"),
        ("im Jahr 1958", "im Jahr neunzehnhundertachtundfünfzig"),
        ("a.weber90@example.de", "a Punkt weber neunzig at example Punkt de"),
        ("14:30 Uhr", "vierzehn Uhr dreißig"),
        ("5 0 8 2 2", "fünf null acht, zwei zwei"),
    ],
)
def test_german(written: str, spoken: str) -> None:
    assert said(written, plain("de")) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("77 02 415", "siebenundsiebzig, null zwo, vierhundertfünfzehn"),
        ("1958", "neunzehn achtundfünfzig"),
        ("3.3.1983", "dritter März dreiundachtzig"),
        ("34,95", "vierunddreißig fünfundneunzig"),
    ],
)
def test_german_of_one_with_other_habits(written: str, spoken: str) -> None:
    assert said(written, odd("de")) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("44 19 60 3", "four four, one nine, six oh, three"),
        ("2nd, '91", "second, ninety-one"),
        ("the ninth of February 1948", "the ninth of February nineteen forty-eight"),
        ("2/14/85", "February fourteenth eighty-five"),
        ("13/4/1983", "the thirteenth of April nineteen eighty-three"),
        ("£1,812.60", "one thousand eight hundred and twelve pounds sixty"),
        ("£1", "one pound"),
        ("twelve months 3.75", "twelve months three seventy-five"),
        ("07700 900 418", "oh seven seven, oh oh, nine oh oh, four one eight"),
        ("60-16-13", "six oh, one six, one three"),
        ("KE4 2QT", "K E four two Q T"),
        ("22 Quarry Road", "twenty-two Quarry Road"),
    ],
)
def test_english(written: str, spoken: str) -> None:
    assert said(written, plain("en")) == spoken


def test_english_of_one_with_other_habits() -> None:
    assert said("4419 603", odd("en")) == "forty-four nineteen, six oh three"
    assert said("0044", odd("en")) == "oh oh double four"


def test_the_habits_of_a_speaker_come_from_the_seed() -> None:
    text = "77 12 41 15, 88 12 44, 1958, 3.3.1983"
    assert said(text, habits("de", 5, 0)) == said(text, habits("de", 5, 0))
    assert len({said(text, habits("de", seed, 0)) for seed in range(12)}) > 3
    assert 2 <= sum(habits("de", seed, 1).odd for seed in range(40)) <= 20


def turns() -> Iterator[tuple[Language, str]]:
    for name in ("dev", "test", "train", "field-train"):
        for labelled in read_all([GOLDEN / f"{name}.jsonl"]):
            for turn in labelled.call.turns:
                yield labelled.call.language, words_of(turn.text)


def test_no_digit_of_the_golden_calls_is_left_to_the_voices() -> None:
    for language, text in turns():
        spoken = said(text, habits(language, len(text), 0))
        assert not re.search(r"[0-9€£%]", spoken), text


@pytest.mark.parametrize(
    ("number", "german", "english"),
    [
        (0, "null", "zero"),
        (1, "eins", "one"),
        (16, "sechzehn", "sixteen"),
        (17, "siebzehn", "seventeen"),
        (21, "einundzwanzig", "twenty-one"),
        (30, "dreißig", "thirty"),
        (100, "einhundert", "one hundred"),
        (101, "einhunderteins", "one hundred and one"),
        (415, "vierhundertfünfzehn", "four hundred and fifteen"),
        (1_001, "eintausendeins", "one thousand and one"),
        (1_152, "eintausendeinhundertzweiundfünfzig", "one thousand one hundred and fifty-two"),
        (21_000, "einundzwanzigtausend", "twenty-one thousand"),
        (
            999_999,
            "neunhundertneunundneunzigtausendneunhundertneunundneunzig",
            "nine hundred and ninety-nine thousand nine hundred and ninety-nine",
        ),
    ],
)
def test_cardinals(number: int, german: str, english: str) -> None:
    assert (cardinal_de(number), cardinal_en(number)) == (german, english)


@pytest.mark.parametrize(
    ("number", "german", "english"),
    [
        (1, "erste", "first"),
        (2, "zweite", "second"),
        (3, "dritte", "third"),
        (5, "fünfte", "fifth"),
        (7, "siebte", "seventh"),
        (8, "achte", "eighth"),
        (9, "neunte", "ninth"),
        (12, "zwölfte", "twelfth"),
        (19, "neunzehnte", "nineteenth"),
        (20, "zwanzigste", "twentieth"),
        (31, "einunddreißigste", "thirty-first"),
    ],
)
def test_ordinals(number: int, german: str, english: str) -> None:
    assert (ordinal_de(number), ordinal_en(number)) == (german, english)


@pytest.mark.parametrize(
    ("year", "german", "english"),
    [
        (1983, "neunzehnhundertdreiundachtzig", "nineteen eighty-three"),
        (1900, "neunzehnhundert", "nineteen hundred"),
        (1905, "neunzehnhundertfünf", "nineteen oh five"),
        (2004, "zweitausendvier", "two thousand and four"),
        (2016, "zweitausendsechzehn", "twenty sixteen"),
    ],
)
def test_years(year: int, german: str, english: str) -> None:
    assert (year_de(year), year_en(year)) == (german, english)
