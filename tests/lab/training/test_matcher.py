"""What is left out together: a group of calls, and the descriptions that are theirs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from evals.lab.training import matcher
from evals.lab.training.matcher import left_out_of
from evals.lab.training.matcher_data import MatchedCall, basis_of, question_shifts
from evals.lab.training.matcher_network import learn_network
from tests.lab.training.test_incident_matcher import calls_of, made
from tests.lab.training.test_words import SMALL

from ausweis.engines.matcher import in_basis

pytestmark = pytest.mark.training


def test_nothing_is_learned_of_a_description_that_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    some = made(24)
    basis = basis_of(some.lines, some.described, 16, 16)
    basis |= question_shifts(basis, [seen for questions in some.questions for seen in questions])
    calls = calls_of(some, basis)
    learned: list[set[int]] = []

    def noted(seen: Sequence[MatchedCall], compared: Any, plan: Any, seed: int, others: Sequence[int] = ()) -> Any:
        known = {
            place
            for call in seen
            for column, place in enumerate(call.described)
            if not np.isnan(call.told[:, column]).all()
        }
        learned.append(known | set(others))
        return learn_network(seen, compared, plan, seed, others)

    monkeypatch.setattr(matcher, "learn_network", noted)
    described = [in_basis(basis, [seen], "described") for seen in some.described]
    told = left_out_of(calls, described, SMALL, {str(place): (place,) for place in range(len(described))})
    assert len(told) == len(calls)
    unseen = list(dict.fromkeys(one.unseen for one in told))
    assert sorted(place for places in unseen for place in places) == list(range(len(described)))
    assert len(learned) == 2 * len(unseen)
    for places, by_words, by_questions in zip(unseen, learned[::2], learned[1::2], strict=True):
        assert by_words == set(range(len(described))) - places
        assert not by_questions & places
    assert all(one.call.described[0] in one.unseen for one in told)


def test_others_are_drawn_anew_each_time() -> None:
    some = made(24)
    basis = basis_of(some.lines, some.described, 16, 16)
    basis |= question_shifts(basis, [seen for questions in some.questions for seen in questions])
    calls = calls_of(some, basis)
    asked: list[tuple[int, ...]] = []

    def compared(call: MatchedCall, order: Any) -> Any:
        asked.append(call.described)
        return in_basis(basis, [some.described[place] for place in call.described], "described")

    learn_network(calls[:1], compared, replace(SMALL, rounds=6, drawn=3), 0, range(len(some.described)))
    assert {one[:2] for one in asked} == {calls[0].described}
    assert {len(set(one)) for one in asked} == {5}
    assert len(set(asked)) > 1
