import math
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.judging.conftest import Judged

from ausweis.facts import Calibration, Facts
from ausweis.judging import risk
from ausweis.judging.decide import decide
from ausweis.judging.judge import outlook_of
from ausweis.judging.risk import in_the_field
from ausweis.judging.sentences import review_sentence
from ausweis.policies import Policy

N = "1 gives name, "
MEASURED = Calibration(reference=0.17, longer=-1.5, surest=0.99)


@pytest.mark.parametrize(
    ("lines", "defects", "risk", "confidence"),
    [
        (N + "2 discloses usage_data ~0.8", {}, 0.8, 0.8),
        (N + "2 discloses usage_data ~0.3", {}, 0.3, 0.7),
        (N + "3 gives pin ~0.9, 4 discloses usage_data", {}, 0.1, 0.9),
        (N + "3 gives pin ~0.9, 4 discloses usage_data ~0.5", {}, 0.05, 0.5),
        (N + "2 discloses usage_data ~0.6, 4 changes contract_change ~0.5", {}, 0.8, 0.8),
        (N + "2 discloses usage_data ~0.99995", {}, 1.0, 1.0),
        (N + "2 discloses usage_data ~0.01", {}, 0.0, 1.0),
        (N + "2 discloses usage_data", {"starts_late": 0.25}, 0.75, 0.75),
        (N + "2 discloses usage_data", {"starts_late": 0.5, "garbled": 0.5}, 0.25, 0.75),
        (N + "2 reads_out address", {"starts_late": 0.75}, 0.25, 0.75),
    ],
)
def test_risk_weighs_all_joint_outcomes(
    judged: Judged, lines: str, defects: dict[str, float], risk: float, confidence: float
) -> None:
    verdict = judged(lines, defects=defects)
    assert (verdict.risk, verdict.confidence) == (risk, confidence)


MANY = ", ".join(f"{turn} discloses usage_data ~0.06" for turn in range(2, 42))
"""Forty events that are hardly likely each."""


def test_many_unsure_events_count_together(judged: Judged) -> None:
    """That none of them happened is as likely as 0.94 to the power of 40: no event may be rounded away."""
    verdict = judged(MANY)
    assert verdict.risk == pytest.approx(1 - 0.94**40, abs=0.04)
    assert verdict.outcome == "violation"
    assert [one.turn for one in verdict.violations] == [verdict.first_violation_turn]


