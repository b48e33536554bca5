import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausweis.errors import PromptError
from ausweis.facts import Event
from ausweis.prompts import default_library
from ausweis.reading.labels import Possible, factors_of, meaning, possible_events
from ausweis.vocabulary import FACTORS

LABELS = {name: default_library().get(name).labels for name in ("agent-turn", "caller-turn")}


WITHOUT_EVENT = {"nothing", "explains", "agrees", "does not know", "new value"}


@pytest.mark.parametrize("label", [label for labels in LABELS.values() for label in labels])
def test_every_label_of_the_templates_means_an_event_or_nothing(label: str) -> None:
    meant = meaning(label)
    assert (meant is None) == (label in WITHOUT_EVENT)
    if meant is not None:
        kind, subject = meant
        assert Event(kind=kind, subject=subject, turn=1, quote="x").kind == kind


def test_subjects() -> None:
    assert meaning("gives date of birth") == ("gives", "date_of_birth")
    assert meaning("changes credentials") == ("changes", "credential_change")
    assert meaning("tells credentials") == ("discloses", "credentials")
    assert meaning("nothing") is None


@pytest.mark.parametrize("label", ["dances", "gives", "gives hat size"])
def test_an_unknown_label(label: str) -> None:
    if label == "gives":
        assert meaning(label) is None
        return
    with pytest.raises(PromptError, match="means nothing to the reader"):
        meaning(label)


@given(
    st.lists(st.floats(0.001, 1), min_size=len(LABELS["agent-turn"]), max_size=len(LABELS["agent-turn"])), st.booleans()
)
def test_probabilities_stay_probabilities(weights: list[float], exclusive: bool) -> None:
    shares = [weight / sum(weights) for weight in weights] if exclusive else weights
    events = possible_events(dict(zip(LABELS["agent-turn"], shares, strict=True)), exclusive=exclusive)
    assert all(0 <= event.probability <= 1 for event in events)
    assert events == sorted(events, key=lambda event: -event.probability)
    assert len({event[:2] for event in events}) == len(events)


def test_the_likeliest_subject_takes_the_verb() -> None:
    answer = {"nothing": 0.2, "tells financial data": 0.45, "tells contract data": 0.35}
    found = possible_events(answer, exclusive=True)
    assert {one.subject for one in found} == {"financial_data", "contract_data"}
    assert found[0].probability == pytest.approx(0.8)
    learned = {"tells": 0.9, "tells financial data": 0.3, "tells contract data": 0.04}
    assert possible_events(learned, exclusive=False) == [Possible("discloses", "financial_data", 0.9)]


def test_a_subject_that_was_not_learned_is_not_taken_for_its_likeliest_neighbour() -> None:
    """The agent reads out something, and it is none of what is known: no wrong factor is named."""
    answer = {"reads out": 0.9, "reads out address": 0.1, "reads out email": 0.02}
    assert possible_events(answer, exclusive=False) == [Possible("reads_out", "address", 0.1)]
    known = answer | {"reads out address": 0.3}
    assert possible_events(known, exclusive=False) == [Possible("reads_out", "address", 0.9)]


def test_the_factors_of_labels() -> None:
    labels = ("gives", "gives pin", "asks password", "calls back", "tells contract data", "authenticated")
    assert factors_of(labels) == {"pin", "callback", "pre_authenticated"}
    assert factors_of([one for labels in LABELS.values() for one in labels]) == set(FACTORS)


def test_two_factors_in_one_turn() -> None:
    learned = {"gives": 0.97, "gives name": 0.9, "gives customer number": 0.8, "gives pin": 0.04}
    found = possible_events(learned, exclusive=False)
    assert [(event.subject, event.probability) for event in found] == [("name", 0.97), ("customer_number", 0.8)]
    unsure = possible_events(learned | {"gives pin": 0.4}, exclusive=False)
    assert unsure[-1] == Possible("gives", "pin", 0.4)
    shared = {"nothing": 0.05, "gives name": 0.5, "gives customer number": 0.4, "gives pin": 0.05}
    assert {event.subject for event in possible_events(shared, exclusive=True)} == {"name", "customer_number"}
