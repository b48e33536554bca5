import pytest

from ausweis.reading.word_mentions import MOST, Mention, mentions_of
from ausweis.vocabulary import OwnWord


def word(name: str, description: str) -> OwnWord:
    return OwnWord(kind="factor", id="word", name=name, description=description)


PUPIL = word("die Schülernummer", "Nummer auf dem Ausweis der Fahrschule")
BIKE = word("bike type", "Nummer am Rahmen")


def mention(line: str, *words: OwnWord) -> Mention:
    ((first, *_),) = mentions_of([line], words)
    return first


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ("Ihre Schülernummer, bitte?", 1),
        ("die SCHÜLERNUMMERN", 1),
        ("Die Fahrschülernummer", 1),
        ("Ihre Kundennummer?", 0),
        ("eine Schule", 0),
        ("", 0),
    ],
)
def test_a_name_counts_by_its_stem_and_within_compounds(line: str, share: float) -> None:
    assert mention(line, PUPIL).name == share


def test_of_a_name_of_several_words_each_counts() -> None:
    assert [mention(line, BIKE).name for line in ("a bike", "which type of bike", "my bikes")] == [0.5, 1, 0.5]


def test_what_describes_several_words_counts_less() -> None:
    line = "Welche Nummer steht am Rahmen?"
    assert mention(line, BIKE).description == 2
    assert mention(line, BIKE, PUPIL).description == 1.5
    assert mention(line, PUPIL, BIKE).description == 0.5


def test_words_of_the_name_do_not_count_again() -> None:
    assert mention("Rahmen", word("der Rahmen", "Rahmen und Sattel")).description == 0


def test_a_long_description_is_no_louder() -> None:
    many = "alpha bravo charlie delta foxtrot hotel"
    assert mention(many, word("n", many)).description == MOST


def test_short_words_and_no_words() -> None:
    assert mention("ja ja am", word("ja", "am")) == Mention(0, 0)
    assert mentions_of([], [PUPIL]) == []
    assert mentions_of(["Hallo"], []) == [[]]
