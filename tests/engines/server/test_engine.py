"""The engine with a server that behaves."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from tests.engines.server.misdeeds import stall, status
from tests.engines.server.openai_server import serving
from tests.engines.server.policies import SOON

from ausweis.engines.protocol import Message, Request, transcript_engine
from ausweis.engines.server import ServerEngine
from ausweis.engines.server.connection import RetryPolicy
from ausweis.engines.server.dialects import Questions
from ausweis.errors import ContextError, EngineError, InputError, ModelError
from ausweis.provenance import ModelProvenance

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
SCRIPT = [{"matches": f" {n}$", "answer": f"number {n}"} for n in range(10)]
CHOICES = tuple(f"number {n}" for n in range(10))
QUICK = RetryPolicy(attempts=2, first_wait=0.001)


def question(text: str, **more: Any) -> Request:
    fields = {"choices": CHOICES, "template": "numbers@1"} | more
    return Request.model_validate({"messages": (Message(role="user", content=text),), **fields})


def test_results_come_in_order() -> None:
    with serving(SCRIPT) as server:
        engine = ServerEngine(server.address, workers=4)
        results = engine.complete([question(f"Say {n % 10}") for n in range(40)])
        engine.close()
    assert [result.text for result in results] == [f"number {n % 10}" for n in range(40)]
    assert all(sum(result.probabilities) == pytest.approx(1, abs=1e-4) for result in results)
    assert all(result.prompt_tokens == 2 and result.evaluated_tokens == 3 for result in results)
    assert engine.calls_at_once == 4


def test_no_more_requests_at_once_than_workers_whichever_thread_they_come_from() -> None:
    gate = threading.Event()

    def wait(handler: Any, asked: Any) -> None:
        if max(handler.server.served.at_once) == 3:
            gate.set()
        gate.wait(30)
        time.sleep(0.02)
        handler.send_json(*handler.server.served.reply(asked.body))

    with serving(SCRIPT, misdeed=lambda asked: wait) as server:
        engine = ServerEngine(server.address, workers=3)
        with ThreadPoolExecutor(6) as pool:
            batches = list(pool.map(lambda n: engine.complete([question(f"Say {n}")] * 4), range(6)))
        engine.close()
    assert [[result.text for result in batch] for batch in batches] == [[f"number {n}"] * 4 for n in range(6)]
    assert max(server.at_once) == 3


def test_json_is_checked() -> None:
    request = question("x", choices=(), json_schema=SCHEMA)
    with serving([{"answer": {"n": 7}}]) as server:
        engine = ServerEngine(server.address)
        assert engine.complete([request])[0].text == '{"n": 7}'
        engine.close()
    with serving([{"answer": {"n": "geheim"}}]) as server:
        engine = ServerEngine(server.address)
        with pytest.raises(
            EngineError, match=r"JSON that does not fit the schema \(numbers@1, tried 3 times\)"
        ) as caught:
            engine.complete([request])
        engine.close()
    assert "geheim" not in str(caught.value)
    assert len(server.asked) == 3


def test_an_answer_that_is_cut_off_is_not_asked_for_again() -> None:
    def cut(handler: Any, asked: Any) -> None:
        handler.send_json(200, {"choices": [{"message": {"content": '{"n": '}, "finish_reason": "length"}]})

    with serving(misdeed=lambda asked: cut) as server:
        engine = ServerEngine(server.address)
        with pytest.raises(EngineError, match="longer than 20 tokens"):
            engine.complete([question("x", choices=(), json_schema=SCHEMA, max_tokens=20)])
        engine.close()
    assert len(server.asked) == 1


def test_questions_that_no_server_can_answer() -> None:
    with serving(SCRIPT) as server:
        engine = ServerEngine(server.address)
        for request, message in (
            (question("x", choices=()), "needs different answers"),
            (question("x", choices=("a", "a")), "needs different answers"),
        ):
            with pytest.raises(EngineError, match=message):
                engine.complete([request])
        with pytest.raises(EngineError, match="schema of the answer is none"):
            engine.complete([question("x", choices=(), json_schema={"type": "nonsense"})])
        with pytest.raises(EngineError, match=r"server \(.*\) cannot read a transcript"):
            transcript_engine(engine)
        assert engine.complete([]) == []
        engine.close()


def test_a_prompt_that_fills_the_context() -> None:
    with serving(SCRIPT) as server:
        engine = ServerEngine(server.address, context=256)
        with pytest.raises(ContextError, match="numbers@1 fills the context of 256 tokens") as caught:
            engine.complete([question("geheim " * 300)])
        engine.close()
    assert "geheim" not in str(caught.value)


def test_the_key_is_sent_and_never_told() -> None:
    with serving(SCRIPT, key="geheim") as server:
        engine = ServerEngine(server.address, key="geheim")
        assert engine.complete([question("Say 3")])[0].text == "number 3"
        engine.close()
        assert "geheim" not in engine.info.model_dump_json()
        for key in (None, "falsch"):
            with pytest.raises(ModelError, match="AUSWEIS_API_KEY") as caught:
                ServerEngine(server.address, key=key)
            assert "falsch" not in str(caught.value)
    with pytest.raises(InputError, match="AUSWEIS_API_KEY") as refused:
        ServerEngine(server.address, key="ge\nheim")
    assert "heim" not in str(refused.value)


def test_no_key_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "geheim")
    with serving(SCRIPT) as server:
        engine = ServerEngine(server.address)
        engine.complete([question("Say 3")])
        engine.close()
    assert "authorization" not in {name.lower() for name in server.asked[0].headers}


def test_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(SCRIPT) as server:
        engine = ServerEngine(server.address)
        assert engine.complete([question("Say 3")])[0].text == "number 3"
        engine.close()


def test_closing_ends_what_other_threads_wait_for() -> None:
    with serving(SCRIPT, misdeed=lambda asked: stall) as server, ThreadPoolExecutor(3) as pool:
        engine = ServerEngine(server.address, workers=2)
        waiting = [pool.submit(engine.complete, [question("Say 1")] * 2) for _ in range(3)]
        _until(lambda: len(server.asked) == 2)
        begun = time.monotonic()
        engine.close()
        for one in waiting:
            with pytest.raises(EngineError, match="the engine is closed"):
                one.result(60)
        assert time.monotonic() - begun < SOON
        engine.close()
        with pytest.raises(EngineError, match="the engine is closed"):
            engine.complete([question("Say 1")])
    assert len(server.asked) == 2


def test_closing_ends_the_wait_between_attempts() -> None:
    with serving(SCRIPT, misdeed=lambda asked: status(503, "600")) as server, ThreadPoolExecutor(1) as pool:
        engine = ServerEngine(server.address)
        waiting = pool.submit(engine.complete, [question("Say 1")])
        _until(lambda: bool(server.asked))
        engine.close()
        with pytest.raises(EngineError, match="the engine is closed"):
            waiting.result(60)


def test_closing_ends_work_that_loses_that_it_was_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(*_: object) -> None:
        for _attempt in range(4):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(600)

    monkeypatch.setattr(Questions, "ask", ask)
    with serving(SCRIPT) as server, ThreadPoolExecutor(1) as pool:
        engine = ServerEngine(server.address)
        waiting = pool.submit(engine.complete, [question("Say 1")])
        time.sleep(0.2)
        engine.close()
        with pytest.raises(EngineError, match="the engine is closed"):
            waiting.result(SOON)


def test_threads_end() -> None:
    before = set(threading.enumerate())
    with serving(SCRIPT, knows=frozenset()) as server:
        for _ in range(3):
            with pytest.raises(ModelError):
                ServerEngine(server.address)
    assert not {thread for thread in set(threading.enumerate()) - before if thread.name == "server"}


def test_the_first_fault_ends_the_batch() -> None:
    def misdeed(asked: Any) -> Any:
        return status(400) if asked.text == "Say 1" else stall

    with serving(SCRIPT, misdeed=misdeed) as server:
        engine = ServerEngine(server.address, retry_policy=QUICK)
        begun = time.monotonic()
        with pytest.raises(EngineError, match="does not take the request"):
            engine.complete([question(f"Say {n}") for n in range(5)])
        assert time.monotonic() - begun < SOON
        engine.close()


def _until(true: Any) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


META = {"n_vocab": 49152, "n_params": 134515008, "size": 96576768, "n_ctx": 2048, "n_ctx_train": 8192}
LLAMA = {"id": "/models/tiny.gguf", "owned_by": "llamacpp", "created": 7, "meta": META}
VLLM = {"id": "Qwen/Qwen2.5-7B", "owned_by": "vllm", "max_model_len": 32768}


def info(*models: dict[str, Any], **options: Any) -> ModelProvenance:
    with serving(models=models) as server:
        engine = ServerEngine(server.address, **options)
        engine.close()
        return engine.info


def test_the_only_model() -> None:
    found = info(LLAMA)
    assert (found.id, found.engine, found.context_tokens) == ("tiny.gguf", "server (llamacpp)", 2048)
    found = info(VLLM)
    assert (found.id, found.engine, found.context_tokens) == ("Qwen2.5-7B", "server (vllm)", 32768)


def test_the_chosen_model() -> None:
    assert info(LLAMA, VLLM, model="Qwen/Qwen2.5-7B").id == "Qwen2.5-7B"


def test_a_choice_is_needed() -> None:
    with pytest.raises(InputError, match=r"choose one with --model \(there are: /models/tiny.gguf, Qwen/Qwen2.5-7B\)"):
        info(LLAMA, VLLM)
    with pytest.raises(InputError, match=r"has no such model \(there are: Qwen"):
        info(VLLM, model="x")
    many = [{"id": f"m{number:02}\n{'z' * 500}"} for number in range(15)]
    with pytest.raises(InputError, match="and 5 more") as caught:
        info(*many)
    assert len(str(caught.value)) < 1400
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("models", [[], [{}], [None], ["x"]])
def test_a_server_without_a_model(models: list[Any]) -> None:
    with pytest.raises(ModelError, match="lists no model"):
        info(*models)


def test_the_same_model_has_the_same_identity_wherever_it_runs() -> None:
    one = info(LLAMA)
    for other in (
        {**LLAMA, "id": "/elsewhere/tiny.gguf"},
        {**LLAMA, "created": 8},
        {**LLAMA, "meta": {**META, "n_ctx": 4096}},
    ):
        assert info(other).sha256 == one.sha256
    for other in ({**LLAMA, "id": "/models/small.gguf"}, {**LLAMA, "meta": {**META, "size": 1}}, VLLM):
        assert info(other).sha256 != one.sha256


@pytest.mark.parametrize("meta", [None, 7, [], {"n_ctx": "x", "n_vocab": [1]}, {"n_ctx": -1}])
def test_what_is_told_wrongly_is_not_told(meta: Any) -> None:
    assert info({**LLAMA, "meta": meta, "owned_by": "\x1b[2J"}).context_tokens == 0


def test_a_context_of_ones_own() -> None:
    assert info(LLAMA, context=1024).context_tokens == 1024
    assert info({"id": "x"}, context=1024).context_tokens == 1024
    with pytest.raises(InputError, match="more than the server has for a prompt: 2048"):
        info(LLAMA, context=4096)
