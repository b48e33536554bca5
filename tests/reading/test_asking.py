from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.readouts import blank

from ausweis.calls.call import Call
from ausweis.engines.protocol import Result
from ausweis.errors import PromptError
from ausweis.prompts import Library
from ausweis.reading.asking import TranscriptAsking
from ausweis.reading.pieces import BLOCK, LONGEST, spoken_pieces

LABELS = ("asks", "asks pin", "gives", "gives pin", "accepts")


@pytest.fixture
def asking(library: Library) -> TranscriptAsking:
    template = library.get("transcript")
    return TranscriptAsking(template, blank(template, LABELS), 8192)


def test_a_question_shows_all_lines_up_to_its_own(asking: TranscriptAsking, call: Callable[..., Call]) -> None:
    talk = call("agent: Guten Tag.", "caller: Wendt.\nHallo?", "agent: Ihre PIN?")
    first, second, third = asking.requests(talk, spoken_pieces(talk))
    assert first.messages[:-1] == second.messages[:-1] == third.messages[:-1]
    assert second.messages[-1].content == "agent: Guten Tag.\ncaller: Wendt. Hallo?"
    assert third.messages[-1].content == f"{second.messages[-1].content}\nagent: Ihre PIN?"


def test_each_speaker_has_labels_of_their_own(asking: TranscriptAsking, call: Callable[..., Call]) -> None:
    talk = call("agent: Ihre PIN?", "caller: eins zwei drei vier")
    pieces = spoken_pieces(talk)
    agent, caller = asking.requests(talk, pieces)
    assert agent.choices == ("asks", "asks pin", "accepts")
    assert caller.choices == ("gives", "gives pin")
    assert agent.readout is not None
    assert agent.readout.labels == agent.choices
    results = [Result(text="", probabilities=one) for one in ((0.7, 0.6, 0.1), (0.9, 0.8))]
    asked, given = asking.answers(pieces, results)
    assert asked == {"asks": 0.7, "asks pin": 0.6, "accepts": 0.1}
    assert given == {"gives": 0.9, "gives pin": 0.8}


def test_a_very_long_call_is_shown_in_blocks(asking: TranscriptAsking, call: Callable[..., Call]) -> None:
    talk = call(*(f"agent: {number} " + "bla " * 60 for number in range(200)))
    pieces = spoken_pieces(talk)
    shown = [request.messages[-1].content for request in asking.requests(talk, pieces)]
    assert len(shown) == len(pieces) == 200
    for piece, text in zip(pieces, shown, strict=True):
        assert text.endswith(piece.text)
        assert len(text) < BLOCK + LONGEST + 100 * len("agent: \n")
    beginnings = [place for place in range(1, 200) if not shown[place].startswith(shown[place - 1])]
    assert 3 <= len(beginnings) <= 8
    for place in beginnings:
        assert len(shown[place]) > BLOCK // 4 - LONGEST


def test_many_short_lines_and_a_small_context(library: Library, call: Callable[..., Call]) -> None:
    template = library.get("transcript")
    talk = call(*(f"{'agent' if number % 2 else 'caller'}: ja" for number in range(900)))
    small = TranscriptAsking(template, blank(template, LABELS), 2048)
    shown = [request.messages[-1].content for request in small.requests(talk, spoken_pieces(talk))]
    assert max(map(len, shown)) < 1.5 * 1048 + 20
    assert len(shown) == 900


def test_a_readout_of_another_make(library: Library) -> None:
    template = library.get("transcript")
    with pytest.raises(PromptError, match="train it again"):
        TranscriptAsking(template, replace(blank(template, LABELS), dialogue=(1.0,)), 8192)
    with pytest.raises(PromptError, match="train it again"):
        TranscriptAsking(template, blank(template, LABELS).only(["asks"]), 8192)


def test_labels_that_mean_nothing(library: Library, asking: TranscriptAsking) -> None:
    template = library.get("transcript")
    with pytest.raises(PromptError, match="'dances' means nothing"):
        TranscriptAsking(template, blank(template, ["dances"]), 8192)
