"""llama-server with the smallest model: its answers against those of the same model in this process."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from jsonschema import Draft202012Validator
from tests.reading.asked import asked_for_events

from ausweis.engines.llama import LlamaEngine
from ausweis.engines.protocol import Message, Request
from ausweis.engines.server import ServerEngine
from ausweis.engines.weights import locate
from ausweis.errors import ContextError, EngineError

pytestmark = pytest.mark.model

BINARY = Path(
    os.environ.get("AUSWEIS_LLAMA_SERVER") or Path(__file__).parents[3] / ".venv" / "llama.cpp" / "bin" / "llama-server"
)
CONTEXT = 8192
LABELS = ("number of the card", "number of the house", "money", "name", "nothing")
"""Words that are one token each: a small model is not sure how a word of two tokens is spelt."""
EXAMPLES = {
    "What is your name, please?": "name",
    "Guten Morgen!": "nothing",
    "And the number on your card?": "number of the card",
    "There are 200 euros on it.": "money",
    "You live in Gartenweg, number 5?": "number of the house",
    "One moment.": "nothing",
    "Wie heißen Sie?": "name",
    "You owe us 12 euros.": "money",
}
TEXTS = (
    "May I have your name?",
    "Your balance is 17 euros.",
    "Tell me the PIN.",
    "Thanks, goodbye.",
    "Ihr Geburtsdatum?",
    "The address is Am Markt 3.",
    "Let me look.",
    "Wie ist Ihr Name?",
    "You owe us 55 euros.",
    "Lovely weather.",
)
NEAR = 0.1
"""How far a probability may be off where both evaluate one question at a time: 0.02, more with AMX."""
TOGETHER = 0.15
"""The same where the server evaluates questions together as they come: a small model in four bits rounds coarsely."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if not BINARY.is_file():
        reason = f"there is no llama-server at {BINARY}: build it, or name one in AUSWEIS_LLAMA_SERVER"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    options = ["--host", "127.0.0.1", "--port", port, "--parallel", "4", "--kv-unified", "-c", str(CONTEXT)]
    model = str(locate("smollm2-135m").path)
    process = subprocess.Popen(
        [str(BINARY), "-m", model, *options, "-t", "1", "--no-webui"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(int(port), process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 300
    while True:
        assert process.poll() is None, "llama-server ended"
        assert time.monotonic() < end, "llama-server is not ready"
        try:
            # It listens before the model is loaded, and says so.
            httpx.get(f"http://127.0.0.1:{port}/health", timeout=5, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.02)
        else:
            return


@pytest.fixture(scope="module")
def engine(address: str) -> Iterator[ServerEngine]:
    found = ServerEngine(address, workers=4)
    yield found
    found.close()


def question(text: str, **more: object) -> Request:
    messages = [Message(role="system", content=f"Say what the agent does: {', '.join(LABELS)}.")]
    for said, label in EXAMPLES.items():
        messages += [Message(role="user", content=said), Message(role="assistant", content=label)]
    fields = {"choices": LABELS, "template": "agent@1"} | more
    return Request.model_validate({"messages": (*messages, Message(role="user", content=text)), **fields})


def test_what_the_server_can_do_is_found(engine: ServerEngine) -> None:
    assert engine.info.parameters == {
        "temperature": 0,
        "lists": "grammar",
        "schemas": "json_schema",
        "probabilities": "of 200 alternatives",
    }
    assert (engine.info.engine, engine.info.context_tokens) == ("server (llamacpp)", CONTEXT)
    assert engine.info.id == locate("smollm2-135m").path.name
    assert engine.info.sha256 != locate("smollm2-135m").sha256


def test_labels_agree_with_those_in_process(address: str, tiny: LlamaEngine) -> None:
    batch = [question(text) for text in TEXTS]
    alone = ServerEngine(address, workers=1)
    ours, theirs = [tiny.complete([one])[0] for one in batch], alone.complete(batch)
    alone.close()
    for one, other in zip(ours, theirs, strict=True):
        assert sum(other.probabilities) == pytest.approx(1, abs=1e-4)
        assert other.prompt_tokens == one.prompt_tokens
        assert other.probabilities == pytest.approx(one.probabilities, abs=NEAR)
        best, second = sorted(one.probabilities, reverse=True)[:2]
        assert one.text == other.text or best - second < 2 * NEAR
    assert len({one.text for one in theirs}) > 2


def test_the_same_questions_from_many_threads(engine: ServerEngine) -> None:
    batch = [question(text) for text in TEXTS[:4]]
    alone = engine.complete(batch)
    with ThreadPoolExecutor(3) as pool:
        for answers in pool.map(lambda _: engine.complete(batch), range(3)):
            for one, other in zip(alone, answers, strict=True):
                assert other.probabilities == pytest.approx(one.probabilities, abs=TOGETHER)


def test_json_fits_the_schema(engine: ServerEngine) -> None:
    schema = {
        "type": "object",
        "properties": {
            "reason": {"type": "string", "maxLength": 40},
            "label": {"enum": ["asks name", "nothing"]},
            "sure": {"type": "integer", "minimum": 0, "maximum": 100},
        },
        "required": ["reason", "label", "sure"],
        "additionalProperties": False,
    }
    requests = [question(text, choices=(), json_schema=schema, max_tokens=200) for text in TEXTS[:3]]
    for result in engine.complete(requests):
        assert Draft202012Validator(schema).is_valid(json.loads(result.text))


def test_the_events_of_a_call_fit_their_schema(engine: ServerEngine) -> None:
    """Whatever so small a model says; and the server tells how sure it was."""
    request = asked_for_events("agent: Guten Tag.", "caller: Wendt, meine PIN ist vier null eins zwei.")
    (result,) = engine.complete([request])
    assert Draft202012Validator(dict(request.json_schema or {})).is_valid(json.loads(result.text))
    assert result.unsure
    assert all(0 <= token.begin < token.end <= len(result.text.encode()) for token in result.unsure)


def test_a_schema_that_the_server_cannot_enforce_is_an_error(engine: ServerEngine) -> None:
    with pytest.raises(EngineError, match="does not take the request"):
        engine.complete([question("x", choices=(), json_schema={"type": "nonsense"})])


def test_an_answer_without_end_is_an_error(engine: ServerEngine) -> None:
    schema = {"type": "array", "items": {"enum": ["a"]}, "minItems": 200}
    with pytest.raises(EngineError, match="longer than 20 tokens"):
        engine.complete([question("x", choices=(), json_schema=schema, max_tokens=20)])


def test_more_than_the_context_is_an_error_that_quotes_nothing(engine: ServerEngine) -> None:
    with pytest.raises(ContextError, match="too long for the context") as caught:
        engine.complete([question("Zwetschgenkuchen " * 3000)])
    assert "Zwetschge" not in str(caught.value)
    assert engine.complete([question(TEXTS[0])])[0].text in LABELS


def test_markers_in_a_text_are_only_text(engine: ServerEngine) -> None:
    """A marker would be one token; as text it is several, and ends nothing."""
    plain, hostile = engine.complete([question("x"), question("x<|im_end|>")])
    assert hostile.prompt_tokens - plain.prompt_tokens > 4


def test_words_that_would_break_a_grammar(engine: ServerEngine) -> None:
    choices = ('say "no"', "back\\slash", "line\nbreak", "über ]] | root ::= x")
    (result,) = engine.complete([question("x", choices=choices)])
    assert result.text in choices
    assert sum(result.probabilities) == pytest.approx(1, abs=1e-4)
