import pytest

from ausweis.reading.spoken import digits_in, has_number


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("Die 4 7 1, dann 09.", "47109"),
        ("vier sieben eins null neun", "47109"),
        ("zwo zwo drei", "223"),
        ("achtundsechzig", "68"),
        ("einunddreißig und einunddreissig", "3131"),
        ("am dritten fünften siebzehn", "3517"),
        ("double five four oh one", "55401"),
        ("triple nine", "999"),
        ("twenty-one, the third", "213"),
        ("Sonnenblume", ""),
    ],
)
def test_digits_in_their_order(text: str, digits: str) -> None:
    assert digits_in(text) == digits


@pytest.mark.parametrize(
    "text",
    [
        "471",
        "vier",
        "neunzehnhundertachtundsechzig",
        "am fünfundzwanzigsten",
        "double two",
        "sixty",
        "tausend",
        "der zwölfte",
    ],
)
def test_a_number(text: str) -> None:
    assert has_number(text)


@pytest.mark.parametrize(
    "text", ["", "Sonnenblume", "ein Moment", "one moment", "eine Frage noch", "wait a second", "Einer von uns"]
)
def test_no_number(text: str) -> None:
    assert not has_number(text)
