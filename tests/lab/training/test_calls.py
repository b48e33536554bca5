"""What is true of each line, by the label of its call; and what the model reads only once."""

import os
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from evals.lab.training.calls import (
    FACT_TASK,
    INCIDENT_TASK,
    KeptLines,
    collect,
    folds_of,
    keep_arrays,
    labels_in,
    labels_of,
    layers_of,
    question_states,
    sampled,
    told_of,
)
from numpy.typing import NDArray
from tests.evals.cases import NAME, TELLS, asked, labelled

from ausweis.engines.fake import FakeEngine
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.matcher import ANSWER_TOKENS
from ausweis.engines.protocol import Message, Transcript
from ausweis.errors import RunError
from ausweis.labelled import GoldEvent, LabelledCall, Tags
from ausweis.prompts import default_library
from ausweis.reading.asking import Ending
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.questions import STARTS_LATE
from ausweis.vocabulary import INCIDENTS

pytestmark = pytest.mark.training
TEMPLATE = default_library().get("transcript")


def test_labels_of_a_turn_and_those_that_hardly_occur() -> None:
    events = [
        GoldEvent(turn=2, kind="gives", subject="pin"),
        GoldEvent(turn=3, kind="rejects", subject="pin"),
        GoldEvent(turn=3, kind="asks", subject="pin"),
        GoldEvent(turn=4, kind="changes", subject="credential_change"),
    ]
    assert [labels_of(events, turn) for turn in (1, 2, 3, 4)] == [
        frozenset(),
        {"gives", "gives pin"},
        {"rejects", "asks", "asks pin"},
        {"changes", "changes credentials"},
    ]
    found = [frozenset({"gives", "gives pin"})] * 3 + [frozenset({"gives", "gives email"})] * 2
    assert labels_in([*found, None], TEMPLATE) == ("gives", "gives pin")


def test_what_is_true_of_each_line_by_a_description() -> None:
    own = {"id": "x", "description": "x", "speaker": "caller"}
    call = asked("a", "b", {"id": "x", "turn": 4}, known=(), own=(own,))
    assert call.gold.incidents is not None
    told = told_of(call, call.gold.incidents.own[0], spoken_chunks(call.call))
    assert np.array_equal(told, [np.nan, 0, np.nan, 1], equal_nan=True)


def test_of_a_stretch_nothing_is_learned_about_where_its_recording_begins() -> None:
    known = FACT_TASK.known(labelled("a", NAME, tags=Tags(scenario=("stretch",))))
    assert FACT_TASK.known(labelled("a", NAME)) is None
    assert known is not None
    assert {"gives", "changes credentials"} <= known
    assert STARTS_LATE not in known


def test_a_wrong_price_is_told_by_the_line_that_shows_it() -> None:
    call = asked("a", "b", {"id": "wrong_terms", "turn": 1, "shown": 3}, {"id": "press_threat", "turn": 4})
    labels = INCIDENT_TASK.of_chunks(call, spoken_chunks(call.call))
    assert labels == [frozenset(), frozenset(), frozenset({"wrong terms"}), frozenset({"press threat"})]


def test_what_is_left_out_together_and_what_is_known_of_a_call() -> None:
    every = frozenset(record.label for record in INCIDENTS.values())
    first, twin = asked("b", "a", {"id": "wrong_terms", "turn": 1, "shown": 3}), asked("a", "b")
    assert INCIDENT_TASK.group(first) == INCIDENT_TASK.group(twin) != INCIDENT_TASK.group(asked("c", "d"))
    assert INCIDENT_TASK.group(labelled("e", NAME, writing_pass="w")) == "w"
    assert INCIDENT_TASK.known(first) == every
    assert INCIDENT_TASK.known(asked("e", "f", {"id": "wrong_terms", "turn": 1})) == every - {"wrong terms"}
    assert INCIDENT_TASK.known(asked("g", "h", known=("rude_agent",))) == frozenset({"rude agent"})
    assert FACT_TASK.group(labelled("a", NAME, writing_pass="w")) == "w"
    assert FACT_TASK.group(labelled("a", NAME, twin="b")) == "a"
    assert (FACT_TASK.known(asked("a", "b")), FACT_TASK.known(labelled("a", NAME, TELLS))) == (frozenset(), None)


CALLED = [f"Anruf {number} hat auch nichts gebracht, und keiner hat sich gemeldet. " for number in range(12)]
LONG_TURN = "".join([*CALLED[:6], "Dann gehe ich eben zum Anwalt. ", *CALLED[6:]])


def long_turn(*events: dict[str, object], **more: object) -> LabelledCall:
    turns = [{"speaker": "agent", "text": "Guten Tag."}, {"speaker": "caller", "text": LONG_TURN}]
    gold = {"incidents": {"events": events, **more}}
    return LabelledCall.model_validate({"call": {"id": "a", "turns": turns}, "gold": gold})


