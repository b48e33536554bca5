import pytest

from ausweis.engines.llama.batches import Question, by_beginning, waves_of
from ausweis.engines.protocol import Message, Request

REQUEST = Request(messages=(Message(role="user", content="x"),), choices=("yes", "no"))


def question(place: int, own: tuple[int, ...], *, beginning: tuple[int, ...] = (1,), room: int = 0) -> Question:
    return Question(place, REQUEST, beginning, own, room)


def test_questions_are_grouped_by_what_they_begin_with() -> None:
    first, second, third = question(0, (5,)), question(1, (5,), beginning=(2,)), question(2, (6,))
    assert by_beginning([first, second, third]) == {(1,): [first, third], (2,): [second]}


@pytest.mark.parametrize(
    ("branches", "free", "sizes"),
    [(64, 1000, [6]), (4, 1000, [4, 2]), (64, 12, [3, 3]), (64, 8, [2, 2, 2]), (64, 4, [1] * 6), (64, 1, [1] * 6)],
)
def test_waves_are_bounded_by_branches_and_tokens(branches: int, free: int, sizes: list[int]) -> None:
    questions = [question(place, (10 * place, 0, 1, 2)) for place in range(6)]
    waves = list(waves_of(questions, branches=branches, free=free))
    assert [len(wave.questions) for wave in waves] == sizes
    assert [one for wave in waves for one in wave.questions] == questions


def test_shared_tokens_take_their_place_once() -> None:
    """Six questions over a text of hundred tokens find room where one and a bit would alone."""
    text = tuple(range(100))
    questions = [question(place, (*text, 1000 + place), room=1) for place in range(6)]
    (wave,) = waves_of(questions, branches=64, free=112)
    assert wave.tokens == 112


def test_the_room_of_answers_counts() -> None:
    questions = [question(place, (place,), room=9) for place in range(4)]
    assert [len(wave.questions) for wave in waves_of(questions, branches=64, free=20)] == [2, 2]
