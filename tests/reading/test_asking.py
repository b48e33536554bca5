from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ausweis.calls.call import Call
from ausweis.engines.protocol import Result
from ausweis.engines.readout import Readout
from ausweis.errors import PromptError
from ausweis.prompts import Library, Template
from ausweis.reading.asking import TranscriptAsking
from ausweis.reading.pieces import BLOCK, LONGEST, spoken_pieces

LABELS = ("asks", "asks pin", "gives", "gives pin", "accepts")


def two(template: Template) -> Readout:
    return Readout(
        labels=LABELS,
        layers=(1,),
        weights=np.zeros((len(LABELS), 2), dtype=np.float32),
        bias=np.zeros(len(LABELS), dtype=np.float32),
        template=template.name,
        template_sha256=template.sha256,
        model_sha256="0" * 64,
        notes="",
        sha256="1" * 64,
    )


@pytest.fixture
def asking(library: Library) -> TranscriptAsking:
    template = library.get("transcript")
    return TranscriptAsking(template, two(template), 8192)


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
    small = TranscriptAsking(template, two(template), 2048)
    shown = [request.messages[-1].content for request in small.requests(talk, spoken_pieces(talk))]
    assert max(map(len, shown)) < 1.5 * 1048 + 20
    assert len(shown) == 900


def test_a_readout_of_another_make(library: Library) -> None:
    template = library.get("transcript")
    with pytest.raises(PromptError, match="train it again"):
        TranscriptAsking(template, replace(two(template), dialogue=(1.0,)), 8192)
    with pytest.raises(PromptError, match="train it again"):
        TranscriptAsking(template, two(template).only(["asks"]), 8192)


def test_labels_that_mean_nothing(library: Library, asking: TranscriptAsking) -> None:
    template = library.get("transcript")
    none = np.zeros((1, 2), dtype=np.float32)
    strange = Readout(("dances",), (1,), none, none[:, 0], template.name, template.sha256, "0" * 64, "")
    with pytest.raises(PromptError, match="'dances' means nothing"):
        TranscriptAsking(template, strange, 8192)
