"""What is listened to goes on to the other engine as it came, and is kept whole; what is not wanted asks nobody."""

from dataclasses import replace

import pytest
from tests.probes import answers_by_chance, by_chance, matcher_by_chance

from ausweis.engines.fake import FakeEngine
from ausweis.engines.matcher import LineProbe
from ausweis.engines.overheard import OverhearingEngine, Wanted
from ausweis.engines.protocol import Message, Request, Transcript

LABELS = ("asks", "nothing")
ENDING = (Message(role="user", content="Who?"), Message(role="assistant", content="It is"))
PROBE = by_chance(("accepts", "tells"), (1,), 2)


def said(text: str) -> tuple[Message, ...]:
    return (Message(role="system", content="Read."), Message(role="user", content=text))


def request(template: str, turn: int | None) -> Request:
    return Request(messages=said(f"{template} {turn}"), choices=LABELS, template=template, turn=turn)


REQUESTS = [request("a@1", 1), request("b@1", 2), request("a@1", 3), request("c@1", None)]
TRANSCRIPT = Transcript(
    messages=said("agent: One.\ncaller: Two."),
    rows=("agent: One.", "caller: Two."),
    turns=(1, 4),
    probes=(PROBE, PROBE),
    template="t@1",
)


@pytest.mark.parametrize(
    ("wanted", "turns"),
    [
        (Wanted(), [1, 2, 3, None]),
        (Wanted("a@1"), [1, 3]),
        (Wanted("a@1", 3), [3]),
        (Wanted("c@1"), [None]),
        (Wanted("c@1", 1), []),
    ],
)
def test_only_what_is_wanted_is_asked(wanted: Wanted, turns: list[int | None]) -> None:
    inner = FakeEngine(lambda request: {"asks": 0.75, "nothing": 0.25})
    engine = OverhearingEngine(inner.info, inner, wanted)
    results = engine.complete(REQUESTS)
    assert [one.turn for one in inner.requests] == turns
    assert [group[0].turn for group in engine.heard] == turns
    assert [result.probabilities for result in results] == [
        (0.75, 0.25) if one.turn in turns else (0.0, 0.0) for one in REQUESTS
    ]
    assert all(group[0].likeliest == [("asks", 0.75), ("nothing", 0.25)] for group in engine.heard)


def test_without_another_engine_nothing_is_answered() -> None:
    engine = OverhearingEngine(FakeEngine({}).info)
    assert [result.probabilities for result in engine.complete(REQUESTS)] == [(0.0, 0.0)] * 4
    assert [group[0].messages for group in engine.heard] == [one.messages for one in REQUESTS]


def test_each_row_of_a_transcript_is_a_question_with_all_rows_before_it() -> None:
    inner = FakeEngine({"t@1": "tells"})
    engine = OverhearingEngine(inner.info, inner)
    assert engine.read(TRANSCRIPT) == inner.read(TRANSCRIPT)
    (rows,) = engine.heard
    assert [(row.turn, row.messages) for row in rows] == [(1, said("agent: One.")), (4, TRANSCRIPT.messages)]
    assert [row.likeliest[0] for row in rows] == [("tells", 1.0)] * 2


def test_what_is_asked_behind_a_transcript_stands_behind_all_of_it() -> None:
    """Questions that tell labels of rows are theirs; those about the call are of no turn."""
    of_call = answers_by_chance(("for another",), (1,), 2)
    about = TRANSCRIPT.model_copy(update={"about": (ENDING, ENDING), "answer_probe": of_call})
    matcher = replace(matcher_by_chance((1,), 2), sha256="5" * 64)
    probe = LineProbe(PROBE, matcher, {"is: x": (0, 0)}, {"answered: x": (0, 0)})
    asking = TRANSCRIPT.model_copy(update={"probes": (probe, probe), "questions": (ENDING,), "asking": "own@2"})
    engine = OverhearingEngine(FakeEngine({}).info)
    engine.read(about)
    engine.read(asking)
    of_all, of_rows = engine.heard
    assert (of_all[-1].turn, of_all[-1].messages, of_all[-1].endings) == (None, about.messages, (ENDING, ENDING))
    assert [(one.template, one.turn, tuple(one.told)) for one in of_rows] == [
        ("t@1", 1, ("accepts", "tells", "is: x")),
        ("own@2", 1, ("answered: x",)),
        ("t@1", 4, ("accepts", "tells", "is: x")),
        ("own@2", 4, ("answered: x",)),
    ]
    assert {one.messages for one in of_rows if one.endings == (ENDING,)} == {TRANSCRIPT.messages}


def test_a_transcript_of_which_nothing_is_wanted_is_not_read() -> None:
    engine = OverhearingEngine(FakeEngine({}).info, FakeEngine([]), Wanted("t@1", 2))
    assert [result.probabilities for result in engine.read(TRANSCRIPT)] == [(0.0, 0.0)] * 2
    assert engine.heard == []
