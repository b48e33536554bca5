"""Numbers of own words on cases that can be counted by hand."""

from tests.evals.cases import case, own_word_case

from ausweis.evals.metrics import rows_of, summarise
from ausweis.evals.metrics.own_words import OwnWordNumbers, summarise_own_words

CASES = [
    own_word_case("a", ["asks berth_number@1", "gives berth_number@2"], ["gives berth_number@2"]),
    own_word_case("b", ["gives berth_number@2", "discloses berth_data@3"], ["gives berth_number@4"]),
    own_word_case("c", [], ["gives berth_number@2", "reads_out berth_number@3"], "en"),
    own_word_case("d", ["changes key_change@5"], None, "en"),
]


def numbers(one: OwnWordNumbers) -> tuple[float | None, ...]:
    return tuple(None if part.value is None else round(part.value, 3) for part in (one.precision, one.recall, one.f1))


def test_the_numbers() -> None:
    found = summarise_own_words(CASES)
    assert found is not None
    assert {name: numbers(one) for name, one in found.events.items()} == {
        "given in the call": (0.667, 1.0, 0.8),
        "given": (0.333, 0.5, 0.4),
        "asked": (None, 0.0, 0.0),
        "read out": (0.0, None, 0.0),
        "told": (None, 0.0, 0.0),
        "changed": (None, 0.0, 0.0),
    }
    assert (found.events["given"].precision.n, found.events["given"].recall.n) == (3, 2)


def test_each_language_by_itself() -> None:
    found = summarise_own_words(CASES)
    assert found is not None
    assert list(found.languages) == ["de", "en"]
    assert numbers(found.languages["de"]["given"]) == (0.5, 0.5, 0.5)
    assert numbers(found.languages["en"]["changed"]) == (None, 0.0, 0.0)


def test_they_stand_beside_the_usual_numbers_where_a_policy_has_such_words() -> None:
    rows = dict(rows_of(summarise(CASES)))
    assert "outcome accuracy" in rows
    assert rows["F1 of own factors given in a call"].value == 0.8
    assert rows["F1 of own words (with turn)"].value == 2 / 9
    assert summarise([case("a", "compliant", "compliant")]).own_words is None
