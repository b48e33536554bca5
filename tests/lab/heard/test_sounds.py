"""Words that sound alike, by the examples of those who made the codes."""

import pytest
from evals.lab.heard.sounds import koelner, sound_alike
from hypothesis import given
from hypothesis import strategies as st

from ausweis.vocabulary import Language


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Müller-Lüdenscheidt", "65752682"),
        ("Wikipedia", "3412"),
        ("Breschnew", "17863"),
        ("Heinz Classen", "068586"),
        ("Meyer", "67"),
        ("Xaver", "4837"),
        ("Phillip", "351"),
        ("", ""),
    ],
)
def test_koelner(word: str, code: str) -> None:
    assert koelner(word) == code


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("Meier", "Mayr", "de"),
        ("Kowalczyk", "kowaltschik", "de"),
        ("Degenhart", "Degenhardt", "de"),
        ("Philipp", "Filip", "de"),
        ("Thürmer", "Türmer", "de"),
        ("kittiwake", "kittywake", "en"),
        ("Okonjo", "okonjo", "en"),
        ("Katherine", "Catherine", "en"),
    ],
)
def test_alike(one: str, other: str, language: Language) -> None:
    assert sound_alike(one, other, language)


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("Wrona", "vorne", "de"),
        ("Tulloch", "Pollock", "en"),
        ("Minka", "Mika", "de"),
        ("Brombeere", "Himbeere", "de"),
        ("", "a", "de"),
    ],
)
def test_not_alike(one: str, other: str, language: Language) -> None:
    assert not sound_alike(one, other, language)


@given(st.text(max_size=20))
def test_each_word_has_a_code(word: str) -> None:
    assert koelner(word) == "" or koelner(word).isdigit()
    assert sound_alike(word, word.upper().lower(), "de") or word.upper().lower() != word
