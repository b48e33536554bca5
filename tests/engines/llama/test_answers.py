import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from llguidance import LLTokenizer

from ausweis.engines.llama.answers import Answer, JsonWriter, Logits, choose
from ausweis.engines.protocol import NEGLIGIBLE
from ausweis.errors import EngineError

VOCABULARY = 8
END = 0
ANSWERS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4),
    st.lists(st.integers(1, VOCABULARY - 1), min_size=1, max_size=4).map(tuple),
    min_size=1,
    max_size=8,
).filter(lambda answers: len(set(answers.values())) == len(answers))


Way = tuple[int, ...]


def logits(seed: int, way: Way) -> Logits:
    """They depend on the way only."""
    return np.random.default_rng([seed, *way]).normal(size=VOCABULARY).astype(np.float32)


def run(answers: dict[str, tuple[int, ...]], seed: int) -> tuple[dict[str, float], list[Way]]:
    asked: list[Way] = []
    steps = choose(answers, END, logits(seed, ()))
    try:
        step = next(steps)
        while True:
            assert not step.keep
            asked.append(tuple(step.tokens))
            step = steps.send(logits(seed, asked[-1]))
    except StopIteration as done:
        answer = done.value
        assert answer.text == max(answers, key=dict(zip(answers, answer.probabilities, strict=True)).__getitem__)
        return dict(zip(answers, answer.probabilities, strict=True)), asked


@given(ANSWERS, st.integers(0, 1000))
def test_probabilities_sum_to_one_and_no_fork_is_asked_twice(answers: dict[str, tuple[int, ...]], seed: int) -> None:
    found, asked = run(answers, seed)
    assert list(found) == list(answers)
    assert math.isclose(sum(found.values()), 1.0, abs_tol=1e-9)
    assert all(probability >= 0 for probability in found.values())
    assert len(set(asked)) == len(asked)


def test_a_shorter_answer_ends_where_a_longer_one_goes_on() -> None:
    found, asked = run({"rain": (1,), "rain and wind": (1, 2)}, seed=3)
    assert asked == [(1,)]
    assert all(0 < probability < 1 for probability in found.values())


def test_one_answer_needs_no_question() -> None:
    assert run({"yes": (1, 2)}, seed=0) == ({"yes": 1.0}, [])


def test_an_unlikely_fork_is_shared_out_evenly() -> None:
    here = np.full(VOCABULARY, -10.0, dtype=np.float32)
    here[1] = 10.0
    with pytest.raises(StopIteration) as done:
        next(choose({"a": (1,), "b c": (2, 3), "b d": (2, 4)}, END, here))
    text, (_, one, other), _ = done.value.value
    assert text == "a"
    assert one == other < NEGLIGIBLE


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_no_answer(value: float) -> None:
    """A model whose weights are broken says so of every word."""
    for broken in (np.full(VOCABULARY, value, np.float32), np.array([0, value, *range(6)], np.float32)):
        with pytest.raises(EngineError, match="gave no numbers"):
            next(choose({"a": (1,), "b": (2,)}, END, broken))


SCHEMA = {"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"], "additionalProperties": False}
BYTES = LLTokenizer("byte")


class Model:
    """Token n is the byte n."""

    size = BYTES.vocab_size

    def ends(self, token: int) -> bool:
        return token == BYTES.eos_token

    def text(self, tokens: Sequence[int]) -> bytes:
        return bytes(tokens)


def written(logits: Any, *, unsure: bool = False) -> Answer:
    """The answer, where the numbers are the same at every step."""
    model: Any = Model()
    writer = JsonWriter(model)
    writer.__dict__["_tokenizer"] = BYTES
    steps = writer.write(SCHEMA, 50, logits, unsure=unsure)
    try:
        next(steps)
        while True:
            steps.send(logits)
    except StopIteration as done:
        answer: Answer = done.value
        return answer


def test_the_likeliest_that_fits_is_written() -> None:
    logits = np.zeros(Model.size, np.float32)
    logits[[ord("x"), ord("2")]] = 9, 1
    assert written(logits) == Answer('{"n":2}')


def test_a_token_that_was_not_certain_is_told_with_its_place() -> None:
    """What the schema forces is certain, and what it forbids has no share."""
    logits = np.zeros(Model.size, np.float32)
    logits[[ord("x"), ord("2")]] = 9, 1
    assert written(logits, unsure=True).unsure == ((5, 6, round(math.e / (math.e + 1), 4)),)
    logits[ord("2")] = 20
    assert written(logits, unsure=True).unsure == ()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_writes_nothing(value: float) -> None:
    """A model whose weights are broken says so of every word."""
    with pytest.raises(EngineError, match="gave no numbers"):
        written(np.full(Model.size, value, np.float32))
