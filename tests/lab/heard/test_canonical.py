"""Spoken and written words come to one form."""

import pytest
from evals.lab.heard.canonical import digits_of, folded, letters_of, signs_of, spelled_in, tokens_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("vier sieben eins", "471"),
        ("4 7 1", "471"),
        ("471-1", "4711"),
        ("471", "471"),
        ("zwo null acht", "208"),
        ("einundsechzig", "61"),
        ("ein und sechzig", "61"),
        ("einund sechzig", "61"),
        ("neunzehnhunderteinundsechzig", "1961"),
        ("neun zehn hundert ein und sechzig", "1961"),
        ("neunzehnhundert einundsechzig", "1961"),
        ("zweitausend vier", "2004"),
        ("zwei tausend vier", "2004"),
        ("tausend zweihundert vier", "1204"),
        ("achtzig null fünf zwo zwo sechs", "8005226"),
        ("drei zehnten", "13"),
        ("vier und zwanzig", "24"),
        ("dreißig drei drei", "3033"),
        ("dreissig", "30"),
        ("double four double seven", "4477"),
        ("double eight two", "882"),
        ("oh four double seven three nine", "0477" + "39"),
        ("five oh one", "501"),
        ("four one seven seven", "4177"),
        ("sixty-five", "65"),
        ("nineteen sixty one", "1961"),
        ("3 und 20", "23"),
        ("siebter dritter 5 und 50", "7355"),
        ("13 und 20", "1320"),
        ("1.285", "1285"),
        ("fünf, und zwanzig", "520"),
        ("eine Frau, ein Mann", ""),
        ("und so weiter", ""),
        ("the one by the mall", ""),
        ("oh no", ""),
        ("", ""),
    ],
)
def test_digits(text: str, digits: str) -> None:
    assert digits_of(tokens_of(text)) == digits


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("G, F, vier null neun acht", "gf4098"),
        ("it is one e s y eleven", "itis1esy11"),
        ("1 ESY 11", "1esy11"),
        ("three l g z double oh seven one", "3lgz0071"),
        ("double L, O", "llo"),
        ("6PB", "6pb"),
    ],
)
def test_letters_and_digits(text: str, letters: str) -> None:
    assert letters_of(tokens_of(text)) == letters


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "mueller"),
        ("Straße", "STRASSE"),
        ("Yildiz-Maurer", "Yildiz Maurer"),
        ("Yıldız", "yildiz"),
        ("Café", "cafe"),
        ("Mu\u0308ller", "Müller"),
    ],
)
def test_folded_alike(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("bur stein be u er es zett te ypsilon en", ["bursztyn"]),
        ("B-U-R-S-Z-T-Y-N, bitte", ["bursztyn"]),
        ("Tulloch. T, U, double L, O, C, H. Shetland", ["tulloch"]),
        ("Y, I, L, D, I, Z, die I ohne Punkt", ["yildiz"]),
        ("er ist da", []),
        ("a", []),
    ],
)
def test_spelled(text: str, runs: list[str]) -> None:
    assert list(spelled_in(tokens_of(text))) == runs


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s.thuermer90@example.de", "s.thuermer90@example.de"),
        ("s punkt thuermer neunzig at example punkt de", "s.thuermer90@example.de"),
        ("jago dot pots at seasalt mail dot example", "jago.pots@seasaltmail.example"),
        ("amanda unterstrich hallig at watt minus post punkt de", "amanda_hallig@watt-post.de"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert signs_of(text) == address


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12))
def test_digits_said_one_by_one_are_those_written(digits: list[int]) -> None:
    german = "null eins zwei drei vier fünf sechs sieben acht neun".split()
    written = "".join(map(str, digits))
    assert digits_of(tokens_of(" ".join(german[digit] for digit in digits))) == written
    assert digits_of(tokens_of(written)) == written


@given(st.text(max_size=60))
def test_any_text_has_a_form_and_it_is_stable(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    for token in tokens_of(text):
        assert token.digits == "" or token.digits.isdigit()
