"""Numbers in words, against what Duden and Hart's Rules write."""

import pytest
from evals.lab.spoken.numerals import cardinal_de, cardinal_en, ordinal_de, ordinal_en, year_de, year_en


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
