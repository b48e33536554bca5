"""Digits said one by one are written as digits; what has a comma or a full stop by right keeps it."""

import pytest

from ausweis.audio.heard import Word
from ausweis.audio.numerals import as_digits


def texts(said: str) -> list[str]:
    words = [Word(text, place, place + 0.5, 0.9) for place, text in enumerate(said.split())]
    found = as_digits(words)
    assert [(word.start, word.end, word.probability) for word in found] == [
        (word.start, word.end, word.probability) for word in words
    ]
    return [word.text for word in found]


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("Nummer 7,7,1.", "Nummer 771."),
        ("8,2,2,8,9,0", "822890"),
        ("1.05619.", "105619."),
        ("1,20089 bitte", "120089 bitte"),
        ("7.7.1", "771"),
        ("steht 7, 0, 4, 3. Ja", "steht 7 0 4 3. Ja"),
    ],
)
def test_digits_one_by_one(heard: str, written: str) -> None:
    assert texts(heard) == written.split()


@pytest.mark.parametrize(
    "heard",
    [
        "19,99 Euro",
        "27.49",
        "14.200 Kilowattstunden",
        "1,250,000.50",
        "am 5.5.61",
        "am 30.12.1972.",
        "um 8.30",
        "2, 3 Tage",
        "4711, 4712, 4713",
        "Nein, ja.",
        "",
    ],
)
def test_numbers_by_right(heard: str) -> None:
    assert texts(heard) == heard.split()