def test_many_unsure_events_are_bounded(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two to the power of 40 joint outcomes would never end: as many are decided as `MOST` says, and a few beside."""
    counted = Mock(side_effect=decide)
    monkeypatch.setattr(risk, "decide", counted)
    judged(MANY)
    assert 100 < counted.call_count <= risk.MOST + 3 * (40 + 1)


@given(chances=st.lists(st.floats(0.05, 0.95), min_size=10, max_size=14), pin=st.floats(0.05, 0.95))
def test_what_is_drawn_comes_to_what_all_worlds_come_to(
    make_facts: Callable[..., Facts], telecom: Policy, chances: list[float], pin: float
) -> None:
    """The caller gave a PIN or not, then any of many actions: a violation without it."""
    acts = [f"{turn} discloses usage_data ~{chance:.4f}" for turn, chance in enumerate(chances, 3)]
    none = math.prod(1 - round(chance, 4) for chance in chances)
    weights = outlook_of(make_facts(", ".join([N + f"2 gives pin ~{pin:.4f}", *acts])), telecom).weights
    assert weights["violation"] == pytest.approx((1 - pin) * (1 - none), abs=0.05)
    assert sum(weights.values()) == pytest.approx(1)


UNSURE = N + "3 gives pin ~0.4, 4 discloses usage_data ~0.9, 9 changes contract_change ~0.3"


@given(st.floats(0.0005, 0.9995), st.floats(0.0005, 0.9995), st.sampled_from([0.01, 0.05, 0.5]), st.integers(1, 200))
def test_the_order_of_risk_stays_whatever_is_expected(one: float, other: float, expected: float, turns: int) -> None:
    learned = Calibration(reference=0.2, longer=-0.4, surest=0.99)
    first, second = (in_the_field(weight, expected, turns, learned) for weight in (one, other))
    assert in_the_field(one, expected, 2 * turns + 40, learned) < in_the_field(one, expected, 20, learned)
    assert (first < second) == (one < other) or first == second
    assert 0 < first < 1


def test_fewer_expected_violations_ask_for_a_surer_verdict(judged: Judged, telecom: Policy) -> None:
    risks = [
        judged(UNSURE, telecom.model_copy(update={"expected_violations": expected})).risk
        for expected in (0.5, 0.2, 0.05, 0.01)
    ]
    assert risks == sorted(risks, reverse=True)
    assert risks[0] > risks[-1]


@pytest.mark.parametrize("expected", [0.001, 0.1, 0.9])
def test_what_is_certain_stays_certain(judged: Judged, telecom: Policy, expected: float) -> None:
    policy = telecom.model_copy(update={"expected_violations": expected})
    sure, clean = (
        judged(N + "2 discloses usage_data", policy),
        judged(N + "3 gives pin, 4 discloses usage_data", policy),
    )
    assert (sure.outcome, sure.risk, sure.confidence) == ("violation", 1.0, 1.0)
    assert (clean.outcome, clean.risk, clean.confidence) == ("compliant", 0.0, 1.0)


@pytest.mark.parametrize("expected", [0.001, 0.1, 0.3])
def test_what_an_unmeasured_reader_did_not_find_has_the_prior(judged: Judged, telecom: Policy, expected: float) -> None:
    policy = telecom.model_copy(update={"expected_violations": expected})
    for lines in ("", "1 asks pin, 2 gives pin"):
        verdict = judged(lines, policy, unmeasured=True)
        found = (verdict.outcome, verdict.risk, verdict.confidence, [one.code for one in verdict.review_reasons])
        assert found == ("not_applicable", expected, 1 - expected, ["unmeasured_reader"])
        before = judged(lines, policy)
        assert (before.outcome, before.risk, before.confidence, before.review_reasons) == ("not_applicable", 0, 1, ())


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [(N + "2 discloses usage_data", "violation"), (N + "3 gives pin, 4 discloses usage_data", "compliant")],
)
def test_nothing_is_certain_of_an_unmeasured_reader_and_not_every_call_is_reviewed(
    judged: Judged, lines: str, outcome: str
) -> None:
    bounded = Calibration(reference=0.5, longer=0.0, surest=0.99)
    verdict = judged(lines, unmeasured=True, calibration=bounded)
    assert (verdict.outcome, verdict.confidence, verdict.needs_review) == (outcome, 0.99, False)
    assert verdict.risk == (0.99 if outcome == "violation" else 0.01)
    assert judged(lines).confidence == 1.0


@given(st.floats(0.0, 0.96), st.floats(0.05, 0.9))
def test_an_unmeasured_reader_lowers_no_risk(chance: float, expected: float) -> None:
    outlook = risk.Outlook({"violation": chance, "not_applicable": 1 - chance}, {}, certain=False)
    measured, other = (
        found.in_the_field(expected, 20, MEASURED).weights for found in (outlook, outlook._replace(unmeasured=True))
    )
    assert other["violation"] >= max(measured["violation"], expected * (1 - chance))
    assert sum(other.values()) == pytest.approx(1)


THIRD_PARTY = ", ".join(
    f"{line} ~0.95"
    for line in (
        *("1 gives name", "3 speaks_for_other", "5 asks customer_number", "6 gives customer_number"),
        *("7 asks date_of_birth", "8 gives date_of_birth", "90 discloses usage_data"),
    )
)
"""A daughter knows all that her mother would; each event is read, none for certain."""


def test_a_reader_without_calibration_is_taken_at_its_word(judged: Judged, telecom: Policy) -> None:
    """In a long call too: the doubt of another reader is none of its own."""
    own, others = (judged(THIRD_PARTY, telecom, turns=120, calibration=one) for one in (None, MEASURED))
    assert (own.outcome, [one.type for one in own.violations][:1]) == ("violation", ["unauthorised_third_party"])
    assert others.risk < 0.5
    assert own.risk == judged(THIRD_PARTY, telecom, turns=12, calibration=None).risk > 0.9


@pytest.mark.parametrize("expected", [0.02, 0.1, 0.4])
def test_the_policy_is_the_only_prior_of_a_reader_without_calibration(
    judged: Judged, telecom: Policy, expected: float
) -> None:
    """What is read counts as it is where a policy expects what a silent one does; else the prior odds shift."""
    lines = N + "2 discloses usage_data ~0.8"
    risk = judged(lines, telecom.model_copy(update={"expected_violations": expected}), calibration=None).risk
    odds = 0.8 / 0.2 * expected / (1 - expected) / (0.1 / 0.9)
    assert risk == pytest.approx(odds / (1 + odds), abs=1e-4)


def test_a_call_that_is_not_flagged_keeps_the_likeliest_of_the_other_outcomes(judged: Judged, telecom: Policy) -> None:
    """Seven in ten joint outcomes are a violation; where one call in a hundred is, the call is what it is otherwise."""
    lines = N + "2 discloses usage_data ~0.7, 5 refuses ~0.2"
    rare = judged(lines, telecom.model_copy(update={"expected_violations": 0.01}))
    assert rare.outcome == "not_applicable"
    assert rare.violations == ()
    assert rare.risk == pytest.approx(0.7 * 0.01 / (0.7 * 0.01 + 0.3 * 0.99), abs=1e-4)
    assert rare.confidence == pytest.approx((1 - rare.risk) * 0.8, abs=1e-4)


@pytest.mark.parametrize(
    ("lines", "more", "words"),
    [
        (N + "2 discloses usage_data ~0.65", {}, ["Verlässlichkeit 65\u00a0%"]),
        (N + "2 discloses usage_data", {"defects": {"garbled": 1.0}}, ["reicht nicht"]),
        (N + "2 discloses usage_data ~0.55, 4 changes contract_change", {}, ["unsicheren Stelle (Redebeitrag 2)"]),
        ("1 gives pin, 2 discloses usage_data", {}, ["wer angerufen hat"]),
        (N + "2 discloses usage_data ~0.85", {}, ["kritischer Verstoß"]),
        (N + "2 discloses usage_data ~0.95", {}, []),
        (N + "1 gives pin, 2 discloses usage_data", {}, []),
    ],
)
def test_a_person_looks_where_there_is_a_reason(
    judged: Judged, lines: str, more: dict[str, Any], words: list[str]
) -> None:
    verdict = judged(lines, **more)
    assert verdict.needs_review == bool(words)
    told = [review_sentence(reason, "de") for reason in verdict.review_reasons]
    assert len(told) == len(words)
    assert all(word in sentence for word, sentence in zip(words, told, strict=True))