def test_of_a_long_turn_the_piece_with_the_quote_has_the_label() -> None:
    own = {"id": "x", "description": "x", "speaker": "caller"}
    quote = {"turn": 2, "quote": "gehe ich eben zum Anwalt"}
    call = long_turn({"id": "lawyer_threat", **quote}, {"id": "x", **quote}, own=(own,))
    chunks = spoken_chunks(call.call)
    assert len(chunks) > 2
    labels = INCIDENT_TASK.of_chunks(call, chunks)
    assert labels == [frozenset({"lawyer threat"} if "Anwalt" in chunk.text else ()) for chunk in chunks]
    assert call.gold.incidents is not None
    told = told_of(call, call.gold.incidents.own[0], chunks)
    assert np.array_equal(told, [np.nan, *("Anwalt" in chunk.text for chunk in chunks[1:])], equal_nan=True)
    # A quote over two pieces belongs to one.
    border = chunks[2].begin
    over = {"id": "lawyer_threat", "turn": 2, "quote": LONG_TURN[border - 40 : border + 20]}
    labels = INCIDENT_TASK.of_chunks(long_turn(over), chunks)
    assert labels == [frozenset({"lawyer threat"} if chunk == chunks[1] else ()) for chunk in chunks]


@pytest.mark.parametrize(
    ("events", "known"),
    [
        ([{"id": "lawyer_threat", "turn": 2, "quote": "zum Anwalt"}, {"id": "press_threat", "turn": 2}], None),
        ([{"id": "lawyer_threat", "turn": 2}], None),
        ([], frozenset()),
    ],
)
def test_without_each_quote_it_is_not_known_which_piece_of_a_long_turn_tells_it(
    events: list[dict[str, object]], known: frozenset[str] | None
) -> None:
    call = long_turn(*events)
    first, *pieces = INCIDENT_TASK.of_chunks(call, spoken_chunks(call.call))
    assert (first, set(pieces)) == (frozenset(), {known})


def test_facts_of_a_long_turn_are_not_known_piece_by_piece_unless_there_are_none() -> None:
    without, given = (labelled("a", f"C: {LONG_TURN}{more}") for more in ("", " << gives name"))
    assert set(FACT_TASK.of_chunks(without, spoken_chunks(without.call))) == {frozenset()}
    assert set(FACT_TASK.of_chunks(given, spoken_chunks(given.call))) == {None}


def test_folds_are_of_whole_groups_and_samples_spread_evenly() -> None:
    assert list(folds_of(["a", "b", "a", "c"])) == [[0, 2], [1], [3]]
    assert list(folds_of(["one"] * 3)) == [[0], [1], [2]]
    assert (len(sampled(range(10))), list(sampled(range(450)))) == (10, list(range(0, 450, 3)))
    assert (layers_of(28), layers_of(24)) == ((12, 16, 20), (10, 14, 17))


class Reads:
    """Nine tokens for each row and question, in two layers; counts what it was asked to read."""

    info = FakeEngine([]).info

    def __init__(self) -> None:
        self.read: list[Transcript] = []

    def states(self, transcript: Transcript, _: tuple[int, ...]) -> list[NDArray[np.float32]]:
        self.read.append(transcript)
        count = len(transcript.rows) + len(transcript.questions)
        tokens = np.arange(9, dtype=np.float32)[:, None, None] / 10
        return [(np.full((9, 2, 3), place) + tokens).astype(np.float32) for place in range(count)]


def question(text: str) -> Ending:
    return Message(role="user", content=text), Message(role="assistant", content="It is")


def test_a_call_and_the_questions_after_it_are_read_once(tmp_path: Path) -> None:
    engine, calls = Reads(), [labelled("a", "A: Guten Tag", "C: Hallo"), labelled("b")]
    questions = [question("Who?"), question("Where?")]

    def collected(questions: list[Ending]) -> Path:
        # A call without a line is left out.
        reader = cast("LlamaEngine", engine)
        ((same, path),) = collect(reader, TEMPLATE, calls, (1, 2), tmp_path, lambda _: questions)
        assert same is calls[0]
        return path

    path = collected(questions)
    assert [len(read.questions) for read in engine.read] == [2]
    assert collected([]) == collected(questions) == path
    assert len(engine.read) == 1
    who, where = question_states(path, questions)
    assert who.shape == (ANSWER_TOKENS, 2, 3)
    assert (who[-1, 0, 0], where[-1, 0, 0]) == (pytest.approx(2.8, abs=1e-2), pytest.approx(3.8, abs=1e-2))
    assert [len(line.tokens) for line in KeptLines([(calls[0], path)], FACT_TASK)[0].seen] == [9, 9]
    assert question_states(path, []) == []
    assert collected(questions[:1]) == path
    assert len(engine.read) == 2


def test_kept_lines_have_their_labels(tmp_path: Path) -> None:
    turns = [{"speaker": "agent", "text": "Guten Tag."}, {"speaker": "caller", "text": "Wendt. " * 80}]
    events = [{"turn": 2, "kind": "gives", "subject": "name"}]
    gold = {"policy": "bank-en", "outcome": "inconclusive", "defects": ["starts_late"], "events": events}
    one = LabelledCall.model_validate({"call": {"id": "a", "language": "de", "turns": turns}, "gold": gold})
    keep_arrays(tmp_path / "a.npz", states=np.zeros((9, 2, 3), np.float16), lengths=np.array([2, 3, 4]))
    (lines,) = KeptLines([(one, tmp_path / "a.npz")], FACT_TASK)
    assert [len(line.tokens) for line in lines.seen] == [2, 3, 4]
    assert lines.labels == [{STARTS_LATE}, None, None]


def test_where_states_cannot_be_kept_nothing_half_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"states\.npz: the disk is full"):
        keep_arrays(tmp_path / "states.npz", states=np.zeros(3, np.float16))
    assert list(tmp_path.iterdir()) == []
