"""Which words a call is asked about, in which wordings, and what is true of its lines."""

from pathlib import Path

import numpy as np
import pytest
from evals.lab.training.lines import Lines
from evals.lab.training.matcher_data import MatchedCall
from evals.lab.training.word_calls import AskedWord, asked_words, columns_of, word_call, wordings_of
from tests.evals.cases import labelled
from tests.probes import by_chance

from ausweis.engines.heads import features
from ausweis.engines.matcher import VERBS
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.reading.chunks import LONGEST, spoken_chunks
from ausweis.reading.described import asked_about
from ausweis.vocabulary import CATEGORIES, FACTORS

CHANCE = np.random.default_rng(3)


def told_of(call: LabelledCall, words: list[AskedWord]) -> MatchedCall:
    """With states and a basis by chance."""
    chunks = spoken_chunks(call.call)
    states = [CHANCE.normal(size=(3, 2, 3)).astype(np.float32) for _ in chunks]
    lines = Lines(chunks, [features(line) for line in states], [frozenset()] * len(chunks), f"of {call.call.id}")
    probe = by_chance(("asks", "asks pin", "gives", "gives pin"), (1, 2), 3)
    questions = [states[0]] * len(asked_about([word.own for word in words if word.own and word.policy == call.policy]))
    basis = dict(probe.parts) | {
        "question_token_shift": np.zeros(6, np.float32),
        "question_line_shift": np.zeros(5, np.float32),
    }
    return word_call(call, lines, questions, words, probe, basis)


def test_known_words_first_then_those_of_each_policy(policy: str) -> None:
    words = asked_words([labelled("a", "A: x"), labelled("b", "A: x", policy=policy)], {})
    said = [factor.id for factor in FACTORS.values() if factor.looks_like]
    assert [word.id for word in words] == [*said, *CATEGORIES, "berth_number"]
    assert {word.policy for word in words[:-1]} == {None}
    own = words[-1]
    assert (own.label, own.kind, own.policy) == ("own berth_number", "factor", policy)
    assert own.own is not None
    assert own.texts == ("the berth number: The number of the berth.",)
    pin = next(word for word in words if word.id == "pin")
    assert len(pin.texts) == 2
    assert pin.texts[0].startswith(f"{FACTORS['pin'].name['de']}: ")


def test_a_word_has_all_its_wordings(policy: str) -> None:
    wordings = {"harbour": {"berth_number": ["Where  the boat lies", "Die Nummer des Liegeplatzes"]}, "other": {}}
    *_, own = asked_words([labelled("b", "A: x", policy=policy)], wordings)
    assert own.texts[1:] == ("the berth number: Where the boat lies", "Die Nummer des Liegeplatzes")


def test_a_file_of_wordings(tmp_path: Path) -> None:
    assert wordings_of(None) == {}
    path = tmp_path / "wordings.yaml"
    path.write_text("harbour:\n  berth_number:\n  - Where the boat lies\n", encoding="utf-8")
    assert wordings_of(path) == {"harbour": {"berth_number": ("Where the boat lies",)}}


@pytest.mark.parametrize(
    "text", ["", "harbour: []", "harbour:\n  berth_number: A sentence", "a: {b: [1]}", "a: [", "\udce4"]
)
def test_what_is_no_file_of_wordings(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wordings.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(InputError, match="the wordings cannot be") as caught:
        wordings_of(path)
    assert str(caught.value.place).startswith(str(path))


def test_what_lines_do_with_each_word(policy: str) -> None:
    lines = ("A: x << asks berth_number", "C: x << gives berth_number; gives pin", "A: x << discloses contract_data")
    call = labelled("b", *lines, policy=policy)
    words = asked_words([call], {})
    told = told_of(call, words)
    assert told.described == tuple(range(len(words)))
    columns = columns_of(told, words)

    def of(label: str) -> list[float]:
        column, verb = columns[label]
        return [float(value) for value in told.told[:, column, verb]]

    nan = np.nan
    np.testing.assert_equal(of("asks own berth_number"), [1, nan, 0])
    np.testing.assert_equal(of("gives own berth_number"), [nan, 1, nan])
    np.testing.assert_equal(of("reads out own berth_number"), [0, nan, 0])
    np.testing.assert_equal(of("gives pin"), [nan, 1, nan])
    np.testing.assert_equal(of("tells contract data"), [0, nan, 1])
    column, _ = columns["gives pin"]
    assert np.isnan(told.told[:, column, [VERBS.index("tells"), VERBS.index("changes")]]).all()
    agent, caller = {"asks", "asks pin"}, {"gives", "gives pin"}
    assert [set(answer) for answer in told.answers] == [agent, caller, agent]


def test_own_words_are_asked_of_calls_of_their_policy(policy: str) -> None:
    calls = [labelled("a", "A: x"), labelled("b", "A: x", policy=policy)]
    words = asked_words(calls, {})
    other, own = (told_of(call, words) for call in calls)
    assert set(own.described) - set(other.described) == {len(words) - 1}


def test_a_call_is_left_out_with_its_lines(policy: str) -> None:
    """What belongs together the task says, once."""
    call = labelled("b", "A: x", policy=policy, writing_pass="w")
    assert told_of(call, asked_words([call], {})).group == "of b"


def test_questions_are_about_factors_and_changes_of_the_policy(policy: str) -> None:
    call, other = labelled("b", "C: x << gives berth_number", policy=policy), labelled("a", "C: x")
    words = asked_words([call, other], {})
    told = told_of(call, words)
    assert told.questions is not None
    assert (told.questions.tokens.shape, told.answered) == ((1, 3, 6), (len(words) - 1,))
    alone = told.of_questions
    assert [words[place].id for place in alone.described] == ["berth_number"]
    np.testing.assert_equal(alone.told, told.told[:, -1:])
    assert told_of(other, words).questions is None


def test_of_a_turn_that_was_cut_it_is_not_known_which_piece_does_it(policy: str) -> None:
    call = labelled("b", f"C: {'eins ' * LONGEST} << gives berth_number", policy=policy)
    words = asked_words([call], {})
    told = told_of(call, words)
    column, verb = columns_of(told, words)["gives own berth_number"]
    assert len(told.chunks) > 1
    assert np.isnan(told.told[:, column, verb]).all()
    column, verb = columns_of(told, words)["gives pin"]
    assert (told.told[:, column, verb] == 0).all()
