"""Labels of a call, told by the answers to questions about it, and weighed with its lines."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from tests.probes import answers_by_chance, by_chance

from ausweis.engines.answer_probe import AnswerProbe, answer_features
from ausweis.engines.ngrams import log_odds
from ausweis.engines.protocol import Message, Transcript
from ausweis.errors import EngineError, PromptError

LEARNED = answers_by_chance(("for another", "holder"), (1, 2), 12)
STATES = [np.arange(1, 19, dtype=np.float32).reshape(3, 2, 3), np.ones((1, 2, 3), np.float32)]


def test_the_last_token_of_each_question_is_looked_at_whatever_its_scale() -> None:
    seen = answer_features(STATES)
    assert seen.shape == (12,)
    assert np.linalg.norm(seen.reshape(4, 3), axis=1) == pytest.approx([1, 1, 1, 1])
    longer = [np.concatenate([STATES[0][:1] * 9, STATES[0]]), STATES[1] * 5]
    assert answer_features(longer) == pytest.approx(seen)


def test_the_likeliest_line_alone_may_gain() -> None:
    lines = [{"for another": 0.6, "agrees": 0.7}, {"accepts": 0.9}, {"for another": 0.3}]
    first, agent, last = LEARNED.weighed(lines, (0.9, 0.5))
    assert log_odds(first["for another"]) == pytest.approx(log_odds(0.6) + log_odds(0.9), abs=0.01)
    assert (first["agrees"], agent, last) == (0.7, {"accepts": 0.9}, {"for another": 0.3})


def test_of_lines_that_are_as_likely_the_first_gains() -> None:
    first, second = LEARNED.weighed([{"for another": 0.6}, {"for another": 0.6}], (0.9, 0.5))
    assert first["for another"] > 0.6 == second["for another"]


def test_a_line_that_says_nothing_of_it_does_not_gain() -> None:
    assert LEARNED.weighed([{"for another": 0.009}], (0.9999, 0.5)) == [{"for another": 0.009}]


def test_all_lines_may_lose() -> None:
    lines = [{"for another": 0.6}, {"for another": 0.3}]
    for told, before in zip(LEARNED.weighed(lines, (0.1, 0.5)), lines, strict=True):
        assert log_odds(told["for another"]) == pytest.approx(log_odds(before["for another"]) + log_odds(0.1), abs=0.01)


def test_a_label_that_no_line_may_have_changes_nothing() -> None:
    assert LEARNED.weighed([{"accepts": 0.9}], (0.9, 0.9)) == [{"accepts": 0.9}]
    assert LEARNED.weighed([], (0.9, 0.9)) == []


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    LEARNED.save(tmp_path / "answers")
    read = AnswerProbe.load(tmp_path / "answers")
    assert read.probabilities(STATES) == LEARNED.probabilities(STATES)
    assert (read.labels, read.layers) == (LEARNED.labels, LEARNED.layers)
    (tmp_path / "broken").write_bytes(b"nothing")
    with pytest.raises(PromptError, match="train it again"):
        AnswerProbe.load(tmp_path / "broken")


def test_broken_weights_are_no_numbers() -> None:
    broken = replace(LEARNED, parts={**LEARNED.parts, "bias": np.full(2, np.nan, np.float32)})
    with pytest.raises(EngineError, match="no numbers"):
        broken.probabilities(STATES)


ASKED = (Message(role="user", content="For whom?"), Message(role="assistant", content="For"))
PLAIN = Transcript(
    messages=(Message(role="user", content="agent: Hi."),),
    rows=("agent: Hi.",),
    probes=(by_chance(("greets",), (1, 2), 3),),
    template="weather@1",
)


def test_answers_about_a_call_hang_on_the_questions_and_those_about_rows_do_not() -> None:
    asking = PLAIN.model_copy(update={"about": (ASKED,), "answer_probe": LEARNED})
    (row,) = PLAIN.keys("5" * 64)
    first, call = asking.keys("5" * 64)
    assert first == row
    other = asking.model_copy(update={"about": (ASKED, ASKED)}).keys("5" * 64)
    learned_anew = asking.model_copy(update={"answer_probe": replace(LEARNED, sha256="7" * 64)}).keys("5" * 64)
    longer = asking.model_copy(update={"messages": (Message(role="user", content="agent: Hi. Who?"),)}).keys("5" * 64)
    assert len({call, other[1], learned_anew[1], longer[1]}) == 4
    assert asking.all_probes == (*PLAIN.probes, LEARNED)
    assert asking.templates == ("weather@1", "weather@1")


ABOUT = {"about": (ASKED,), "answer_probe": LEARNED}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"about": (ASKED,)}, "go together"),
        ({"answer_probe": LEARNED}, "go together"),
        ({**ABOUT, "answer_probe": replace(LEARNED, layers=(1, 3))}, "all read the same layers"),
        ({**ABOUT, "probes": ()}, "where rows have probes"),
    ],
)
def test_questions_about_a_call_go_with_what_reads_them(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Transcript(**{"messages": PLAIN.messages, "rows": PLAIN.rows, "probes": PLAIN.probes, **given})
