"""Whatever a server sends: no verdict comes from nonsense, nothing takes long, and what is wrong is one sentence."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.batch.reader import CHOICES as EVENTS
from tests.batch.reader import SmallReader
from tests.engines.server.openai_server import Served, serving
from tests.engines.server.policies import SOON
from tests.engines.server.sick_replies import SICK, SICK_JSON, WORD, Sick, numbers, text
from tests.stored import failures, judged

from ausweis.batch import Scorer, local_runner, score
from ausweis.calls import Call
from ausweis.engines.protocol import Message, Request
from ausweis.engines.server import ServerEngine
from ausweis.engines.server.connection import RetryPolicy
from ausweis.errors import AusweisError, EngineError, ModelError
from ausweis.policies import find_policy
from ausweis.store import Store

QUICK = RetryPolicy(attempts=2, attempt_seconds=10, total_seconds=20, first_wait=0.001, longest_wait=0.002)
SCRIPT: list[dict[str, Any]] = [
    {"matches": f" {n}$", "answer": {f"number {n}": 0.8, f"number {n + 1}": 0.2}} for n in range(3)
] + [{"matches": "^n$", "answer": {"n": 7}}]
CHOICES = ("number 0", "number 1", "number 2", "number 3")


def question(text: str, **more: Any) -> Request:
    fields = {"choices": CHOICES, "template": "numbers@1"} | more
    return Request.model_validate({"messages": (Message(role="user", content=text),), **fields})


@contextmanager
def asking(script: list[dict[str, Any]]) -> Iterator[tuple[ServerEngine, Callable[[Sick], None]]]:
    """An engine, and what makes its server sick where it is asked of this word."""

    def send(handler: Any, asked: Any) -> None:
        sickness[-1](handler, handler.server.served.reply(asked.body)[1])

    sickness: list[Sick] = []
    with serving(script, misdeed=lambda asked: send if WORD in asked.text else None) as server:
        engine = ServerEngine(server.address, retry_policy=QUICK)
        try:
            yield engine, sickness.append
        finally:
            engine.close()


@pytest.fixture(scope="module")
def numbered() -> Iterator[tuple[ServerEngine, Callable[[Sick], None]]]:
    with asking(SCRIPT) as found:
        yield found


def refused(engine: ServerEngine, request: Request) -> str:
    """The sentence; it takes little, of the server's work too, and quotes nothing."""
    begun = time.process_time()
    with pytest.raises((EngineError, ModelError)) as caught:
        engine.complete([request])
    assert time.process_time() - begun < 10
    message = str(caught.value)
    assert message.startswith("the server at http://127.0.0.1:")
    assert "\n" not in message
    assert WORD not in message
    return message


@pytest.mark.parametrize("name", SICK)
def test_a_sick_reply_is_no_answer_and_spoils_none_beside_it(numbered: Any, name: str) -> None:
    engine, make_sick = numbered
    make_sick(SICK[name])
    (before,) = engine.complete([question("Say 0")])
    refused(engine, question(f"{WORD}, say 1"))
    (after,) = engine.complete([question("Say 2")])
    assert before.probabilities == pytest.approx((0.8, 0.2, 0, 0), abs=1e-4)
    assert after.probabilities == pytest.approx((0, 0, 0.8, 0.2), abs=1e-4)


@pytest.mark.parametrize("name", SICK_JSON)
def test_sick_json_fits_no_schema(numbered: Any, name: str) -> None:
    engine, make_sick = numbered
    make_sick(text(SICK_JSON[name]))
    schema = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}
    wanted = {"choices": (), "json_schema": schema}
    assert engine.complete([question("n", **wanted)])[0].text == '{"n": 7}'
    refused(engine, question(WORD, **wanted))
    assert engine.complete([question("n", **wanted)])[0].text == '{"n": 7}'


@pytest.mark.parametrize("value", [float("nan"), 0, 5, float("-inf"), float("inf")])
def test_a_violation_is_not_talked_away(value: float, tmp_path: Path) -> None:
    """Numbers that cannot be true, for one of three calls: it fails, and the others are judged as ever."""
    script = [{"contains": "Vertrag", "answer": EVENTS[3]}, {"answer": EVENTS[0]}]
    calls = []
    for number, name in enumerate(("Klein", WORD, "Groß")):
        texts = (("caller", f"Guten Tag, {name}."), ("agent", f"Ihr Vertrag läuft noch, {name}."))
        turns = [{"speaker": speaker, "text": text} for speaker, text in texts]
        calls.append(Call.model_validate({"id": f"call-{number}", "turns": turns}))
    with asking(script) as (engine, make_sick), Store.open(tmp_path / "s") as store:
        make_sick(numbers(value))
        scorer = Scorer(SmallReader(engine), engine, find_policy("telecom-de"))
        summary = score(calls, local_runner(scorer), store.begin(scorer.origin))
    outcomes = {one.verdict.call_id: one.verdict.outcome for one in judged(tmp_path / "s")}
    assert outcomes == {"call-0": "violation", "call-2": "violation"}
    assert summary.tally.counts.failures == {"engine": 1}
    (failure,) = failures(tmp_path / "s")
    assert "told log-probabilities that cannot be true" in failure["message"]
    assert WORD not in failure["message"]


