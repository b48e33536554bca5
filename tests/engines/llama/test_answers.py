import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from llguidance import LLTokenizer

from ausweis.engines.llama.answers import JsonWriter, Logits, batches_of, choose, runs_of
from ausweis.engines.llama.model import TokenRequest
from ausweis.engines.protocol import NEGLIGIBLE, Message, Request, Result
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
    assert math.isclose(sum(found.values()), 1.0, abs_tol=1e-5)
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
    _, one, other = done.value.value.probabilities
    assert done.value.value.text == "a"
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


def written(logits: Any, *, unsure: bool = False) -> Result:
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
        answer: Result = done.value
        return answer


def test_the_likeliest_that_fits_is_written() -> None:
    logits = np.zeros(Model.size, np.float32)
    logits[[ord("x"), ord("2")]] = 9, 1
    assert written(logits) == Result(text='{"n":2}')


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


REQUEST = Request(messages=(Message(role="user", content="x"),), choices=("yes", "no"))
SEQUENCES = st.dictionaries(st.integers(1, 64), st.lists(st.integers(0, 2), max_size=8).map(tuple), max_size=12)


def question(place: int, own: tuple[int, ...], *, prefix: tuple[int, ...] = (1,), room: int = 0) -> TokenRequest:
    return TokenRequest(place, REQUEST, prefix, own, room)


@pytest.mark.parametrize(
    ("sequences", "free", "sizes"),
    [(64, 1000, [6]), (4, 1000, [4, 2]), (64, 12, [3, 3]), (64, 8, [2, 2, 2]), (64, 4, [1] * 6), (64, 1, [1] * 6)],
)
def test_batches_are_bounded_by_sequences_and_tokens(sequences: int, free: int, sizes: list[int]) -> None:
    questions = [question(place, (10 * place, 0, 1, 2)) for place in range(6)]
    batches = list(batches_of(questions, sequences=sequences, free=free))
    assert [len(batch.questions) for batch in batches] == sizes
    assert [one for batch in batches for one in batch.questions] == questions


def test_shared_tokens_take_their_place_once() -> None:
    """Six questions over a text of hundred tokens find room where one and a bit would alone."""
    text = tuple(range(100))
    questions = [question(place, (*text, 1000 + place), room=1) for place in range(6)]
    (batch,) = batches_of(questions, sequences=64, free=112)
    assert batch.tokens == 112


def test_the_room_of_answers_counts() -> None:
    questions = [question(place, (place,), room=9) for place in range(4)]
    assert [len(batch.questions) for batch in batches_of(questions, sequences=64, free=20)] == [2, 2]


@given(SEQUENCES)
def test_the_runs_of_each_owner_make_its_sequence_in_order(sequences: dict[int, tuple[int, ...]]) -> None:
    found: dict[int, tuple[int, ...]] = dict.fromkeys(sequences, ())
    for run in runs_of(sequences):
        reached = {found[owner] for owner in run.owners}
        assert len(reached) == 1
        for owner in run.owners:
            found[owner] += tuple(run.tokens)
        assert run.ends == tuple(owner for owner in run.owners if found[owner] == sequences[owner])
    assert found == sequences


@given(SEQUENCES)
def test_nothing_that_sequences_begin_with_stands_in_the_tree_twice(sequences: dict[int, tuple[int, ...]]) -> None:
    beginnings = {tokens[:length] for tokens in sequences.values() for length in range(1, len(tokens) + 1)}
    assert sum(len(run.tokens) for run in runs_of(sequences)) == len(beginnings)


def test_a_growing_text_with_a_question_at_each_step() -> None:
    runs = runs_of({1: (5, 6, 0), 2: (5, 6, 7, 8, 0), 3: (5, 6, 7, 8, 9, 0)})
    assert [(tuple(run.tokens), run.owners, run.ends) for run in runs] == [
        ((5, 6), (1, 2, 3), ()),
        ((0,), (1,), (1,)),
        ((7, 8), (2, 3), ()),
        ((0,), (2,), (2,)),
        ((9, 0), (3,), (3,)),
    ]


def test_equal_sequences_share_all() -> None:
    (run,) = runs_of({1: (1, 2), 2: (1, 2)})
    assert run.ends == run.owners == (1, 2)
