import pytest

from ausweis.errors import PromptError
from ausweis.reading.labels import SUBJECTS, Possible, meaning
from ausweis.reading.own_labels import as_written, own_events, own_labels
from ausweis.vocabulary import OwnKind, OwnWord


def word(identifier: str, kind: OwnKind = "factor") -> OwnWord:
    return OwnWord(kind=kind, id=identifier, name="n", description="d")


WORDS = (word("berth_number"), word("boat_data", "disclosure"), word("contract", "change"))


def test_each_word_has_the_labels_of_its_kind() -> None:
    assert [(own.label, own.place, own.speaker) for own in own_labels(WORDS)] == [
        ("asks own berth_number", 0, "agent"),
        ("gives own berth_number", 0, "caller"),
        ("reads out own berth_number", 0, "agent"),
        ("tells own boat_data", 1, "agent"),
        ("changes own contract", 2, "agent"),
    ]
    assert own_labels(()) == ()


def test_none_is_a_known_label() -> None:
    """Even where a company's id is the word by which templates name a known one, such as `contract`."""
    subjects = {subject for told in SUBJECTS.values() for subject in told}
    assert subjects.isdisjoint({as_written(word) for word in WORDS})
    for own in own_labels(WORDS):
        with pytest.raises(PromptError, match="means nothing"):
            meaning(own.label)


def test_each_label_has_a_probability_of_its_own() -> None:
    answer = {"gives": 0.9, "gives own berth_number": 0.7, "changes own contract": 0.2, "tells own boat_data": 0.6}
    assert own_events(answer, own_labels(WORDS)) == [
        Possible("gives", "berth_number", 0.7),
        Possible("discloses", "boat_data", 0.6),
        Possible("changes", "contract", 0.2),
    ]
    assert own_events(answer, ()) == []
