"""What labels mean, and what an answer says of them."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausweis.errors import PromptError
from ausweis.facts import Event
from ausweis.prompts import default_library
from ausweis.reading.chunks import Chunk
from ausweis.reading.questions import SUBJECTS, Question, answers_in, as_written, factors_of, meaning, own_questions
from ausweis.vocabulary import FACTORS, OwnKind, OwnWord

LINE = Chunk(1, "agent", "x")
LABELS = {name: default_library().get(name).labels for name in ("agent-turn", "caller-turn")}


WITHOUT_EVENT = {"nothing", "explains", "agrees", "does not know", "new value"}


def told(
    answer: Mapping[str, float], *, exclusive: bool, own: Sequence[Question] = ()
) -> list[tuple[str | None, str | None, float]]:
    """Kind, subject and probability of each answer."""
    answers = answers_in(LINE, answer, exclusive=exclusive, own=own)
    assert all(found.chunk == LINE for found in answers)
    return [(found.question.kind, found.question.subject, found.probability) for found in answers]


@pytest.mark.parametrize("label", [label for labels in LABELS.values() for label in labels])
def test_every_label_of_the_templates_means_an_event_or_nothing(label: str) -> None:
    meant = meaning(label)
    assert (meant is None) == (label in WITHOUT_EVENT)
    if meant is not None:
        assert Event(kind=meant.kind, subject=meant.subject, turn=1, quote="x").kind == meant.kind
        assert meant.label == label


def test_subjects() -> None:
    assert meaning("gives date of birth") == Question("gives", "date_of_birth")
    assert meaning("changes credentials") == Question("changes", "credential_change")
    assert meaning("tells credentials") == Question("discloses", "credentials")
    assert meaning("nothing") is None


@pytest.mark.parametrize("label", ["dances", "gives", "gives hat size"])
def test_an_unknown_label(label: str) -> None:
    if label == "gives":
        assert meaning(label) is None
        return
    with pytest.raises(PromptError, match="means nothing to the reader: use those"):
        meaning(label)


def test_a_mistyped_label_is_told_the_nearest() -> None:
    with pytest.raises(PromptError, match="means nothing to the reader: do you mean 'gives date of birth'"):
        meaning("gives date of brith")


@given(
    st.lists(st.floats(0.001, 1), min_size=len(LABELS["agent-turn"]), max_size=len(LABELS["agent-turn"])), st.booleans()
)
def test_probabilities_stay_probabilities(weights: list[float], exclusive: bool) -> None:
    shares = [weight / sum(weights) for weight in weights] if exclusive else weights
    events = told(dict(zip(LABELS["agent-turn"], shares, strict=True)), exclusive=exclusive)
    assert all(0 <= event[2] <= 1 for event in events)
    assert events == sorted(events, key=lambda event: -event[2])
    assert len({event[:2] for event in events}) == len(events)


def test_the_likeliest_subject_takes_the_verb() -> None:
    answer = {"nothing": 0.2, "tells financial data": 0.45, "tells contract data": 0.35}
    found = told(answer, exclusive=True)
    assert {subject for _, subject, _ in found} == {"financial_data", "contract_data"}
    assert found[0][2] == pytest.approx(0.8)
    learned = {"tells": 0.9, "tells financial data": 0.3, "tells contract data": 0.04}
    assert told(learned, exclusive=False) == [("discloses", "financial_data", 0.9)]


def test_a_subject_that_was_not_learned_is_not_taken_for_its_likeliest_neighbour() -> None:
    """The agent reads out something, and it is none of what is known: no wrong factor is named."""
    answer = {"reads out": 0.9, "reads out address": 0.1, "reads out email": 0.02}
    assert told(answer, exclusive=False) == [("reads_out", "address", 0.1)]
    known = answer | {"reads out address": 0.3}
    assert told(known, exclusive=False) == [("reads_out", "address", 0.9)]


def test_a_certain_change_is_one_of_the_known_ones() -> None:
    """The kinds of changes leave out none, unlike factors and data told."""
    answer = {"changes": 0.9, "changes device": 0.1, "changes contact": 0.02}
    assert told(answer, exclusive=False) == [("changes", "device_change", 0.9)]
    disclosed = {"tells": 0.9, "tells usage data": 0.1}
    assert told(disclosed, exclusive=False) == [("discloses", "usage_data", 0.1)]


def test_the_factors_of_labels() -> None:
    labels = ("gives", "gives pin", "asks password", "calls back", "tells contract data", "authenticated")
    assert factors_of(labels) == {"pin", "callback", "pre_authenticated"}
    assert factors_of([one for labels in LABELS.values() for one in labels]) == set(FACTORS)


def test_two_factors_in_one_turn() -> None:
    learned = {"gives": 0.97, "gives name": 0.9, "gives customer number": 0.8, "gives pin": 0.04}
    found = told(learned, exclusive=False)
    assert [event[1:] for event in found] == [("name", 0.97), ("customer_number", 0.8)]
    unsure = told(learned | {"gives pin": 0.4}, exclusive=False)
    assert unsure[-1] == ("gives", "pin", 0.4)
    shared = {"nothing": 0.05, "gives name": 0.5, "gives customer number": 0.4, "gives pin": 0.05}
    assert {subject for _, subject, _ in told(shared, exclusive=True)} == {"name", "customer_number"}


def word(identifier: str, kind: OwnKind = "factor") -> OwnWord:
    return OwnWord(kind=kind, id=identifier, name="n", description="d")


WORDS = (word("berth_number"), word("boat_data", "disclosure"), word("contract", "change"))


def test_each_word_has_the_labels_of_its_kind() -> None:
    assert [(own.label, own.word, own.speakers) for own in own_questions(WORDS)] == [
        ("asks own berth_number", WORDS[0], ("agent",)),
        ("gives own berth_number", WORDS[0], ("caller",)),
        ("reads out own berth_number", WORDS[0], ("agent",)),
        ("tells own boat_data", WORDS[1], ("agent",)),
        ("changes own contract", WORDS[2], ("agent",)),
    ]
    assert own_questions(()) == ()


def test_none_is_a_known_label() -> None:
    """Even where a company's id is the word by which templates name a known one, such as `contract`."""
    subjects = {subject for names in SUBJECTS.values() for subject in names}
    assert subjects.isdisjoint({as_written(word) for word in WORDS})
    for own in own_questions(WORDS):
        with pytest.raises(PromptError, match="means nothing"):
            meaning(own.label)


def test_each_label_has_a_probability_of_its_own() -> None:
    answer = {"gives": 0.9, "gives own berth_number": 0.7, "changes own contract": 0.2, "tells own boat_data": 0.6}
    assert told(answer, exclusive=False, own=own_questions(WORDS)) == [
        ("gives", "berth_number", 0.7),
        ("discloses", "boat_data", 0.6),
        ("changes", "contract", 0.2),
    ]
