"""Learning to read answers about a call: calls are made up, in which lines and answers each know a part."""

import json
from pathlib import Path

import numpy as np
import pytest
from evals.lab.training.answers import OTHERS, AnsweredCalls, ToldAnswers, chosen_calls, learn_answers
from evals.lab.training.options import Bound
from tests.evals.cases import labelled

from ausweis.engines.heads import AnswerProbe, log_odds
from ausweis.errors import InputError
from ausweis.labelled import LabelledCall
from ausweis.prompts import default_library

pytestmark = pytest.mark.training
BOUND = Bound(default_library().get("third-party"), "1" * 64, (10, 20), "made up")


def made(seed: int, calls: int = 400, *, answers_know: bool = True) -> AnsweredCalls:
    chance = np.random.default_rng(seed)
    truth = (chance.random((calls, 1)) < 0.3).astype(np.float32)
    answers = chance.normal(size=(calls, 40)).astype(np.float32)
    if answers_know:
        answers[:, 3] += 3 * truth[:, 0]
    lines = (truth * 3 - 2 + chance.normal(scale=2, size=truth.shape)).astype(np.float32)
    return AnsweredCalls(answers, lines, truth, [str(call % 5) for call in range(calls)], np.ones(calls, np.float32))


def wrong(odds: np.ndarray, calls: AnsweredCalls) -> int:
    return int(((odds > 0) != (calls.truth > 0)).sum())


def test_answers_and_lines_together_err_less_than_either(tmp_path: Path) -> None:
    told: list[ToldAnswers] = []
    calls = made(1)
    learned = learn_answers(calls, ("for another",), BOUND, on_told=told.append)
    ((_, answers, together),) = told
    assert wrong(together, calls) < min(wrong(answers, calls), wrong(calls.lines, calls))
    assert json.loads(learned.notes) == {"about": "made up", "calls": 400, "weighed": 400}
    assert (learned.template, learned.layers) == (BOUND.template.name, (10, 20))
    learned.save(tmp_path / "answers")
    parts = AnswerProbe.load(tmp_path / "answers").parts
    new = made(2)
    odds = (new.answers @ parts["weights"] + parts["bias"]).clip(log_odds(0.0), log_odds(1.0))
    of_lines, of_answers, shift = parts["stacking"][0]
    assert wrong(of_lines * new.lines + of_answers * odds + shift, new) < wrong(new.lines, new)


def test_other_calls_tell_how_much_answers_count() -> None:
    """Their lines are surer than those of the calls that the answers were learned from."""
    calls, others = made(1), made(3, 300)
    sure = others._replace(lines=(8 * others.truth - 4 + others.lines / 4).astype(np.float32))
    told: list[ToldAnswers] = []
    plain = learn_answers(calls, ("for another",), BOUND)
    weighed = learn_answers(calls, ("for another",), BOUND, sure, told.append)
    assert told[0].calls is sure
    assert wrong(told[0].together, sure) <= wrong(told[0].answers, sure)
    assert np.array_equal(plain.parts["weights"], weighed.parts["weights"])
    shares = [one.parts["stacking"][0][0] / one.parts["stacking"][0][1] for one in (plain, weighed)]
    assert shares[1] > 1.5 * shares[0]
    assert json.loads(weighed.notes)["weighed"] == 300


def test_answers_that_know_nothing_count_nothing() -> None:
    told: list[ToldAnswers] = []
    calls = made(1, answers_know=False)
    of_lines, of_answers, _ = learn_answers(calls, ("for another",), BOUND, on_told=told.append).parts["stacking"][0]
    assert 0 <= of_answers * told[0].answers.std() < 0.2 * of_lines * calls.lines.std()


def test_calls_that_stand_for_many_make_the_label_rarer() -> None:
    calls = made(1)
    rarer = calls._replace(counts=np.where(calls.truth[:, 0] > 0, 1, 5).astype(np.float32))
    told: list[ToldAnswers] = []
    for some in (calls, rarer):
        learn_answers(some, ("for another",), BOUND, on_told=told.append)
    for by, some in zip(told, (calls, rarer), strict=True):
        likely = 1 / (1 + np.exp(-by.together[:, 0]))
        assert np.average(likely, weights=some.counts) == pytest.approx(
            np.average(some.truth[:, 0], weights=some.counts), abs=0.02
        )


def some(count: int, with_one: int, passes: int = 2) -> list[LabelledCall]:
    return [
        labelled(
            str(number),
            "C: Ja. << speaks_for_other" if number < with_one else "C: Ja.",
            writing_pass=str(number % passes),
        )
        for number in range(count)
    ]


def test_of_calls_without_a_label_some_are_drawn_and_stand_for_all() -> None:
    calls, counts = chosen_calls(some(120, 12), ("for another",))
    assert len(calls) == 12 + 12 * OTHERS
    assert sum(counts) == pytest.approx(120)
    assert [count for call, count in zip(calls, counts, strict=True) if int(call.call.id) < 12] == [1.0] * 12
    assert len(chosen_calls(some(24, 12), ("for another",)).calls) == 24
    assert len(chosen_calls(some(120, 12), ("for another",), others=None).calls) == 120


def apart(count: int) -> list[LabelledCall]:
    """All calls of the first pass have the label, none of the second."""
    return [
        labelled(str(number), "C: Ja. << speaks_for_other" if number % 2 else "C: Ja.", writing_pass=str(number % 2))
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        (some(20, 1), "1 of 20 calls have the label 'for another': 10 must have it, and as many must not"),
        (some(20, 20), "20 of 20 calls have the label 'for another'"),
        ([], "0 of 0 calls"),
        (apart(40), "'for another' must come from several writing passes"),
    ],
)
def test_calls_that_teach_nothing(calls: list[LabelledCall], message: str) -> None:
    with pytest.raises(InputError, match=message):
        chosen_calls(calls, ("for another",))
