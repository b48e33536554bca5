"""What is true of each line, by the label of its call."""

import numpy as np
from tests.evals.cases import NAME, TELLS, asked, labelled

from ausweis.reading.chunks import spoken_chunks
from ausweis.training.tasks import FACT_TASK, INCIDENT_TASK, told_of
from ausweis.vocabulary import INCIDENTS


def test_what_is_true_of_each_line_by_a_description() -> None:
    own = {"id": "x", "description": "x", "speaker": "caller"}
    labelled = asked("a", "b", {"id": "x", "turn": 4}, known=(), own=(own,))
    label = labelled.gold.incidents
    assert label is not None
    told = told_of(label, label.own[0], spoken_chunks(labelled.call))
    assert np.array_equal(told, [np.nan, 0, np.nan, 1], equal_nan=True)


def test_a_wrong_price_is_told_by_the_line_that_shows_it() -> None:
    labelled = asked("a", "b", {"id": "wrong_terms", "turn": 1, "shown": 3}, {"id": "press_threat", "turn": 4})
    labels = INCIDENT_TASK.of_chunks(labelled, spoken_chunks(labelled.call))
    assert labels == [frozenset(), frozenset(), frozenset({"wrong terms"}), frozenset({"press threat"})]


def test_twins_and_what_one_pass_wrote_are_left_out_together_and_what_is_not_known_of_a_call_is_told() -> None:
    first, twin = asked("b", "a", {"id": "wrong_terms", "turn": 1, "shown": 3}), asked("a", "b")
    assert INCIDENT_TASK.group(first) == INCIDENT_TASK.group(twin)
    assert INCIDENT_TASK.group(asked("c", "d")) != INCIDENT_TASK.group(first)
    assert INCIDENT_TASK.group(labelled("e", NAME, writing_pass="w")) == "w"
    assert INCIDENT_TASK.known(first) == frozenset(record.label for record in INCIDENTS.values())
    half = INCIDENT_TASK.known(asked("e", "f", {"id": "wrong_terms", "turn": 1}))
    assert half == frozenset(record.label for record in INCIDENTS.values()) - {"wrong terms"}
    assert INCIDENT_TASK.known(asked("g", "h", known=("rude_agent",))) == frozenset({"rude agent"})


def test_a_label_of_incidents_alone_tells_nothing_of_authentication() -> None:
    assert FACT_TASK.known(asked("a", "b")) == frozenset()
    assert FACT_TASK.known(labelled("a", NAME, TELLS)) is None