@pytest.mark.parametrize("value", [float("nan"), 0, 5, float("-inf"), float("inf")])
def test_a_server_that_tells_nonsense_from_the_start_is_refused(value: float) -> None:
    def spoil(content: dict[str, Any]) -> dict[str, Any]:
        for entry in (content["choices"][0]["logprobs"] or {"content": []})["content"]:
            for option in (entry, *entry["top_logprobs"]):
                option["logprob"] = value
        return content

    with serving(SCRIPT, spoil=spoil) as server, pytest.raises(AusweisError, match="cannot be true") as caught:
        ServerEngine(server.address, retry_policy=QUICK)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["\ud800", "", "x" * 2000, 7, None, ["a"], {"a": 1}, True, 10**400])
def test_a_model_whose_name_is_none(name: Any) -> None:
    with serving(SCRIPT, models=({"id": name},)) as server, pytest.raises(AusweisError) as caught:
        ServerEngine(server.address, retry_policy=QUICK)
    assert len(str(caught.value)) < 250
    str(caught.value).encode()


def test_what_is_told_of_weights_has_no_half_characters() -> None:
    models = ({"id": "m", "meta": {"vocab_type": "\ud800"}},)
    with serving(models=models) as server, pytest.raises(EngineError, match="text that is none"):
        ServerEngine(server.address, retry_policy=QUICK)


def drips(head: bytes, piece: bytes, every: float = 0.02) -> Any:
    def talk(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(head)
        while not stop.wait(every):
            connection.sendall(piece)

    return talk


@pytest.mark.parametrize(
    "talk",
    [
        drips(b"", b""),
        drips(b"", b"H"),
        drips(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
        drips(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        drips(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 0.0),
        drips(b"HTTP/1.1 503 x\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n", b""),
    ],
)
@pytest.mark.parametrize("attempt_seconds", [0.3, 30.0])
def test_the_start_ends_when_it_is_said_to_and_says_whom_it_waits_for(talk: Any, attempt_seconds: float) -> None:
    retry_policy = RetryPolicy(
        attempts=9, attempt_seconds=attempt_seconds, total_seconds=0.8, silent_seconds=0.1, first_wait=0.2
    )
    told: list[str] = []
    with talking(talk) as address:
        begun = time.monotonic()
        with pytest.raises((EngineError, ModelError), match=r"within 0(\.\d+)? s|HTTP 503"):
            ServerEngine(f"http://{address}/geheim/v1", retry_policy=retry_policy, warn=told.append)
        assert 0.2 < time.monotonic() - begun < SOON
    assert told
    assert all(text.startswith(f"the server at http://{address}/geheim/v1 ") for text in told)
    assert all(text.endswith(" s, 0.8 s at most (Ctrl-C stops)") for text in told)


def test_nothing_is_said_of_a_server_that_answers(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    with serving(SCRIPT) as server:
        engine = ServerEngine(server.address, warn=told.append, retry_policy=RetryPolicy(silent_seconds=60))
        engine.close()
    assert (told, capsys.readouterr().err) == ([], "")


def test_the_last_attempt_ends_with_the_whole_time() -> None:
    retry_policy = RetryPolicy(attempts=9, attempt_seconds=30, total_seconds=3, first_wait=0.001)
    with serving(SCRIPT) as server:
        engine = ServerEngine(server.address, retry_policy=retry_policy)
        stalling(server)
        begun = time.monotonic()
        with pytest.raises(EngineError, match=r"no whole reply within \d(\.\d+)? s"):
            engine.complete([question("Say 1")])
        assert time.monotonic() - begun < SOON
        engine.close()


def stalling(server: Served) -> None:
    def stall(handler: Any, asked: Any) -> None:
        server.stop.wait(30)
        handler.close_connection = True

    server.misdeed = lambda asked: stall


@contextmanager
def talking(talk: Any) -> Iterator[str]:
    """A server of its own kind, at an address without a scheme."""
    stop = threading.Event()

    def meet(connection: socket.socket) -> None:
        with connection:
            try:
                talk(connection, stop)
            except OSError:
                return

    def listen() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=meet, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        stop.set()
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)
