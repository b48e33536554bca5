"""Threads that ask at the same time are answered together, and each gets its own answers."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from ausweis.engines.llama.engine import Answered, Gathered
from ausweis.engines.protocol import Message, Request, Result
from ausweis.errors import EngineError


def request(text: str, choices: tuple[str, ...] = ()) -> Request:
    return Request(messages=(Message(role="user", content=text),), choices=choices)


class Model:
    """Answers with the question; `batches` are the questions that came together."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def complete(self, requests: Sequence[Request]) -> list[Answered]:
        texts = [one.messages[-1].content for one in requests]
        self.batches.append(texts)
        self.begun.set()
        assert self.go_on.wait(30)
        if "broken" in texts:
            raise ValueError
        return [EngineError(text) if text == "too long" else Result(text=text) for text in texts]


def test_what_is_asked_at_the_same_time_is_answered_together_in_an_order_of_its_own() -> None:
    model = Model()
    gathered = Gathered(model.complete, 4)
    texts = ["d", "b", "too long", "a"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda text: gathered.ask([request(text)]), texts))
    assert model.batches == [sorted(texts)]
    assert [str(answer[0] if isinstance(answer[0], EngineError) else answer[0].text) for answer in answers] == texts


def test_choices_are_answered_by_themselves_so_that_no_other_call_changes_their_numbers() -> None:
    model = Model()
    gathered = Gathered(model.complete, 4)
    with ThreadPoolExecutor(4) as pool:
        asked = [request("a", ("yes", "no")), request("b", ("yes", "no")), request("c"), request("d")]
        answers = list(pool.map(lambda one: gathered.ask([one]), asked))
    assert sorted(model.batches) == [["a"], ["b"], ["c", "d"]]
    assert [answer[0].text for answer in answers] == ["a", "b", "c", "d"]  # type: ignore[union-attr]


def test_who_comes_later_waits_for_the_next_time() -> None:
    model = Model()
    model.go_on.clear()
    gathered = Gathered(model.complete, 1)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(gathered.ask, [request("first")])
        assert model.begun.wait(30)
        later = [pool.submit(gathered.ask, [request(text)]) for text in ("second", "third")]
        model.go_on.set()
        assert [one.result()[0].text for one in (first, *later)] == ["first", "second", "third"]  # type: ignore[union-attr]
    assert model.batches[0] == ["first"]


def test_what_goes_wrong_is_told_to_all_and_the_next_are_answered() -> None:
    model = Model()
    gathered = Gathered(model.complete, 2)
    with ThreadPoolExecutor(2) as pool:
        broken = [pool.submit(gathered.ask, [request(text)]) for text in ("broken", "beside")]
        assert [type(one.exception()) for one in broken] == [ValueError, ValueError]
    (answer,) = gathered.ask([request("next")])
    assert isinstance(answer, Result)


def test_one_alone_waits_for_nobody() -> None:
    gathered = Gathered(Model().complete, 1)
    begun = time.monotonic()
    for _ in range(20):
        gathered.ask([request("alone")])
    assert time.monotonic() - begun < 2


def test_closing_waits_for_who_is_being_answered() -> None:
    model = Model()
    model.go_on.clear()
    gathered = Gathered(model.complete, 1)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(gathered.ask, [request("first")])
        assert model.begun.wait(30)
        waiting = pool.submit(gathered.ask, [request("second")])
        closing = pool.submit(gathered.close)
        time.sleep(0.05)
        assert not closing.done()
        model.go_on.set()
        closing.result()
        assert first.result() == [Result(text="first")]
        assert isinstance(waiting.exception(), EngineError)
    with pytest.raises(EngineError, match="closed"):
        gathered.ask([request("third")])
