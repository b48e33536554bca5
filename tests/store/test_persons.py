"""The rule: one person is one name, and nobody works under a name that looks like another's."""

import pytest

from ausweis.errors import NameRefusedError
from ausweis.store.persons import known_name, person_of, same_person


@pytest.mark.parametrize("name", ["petra", "PETRA", " Petra ", "Ｐｅｔｒａ"])
def test_spellings_are_one_person(name: str) -> None:
    assert same_person(name, "Petra")
    assert known_name(name, ["Ben", "Petra"]) == "Petra"


def test_blanks_and_composed_letters_make_no_difference() -> None:
    assert person_of("Jo\u0308rg  van\u00a0Berg") == person_of("Jörg van Berg")
    assert person_of("STRASSER") == person_of("Straßer")


@pytest.mark.parametrize("name", ["Pеtra", "Реtra", "Αnna", "Anna Пeтрова"])
def test_two_alphabets_in_one_name_are_refused(name: str) -> None:
    with pytest.raises(NameRefusedError, match="two alphabets") as refused:
        known_name(name, [])
    assert refused.value.code == "mixed"


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Роре", "Pope"),
        ("IIse", "Ilse"),
        ("llse", "Ilse"),
        ("Bemd", "Bernd"),
        ("Anna.Berg", "Anna Berg"),
        ("Τοm", "Tom"),
    ],
)
def test_what_looks_like_another_is_refused(name: str, other: str) -> None:
    with pytest.raises(NameRefusedError) as refused:
        known_name(name, ["Xaver", other])
    assert refused.value.code in ("alike", "mixed")


@pytest.mark.parametrize(
    ("name", "other"),
    [("Ali", "All"), ("Kai", "Kal"), ("Renée", "Renee"), ("Änne 李", "Anne"), ("Анна", "Anna"), ("Jörg", "Jorg")],
)
def test_other_names_are_other_persons(name: str, other: str) -> None:
    assert known_name(name, [other]) == name
    assert not same_person(name, other)
