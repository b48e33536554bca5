"""What networks and overloaded servers do: a fault is waited out, or fails the request; none gives a wrong answer."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from tests.engines.server.misdeeds import PASSING, SLOW, drop, in_seconds, stall, status
from tests.engines.server.openai_server import Misdeed, Served, serving
from tests.engines.server.policies import IMPATIENT, PATIENT, PERSISTENT, SOON

from ausweis.engines.protocol import Message, Request
from ausweis.engines.server import ServerEngine
from ausweis.engines.server.connection import IN_A_ROW
from ausweis.errors import ContextError, EngineError, ModelError

SCRIPT = [{"matches": f" {n}$", "answer": f"number {n}"} for n in range(8)]
CHOICES = tuple(f"number {n}" for n in range(8))


def requests(count: int) -> list[Request]:
    return [
        Request(messages=(Message(role="user", content=f"geheim {n}"),), choices=CHOICES, template="numbers@1")
        for n in range(count)
    ]


@pytest.fixture
def server() -> Iterator[Served]:
    with serving(SCRIPT) as found:
        yield found


@pytest.fixture
def engine(server: Served) -> Iterator[ServerEngine]:
    with closing(ServerEngine(server.address, workers=4, retry_policy=PATIENT)) as found:
        yield found


@pytest.fixture
def impatient(server: Served) -> Iterator[ServerEngine]:
    with closing(ServerEngine(server.address, workers=4, retry_policy=IMPATIENT)) as found:
        yield found


@pytest.fixture
def persistent(server: Served) -> Iterator[ServerEngine]:
    with closing(ServerEngine(server.address, workers=4, retry_policy=PERSISTENT)) as found:
        yield found


def name_of(misdeed: Misdeed) -> str:
    return misdeed.__qualname__.partition(".")[0]


@pytest.mark.parametrize("misdeed", PASSING, ids=name_of)
def test_a_fault_that_passes(server: Served, engine: ServerEngine, misdeed: Misdeed) -> None:
    server.misdeed = lambda asked: misdeed if asked.attempt == 1 else None
    results = engine.complete(requests(8))
    assert [result.text for result in results] == list(CHOICES)
    assert server.texts() == {f"geheim {n}": 2 for n in range(8)}


@pytest.mark.parametrize("misdeed", SLOW, ids=name_of)
def test_a_silence_that_passes(server: Served, persistent: ServerEngine, misdeed: Misdeed) -> None:
    server.misdeed = lambda asked: misdeed if asked.attempt == 1 else None
    begun = time.monotonic()
    results = persistent.complete(requests(8))
    assert time.monotonic() - begun < SOON
    assert [result.text for result in results] == list(CHOICES)
    assert min(server.texts().values()) > 1


@pytest.mark.parametrize("misdeed", PASSING, ids=name_of)
def test_a_fault_that_stays(server: Served, engine: ServerEngine, misdeed: Misdeed) -> None:
    assert_given_up(server, engine, misdeed)


@pytest.mark.parametrize("misdeed", SLOW, ids=name_of)
def test_a_silence_that_stays(server: Served, impatient: ServerEngine, misdeed: Misdeed) -> None:
    assert_given_up(server, impatient, misdeed)


def assert_given_up(server: Served, engine: ServerEngine, misdeed: Misdeed) -> None:
    server.misdeed = lambda asked: misdeed
    begun = time.monotonic()
    with pytest.raises(EngineError) as caught:
        engine.complete(requests(1))
    assert time.monotonic() - begun < SOON
    assert len(server.asked) in (3, 4)
    message = str(caught.value)
    assert message.startswith(f"the server at {server.address} ")
    assert "times)" in message
    assert "geheim" not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (400, EngineError, "its own log may say why"),
        (413, EngineError, "its own log may say why"),
        (422, EngineError, "its own log may say why"),
        (301, ModelError, "sends to another address"),
        (307, ModelError, "sends to another address"),
        (401, ModelError, "AUSWEIS_API_KEY"),
        (403, ModelError, "AUSWEIS_API_KEY"),
        (404, ModelError, "knows no such path or model"),
    ],
)
def test_a_refusal_is_not_asked_again(
    server: Served, engine: ServerEngine, code: int, error: type[Exception], words: str
) -> None:
    server.misdeed = lambda asked: status(code)
    with pytest.raises(error, match=words) as caught:
        engine.complete(requests(1))
    assert type(caught.value) is error
    assert "geheim" not in str(caught.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "content",
    [
        {"error": {"code": 400, "message": "request (3040 tokens) exceeds", "type": "exceed_context_size_error"}},
        {"error": {"message": "This model's maximum context length is 2048 tokens. geheim", "type": "BadRequestError"}},
        {"error": {"code": "context_length_exceeded", "message": "geheim"}},
        {"error": "the request exceeds the available context size"},
        {"message": "the prompt exceeds context"},
    ],
)
def test_too_long_is_told_from_other_refusals(server: Served, engine: ServerEngine, content: Any) -> None:
    server.misdeed = lambda asked: lambda handler, _: handler.send_json(400, content)
    with pytest.raises(ContextError, match="too long for the context") as caught:
        engine.complete(requests(1))
    assert "geheim" not in str(caught.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("wait", ["1", in_seconds])
def test_what_the_server_asks_to_wait_is_waited(server: Served, engine: ServerEngine, wait: Any) -> None:
    server.misdeed = lambda asked: (
        status(429, wait if isinstance(wait, str) else wait(2)) if asked.attempt == 1 else None
    )
    begun = time.monotonic()
    assert engine.complete(requests(1))[0].text == CHOICES[0]
    assert 0.9 < time.monotonic() - begun < SOON


def test_no_wait_beyond_the_whole_time(server: Served, engine: ServerEngine) -> None:
    server.misdeed = lambda asked: status(429, "3600")
    begun = time.monotonic()
    with pytest.raises(EngineError, match="HTTP 429"):
        engine.complete(requests(1))
    assert time.monotonic() - begun < SOON
    assert len(server.asked) == 1


def test_too_much_is_no_answer(server: Served, engine: ServerEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ausweis.engines.server.connection.LARGEST_REPLY", 1 << 20)
    server.misdeed = lambda asked: lambda handler, _: handler.send_json(200, {"x": "y" * (2 << 20)})
    with pytest.raises(EngineError, match="more than 1 MiB"):
        engine.complete(requests(1))
    assert len(server.asked) == 1


def test_questions_in_a_row_without_reply_end_the_run(server: Served, engine: ServerEngine) -> None:
    server.misdeed = lambda asked: status(500)
    for _ in range(IN_A_ROW - 1):
        with pytest.raises(EngineError):
            engine.complete(requests(1))
    with pytest.raises(ModelError, match=f"left {IN_A_ROW} questions in a row without a reply"):
        engine.complete(requests(1))
    server.misdeed = lambda asked: None
    assert engine.complete(requests(1))[0].text == CHOICES[0]
    server.misdeed = lambda asked: status(500)
    with pytest.raises(EngineError):
        engine.complete(requests(1))


def test_a_server_that_is_gone_ends_the_run() -> None:
    with serving(SCRIPT) as server:
        engine = ServerEngine(server.address, retry_policy=PATIENT)
        server.misdeed = lambda asked: drop
    begun = time.monotonic()
    with pytest.raises(ModelError, match=r"\(tried 4 times\): see that it runs; the same command goes on"):
        engine.complete(requests(3))
    assert time.monotonic() - begun < SOON
    engine.close()


def test_nobody_there_at_the_start() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ModelError, match="cannot be reached"):
            ServerEngine(address, retry_policy=PATIENT)


def test_a_port_that_takes_connections_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(EngineError, match=r"gave no whole reply within 0.3 s"):
            ServerEngine(f"http://127.0.0.1:{silent.getsockname()[1]}", retry_policy=IMPATIENT)
        assert time.monotonic() - begun < SOON


def test_https_to_a_server_without_it(server: Served) -> None:
    with pytest.raises(ModelError, match="certificate"):
        ServerEngine(server.address.replace("http:", "https:"), retry_policy=PATIENT)


@pytest.mark.parametrize(
    ("misdeed", "words"),
    [
        (status(500), "is overloaded, not ready or failed (HTTP 500), trying again"),
        (stall, "has not replied"),
    ],
)
def test_a_server_that_is_waited_for_is_told_of_now_and_then(server: Served, misdeed: Misdeed, words: str) -> None:
    """Whatever it waits for, no wait is silent; and no word of a call is told."""
    policy = replace(PATIENT, attempts=60, total_seconds=0.9, silent_seconds=0.2, first_wait=0.05)
    told: list[str] = []
    with closing(ServerEngine(server.address, workers=4, retry_policy=policy, warn=told.append)) as engine:
        told.clear()
        server.misdeed = lambda asked: misdeed
        with pytest.raises(EngineError):
            engine.complete(requests(4))
    assert 1 < len(told) <= 5
    assert all(text.startswith(f"the server at {server.address} {words}: waited for ") for text in told)
    assert "geheim" not in "".join(told)


def test_a_mixed_bag_loses_nothing(server: Served, persistent: ServerEngine) -> None:
    """Every request meets two faults of its own kind before it is answered; each answer belongs to its question."""
    faults = [*PASSING[:11], stall]

    def misdeed(asked: Any) -> Misdeed | None:
        number = int(asked.text.split()[-1])
        return None if asked.attempt > 2 else faults[(number * 5 + asked.attempt) % len(faults)]

    server.misdeed = misdeed
    results = persistent.complete(requests(8))
    assert [result.text for result in results] == list(CHOICES)
    assert min(server.texts().values()) >= 3
