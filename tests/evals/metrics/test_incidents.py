"""The numbers of incidents are what they say."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.evals.cases import asked

from ausweis.batch.config import ScorerConfig
from ausweis.evals.case import Case, case_of
from ausweis.evals.metrics.incidents import IncidentSummary, summarise_incidents
from ausweis.evals.running import EvalJob
from ausweis.facts import Facts, Mention
from ausweis.judging import judge
from ausweis.labelled import LabelledCall
from ausweis.policies import find_policy

OWN = {"id": "weather", "description": "Jemand spricht vom Wetter."}


def mention(kind: str, turn: int, probability: float = 0.8) -> Mention:
    return Mention.model_validate({"kind": kind, "turn": turn, "quote": "x", "probability": probability})


def own_mention(turn: int, probability: float) -> Mention:
    words = {"description": OWN["description"], "turn": turn, "quote": "x", "probability": probability}
    return Mention.model_validate(words)


def judged(calls: Sequence[LabelledCall], read: Mapping[str, Sequence[Mention]]) -> list[Case]:
    wanted = EvalJob((Path("golden.jsonl"),), ScorerConfig(find_policy("telecom-de")))
    policies = wanted.policies(calls)
    cases = []
    for call in calls:
        name = call.call.id
        facts = Facts(call_id=name, turns=4, incidents=tuple(read[name]))
        policy = policies[name].policy
        cases.append(case_of(call, policy, judge(facts, policy), facts))
    return cases


def summary(calls: Sequence[LabelledCall], read: Mapping[str, Sequence[Mention]]) -> IncidentSummary:
    numbers = summarise_incidents(judged(calls, read))
    assert numbers is not None
    return numbers


def test_the_numbers() -> None:
    calls = [
        asked("1a", "1b", {"id": "rude_agent", "turn": 1}),
        asked("1b", "1a"),
        asked("2a", "2b", {"id": "rude_agent", "turn": 3}, {"id": "press_threat", "turn": 4}),
        asked("2b", "2a"),
    ]
    read = {
        "1a": [mention("rude_agent", 1), mention("rude_agent", 3, 0.6)],
        "1b": [mention("rude_agent", 1, 0.2)],
        "2a": [mention("rude_agent", 1), mention("cancel_threat", 2)],
        "2b": [],
    }
    numbers = summary(calls, read)
    assert numbers.known is not None
    assert numbers.known.found.value == pytest.approx(2 / 3)
    assert numbers.known.precision.value == pytest.approx(2 / 3)
    assert numbers.known.found.n == numbers.known.precision.n == 3
    assert numbers.known.f1 == pytest.approx(2 / 3)
    assert numbers.own is None
    assert (numbers.turn.value, numbers.turn.n) == (0.5, 2)
    assert numbers.clean.value == 1.0
    assert (numbers.twins.value, numbers.twins.n) == (0.5, 2)
    assert numbers.kinds["rude_agent"].found.value == 1.0
    assert numbers.kinds["press_threat"].found.value == 0.0
    assert numbers.kinds["cancel_threat"].precision.value == 0.0
    assert numbers.kinds["lawyer_threat"].found.value is None


def test_kinds_that_a_label_does_not_know_do_not_count() -> None:
    calls = [
        asked("1a", "1b", {"id": "rude_agent", "turn": 1}, known=("rude_agent",)),
        asked("1b", "1a", known=("rude_agent", "press_threat")),
    ]
    read = {
        "1a": [mention("rude_agent", 1), mention("press_threat", 2)],
        "1b": [mention("lawyer_threat", 2), mention("press_threat", 2, 0.2)],
    }
    numbers = summary(calls, read)
    assert numbers.known is not None
    found, precision = numbers.known.found, numbers.known.precision
    assert (found.value, precision.value, precision.n) == (1.0, 1.0, 1)
    assert (numbers.clean.value, numbers.twins.value) == (1.0, 1.0)
    assert numbers.kinds["press_threat"].precision.value is None
    assert numbers.kinds["rude_agent"].average_precision == 1.0


def test_the_order_of_calls_counts_mentions_under_the_bar_too() -> None:
    calls = [
        asked("1a", "1b", {"id": "rude_agent", "turn": 1}),
        asked("1b", "1a"),
        asked("2a", "2b", {"id": "rude_agent", "turn": 3}),
    ]
    read = {
        "1a": [mention("rude_agent", 1, 0.9)],
        "1b": [mention("rude_agent", 1, 0.2)],
        "2a": [mention("rude_agent", 1, 0.1)],
    }
    kinds = summary(calls, read).kinds
    assert kinds["rude_agent"].found.value == 0.5
    assert kinds["rude_agent"].average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert kinds["press_threat"].average_precision is None


def test_a_companys_own_count_as_kinds_do() -> None:
    events = ({"id": "weather", "turn": 2}, {"id": "weather", "turn": 4})
    calls = [asked("1a", "1b", *events, known=(), own=(OWN,)), asked("1b", "1a", known=(), own=(OWN,))]
    read = {"1a": [own_mention(2, 0.7), own_mention(1, 0.9), mention("rude_agent", 1)], "1b": [own_mention(3, 0.6)]}
    numbers = summary(calls, read)
    assert numbers.kinds == {}
    assert numbers.own is not None
    assert (numbers.own.found.value, numbers.own.precision.value) == (1.0, 0.5)
    assert numbers.own.average_precision == 1.0
    assert numbers.own.f1 == pytest.approx(2 / 3)
    assert numbers.known is None
    assert (numbers.turn.value, numbers.clean.value, numbers.twins.value) == (0.0, 0.0, 0.0)


def test_a_call_without_a_label_of_incidents_says_nothing_of_them() -> None:
    assert summarise_incidents([]) is None
    (case,) = judged([asked("1a", "1b", {"id": "rude_agent", "turn": 1})], {"1a": [mention("rude_agent", 3)]})
    assert case.right
    assert summarise_incidents([case.model_copy(update={"incidents": None})]) is None
