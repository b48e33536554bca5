"""What is true of each line, by the label of its call."""

import numpy as np
from evals.lab.training.tasks import FACT_TASK, INCIDENT_TASK, told_of
from tests.evals.cases import NAME, TELLS, asked, labelled

from ausweis.evals.labelled import LabelledCall
from ausweis.reading.chunks import spoken_chunks
from ausweis.vocabulary import INCIDENTS


def test_what_is_true_of_each_line_by_a_description() -> None:
    own = {"id": "x", "description": "x", "speaker": "caller"}
    labelled = asked("a", "b", {"id": "x", "turn": 4}, known=(), own=(own,))
    label = labelled.gold.incidents
    assert label is not None
    told = told_of(labelled, label.own[0], spoken_chunks(labelled.call))
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


def test_of_facts_what_one_pass_wrote_is_left_out_together() -> None:
    assert FACT_TASK.group(labelled("a", NAME, writing_pass="w")) == "w"
    assert FACT_TASK.group(labelled("a", NAME, twin="b")) == "a"


def test_a_label_of_incidents_alone_tells_nothing_of_authentication() -> None:
    assert FACT_TASK.known(asked("a", "b")) == frozenset()
    assert FACT_TASK.known(labelled("a", NAME, TELLS)) is None


CALLED = [f"Anruf {number} hat auch nichts gebracht, und keiner hat sich gemeldet. " for number in range(12)]
LONG_TURN = "".join([*CALLED[:6], "Dann gehe ich eben zum Anwalt. ", *CALLED[6:]])


def long_turn(*events: dict[str, object], **more: object) -> LabelledCall:
    turns = [{"speaker": "agent", "text": "Guten Tag."}, {"speaker": "caller", "text": LONG_TURN}]
    gold = {"incidents": {"events": events, **more}}
    return LabelledCall.model_validate({"call": {"id": "a", "turns": turns}, "gold": gold})


def test_of_a_long_turn_the_piece_with_the_quote_has_the_label() -> None:
    labelled = long_turn({"id": "lawyer_threat", "turn": 2, "quote": "gehe ich eben zum Anwalt"})
    chunks = spoken_chunks(labelled.call)
    assert len(chunks) > 2
    labels = INCIDENT_TASK.of_chunks(labelled, chunks)
    assert labels == [frozenset({"lawyer threat"} if "Anwalt" in chunk.text else ()) for chunk in chunks]


def test_of_a_long_turn_the_piece_with_the_quote_is_what_a_description_says() -> None:
    own = {"id": "x", "description": "x", "speaker": "caller"}
    labelled = long_turn({"id": "x", "turn": 2, "quote": "gehe ich eben zum Anwalt"}, own=(own,))
    label = labelled.gold.incidents
    assert label is not None
    chunks = spoken_chunks(labelled.call)
    told = told_of(labelled, label.own[0], chunks)
    assert np.array_equal(told, [np.nan, *("Anwalt" in chunk.text for chunk in chunks[1:])], equal_nan=True)


def test_a_quote_over_two_pieces_belongs_to_one() -> None:
    chunks = spoken_chunks(long_turn().call)
    border = chunks[2].begin
    quote = LONG_TURN[border - 40 : border + 20]
    labels = INCIDENT_TASK.of_chunks(long_turn({"id": "lawyer_threat", "turn": 2, "quote": quote}), chunks)
    assert labels == [frozenset({"lawyer threat"} if chunk == chunks[1] else ()) for chunk in chunks]


def test_one_quote_of_two_does_not_tell_the_pieces() -> None:
    labelled = long_turn({"id": "lawyer_threat", "turn": 2, "quote": "zum Anwalt"}, {"id": "press_threat", "turn": 2})
    assert set(INCIDENT_TASK.of_chunks(labelled, spoken_chunks(labelled.call))[1:]) == {None}


def test_facts_of_a_long_turn_are_not_known_piece_by_piece_unless_there_are_none() -> None:
    without, given = (labelled("a", f"C: {LONG_TURN}{more}") for more in ("", " << gives name"))
    assert set(FACT_TASK.of_chunks(without, spoken_chunks(without.call))) == {frozenset()}
    assert set(FACT_TASK.of_chunks(given, spoken_chunks(given.call))) == {None}


def test_without_a_quote_it_is_not_known_which_piece_of_a_long_turn_tells_it() -> None:
    labelled = long_turn({"id": "lawyer_threat", "turn": 2})
    first, *pieces = INCIDENT_TASK.of_chunks(labelled, spoken_chunks(labelled.call))
    assert first == frozenset()
    assert set(pieces) == {None}


def test_of_a_long_turn_without_anything_it_is_known_of_each_piece() -> None:
    labelled = long_turn()
    assert set(INCIDENT_TASK.of_chunks(labelled, spoken_chunks(labelled.call))) == {frozenset()}
