import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausweis.spoken import digits_in, has_number


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
        ("acht und sechzig, vier und zwanzigster", "6824"),
        ("zwounddreißig ZWEIUNDDREISSIG", "3232"),
        ("der dreizehnte, am fünfundzwanzigsten", "1325"),
        ("neunzehnhundertachtundsechzig, zweitausendvier", "19682004"),
        ("hundertelf einhundert tausendeins", "1111001001"),
        ("drei hundert elf", "311"),
        ("vier-sieben-eins", "471"),
        ("five-four-oh-one", "5401"),
        ("nineteen sixty eight, the twenty first", "196821"),
        ("fu\u0308nf", "5"),
        ("Oh, vier sieben", "47"),
        ("oh one, one oh", "0110"),
        ("ein Moment, vier sieben", "47"),
        ("one moment, forty-seven", "47"),
        ("double glazing, five", "5"),
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
        "hundert",
        "one one",
        "the twentieth",
        "zweitausendvier",
    ],
)
def test_a_number(text: str) -> None:
    assert has_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sonnenblume",
        "ein Moment",
        "one moment",
        "eine Frage noch",
        "wait a second",
        "Einer von uns",
        "Oh, ja",
        "Können Sie das einrichten?",
        "am einfachsten",
        "und",
        "Achtung",
        "that one of mine",
        "hundertprozentig",
        "double glazing",
    ],
)
def test_no_number(text: str) -> None:
    assert not has_number(text)


ONES = "ein zwei drei vier fünf sechs sieben acht neun".split()
TEENS = "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split()
TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()


def german(number: int) -> str:
    """A number from 1 to 9999 in one word, as grammar books build it."""
    if number >= 1000:
        return f"{ONES[number // 1000 - 1]}tausend{german(number % 1000) if number % 1000 else ''}"
    if number >= 100:
        return f"{ONES[number // 100 - 1]}hundert{german(number % 100) if number % 100 else ''}"
    if number >= 20:
        ones = f"{ONES[number % 10 - 1]}und" if number % 10 else ""
        return ones + TENS[number // 10 - 2]
    return "eins" if number == 1 else [*ONES, *TEENS][number - 1]


@pytest.mark.parametrize("numbers", [range(1, 1000), range(1000, 10_000, 37)])
def test_german_numbers_in_one_word(numbers: range) -> None:
    for number in numbers:
        for word in (german(number), german(number).replace("ß", "ss").upper()):
            assert digits_in(word) == str(number), word
            assert has_number(word)


@given(st.text(max_size=80))
def test_any_text_has_digits_of_its_own_only(text: str) -> None:
    assert all(character.isdigit() for character in digits_in(text))
    assert digits_in(f"{text} . 471").endswith("471")
    assert has_number(f"{text} . 471")
