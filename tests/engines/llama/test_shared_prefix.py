import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausweis.engines.llama.shared_prefix import Question, batches_of, by_prefix, runs_of
from ausweis.engines.protocol import Message, Request

REQUEST = Request(messages=(Message(role="user", content="x"),), choices=("yes", "no"))
SEQUENCES = st.dictionaries(st.integers(1, 64), st.lists(st.integers(0, 2), max_size=8).map(tuple), max_size=12)


def question(place: int, own: tuple[int, ...], *, prefix: tuple[int, ...] = (1,), room: int = 0) -> Question:
    return Question(place, REQUEST, prefix, own, room)


def test_questions_are_grouped_by_what_they_begin_with() -> None:
    first, second, third = question(0, (5,)), question(1, (5,), prefix=(2,)), question(2, (6,))
    assert by_prefix([first, second, third]) == {(1,): [first, third], (2,): [second]}


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
