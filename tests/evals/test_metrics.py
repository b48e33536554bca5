"""Numbers on cases that can be counted by hand."""

import pytest
from tests.evals.cases import case, findings

from ausweis.evals.metrics import summarise
from ausweis.evals.metrics.estimate import share
from ausweis.evals.metrics.summary import flipped, found_curve

CASES = [
    case("a", "violation", "violation", 0.9),
    case("b", "violation", "compliant", 0.4),
    case("c", "compliant", "violation", 0.7),
    case("d", "compliant", "compliant", 0.1),
    case("e", "not_applicable", None, 0.0),
]


def test_main_numbers() -> None:
    found = summarise(CASES)
    assert (found.calls, found.failed) == (5, 1)
    assert found.accuracy.value == pytest.approx(2 / 5)
    assert found.precision.value == found.recall.value == found.f1.value == pytest.approx(1 / 2)
    assert found.confusion["violation"] == {
        "compliant": 1, "violation": 1, "not_applicable": 0, "inconclusive": 0, "failed": 0
    }  # fmt: skip
    assert found.confusion["not_applicable"]["failed"] == 1
    assert found.average_precision.value == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert found.flips is None


def test_wilson_interval_of_a_textbook() -> None:
    # Newcombe 1998, table I: 81 of 263.
    found = share(81, 263)
    assert found.low == pytest.approx(0.2553, abs=1e-4)
    assert found.high == pytest.approx(0.3662, abs=1e-4)


def test_a_share_of_nothing() -> None:
    assert share(0, 0).value is None
    assert str(share(0, 0)) == "–"


def test_bootstrap_is_the_same_each_time_and_holds_the_value() -> None:
    first, second = summarise(CASES).f1, summarise(CASES).f1
    assert first == second
    assert first.low is not None
    assert first.high is not None
    assert first.low <= 0.5 <= first.high


def test_first_turn_needs_the_exact_turn() -> None:
    wrong = case("x", "violation", "violation", told=findings("violation", "late_authentication@5"))
    assert summarise([case("a", "violation", "violation"), wrong]).first_turn.value == pytest.approx(0.5)


def test_types_are_counted_once_a_call() -> None:
    told = findings("violation", "factor_leaked@1", "factor_leaked@4", "late_authentication@3")
    found = summarise([case("a", "violation", "violation", told=told)]).by_type
    assert found["factor_leaked"]["precision"].value == 0.0
    assert found["factor_leaked"]["precision"].n == 1
    assert found["late_authentication"]["recall"].value == 1.0


def test_facts_count_by_turn_and_status() -> None:
    gold = findings("compliant", factors=("pin@4:verified", "name@2:verified"), actions=("usage_data@6",))
    told = findings("compliant", factors=("pin@4:rejected", "name@3:verified"), actions=("usage_data@6",))
    cases = [case("a", "compliant", "compliant", gold=gold, told=told)]
    assert summarise(cases).factor_f1.value == pytest.approx(1 / 2)
    assert summarise(cases).factor_status_f1.value == 0.0
    assert summarise(cases).action_f1.value == 1.0


def test_authorisation_is_of_calls_with_somebody_else() -> None:
    other = findings("compliant", authorisation="on_file")
    cases = [case("a", "compliant", "compliant"), case("b", "compliant", "compliant", gold=other)]
    assert summarise(cases).authorisation == share(0, 1)


def test_review_finds_the_riskiest_and_ties_are_against_us() -> None:
    cases = [case(str(n), "violation" if n < 2 else "compliant", "compliant", 0.5) for n in range(10)]
    assert summarise(cases).found_when_reviewed["20%"].value == 0.0
    assert found_curve(cases)[-1] == (1.0, 1.0)


def test_reliability_bins() -> None:
    cases = [case("a", "compliant", "compliant", confidence=1.0), case("b", "compliant", "violation", confidence=0.95)]
    (found,) = summarise(cases).reliability
    assert (found.low, found.right.value) == (0.9, 0.5)
    assert found.confidence == pytest.approx(0.975)


def test_coverage_takes_equal_confidences_together() -> None:
    right = [case(str(n), "compliant", "compliant", confidence=0.9) for n in range(3)]
    wrong = case("w", "compliant", "violation", confidence=0.9)
    unsure = case("u", "compliant", "violation", confidence=0.2)
    assert summarise([*right, unsure]).coverage.value == pytest.approx(3 / 4)
    assert summarise([*right, wrong, unsure]).coverage.value == 0.0


def test_failed_calls_do_not_make_confidence_look_good() -> None:
    found = summarise([case("a", "compliant", None, 0.0, confidence=0.0), case("b", "compliant", "violation")])
    assert found.brier.n == found.risk_brier.n == 1
    assert found.brier.value == pytest.approx(0.64)


def test_flips_over_repeats() -> None:
    cases = [case("a", "compliant", "compliant"), case("a", "compliant", "violation", repeat=2)]
    cases += [case("b", "compliant", "compliant"), case("b", "compliant", "compliant", repeat=2)]
    assert flipped(cases) == ["a"]
    assert summarise(cases).flips == share(1, 2)


def test_false_alarms_are_of_clean_calls() -> None:
    found = summarise(CASES).false_alarms
    assert found.value == pytest.approx(1 / 3)
    assert found.n == 3
    assert summarise(CASES[:2]).false_alarms.value is None


def test_a_review_where_violations_are_rare() -> None:
    """Ten violations and ten clean calls; at 2 in 100 each violation weighs 0.002, each clean call 0.098."""
    broken = [case(f"v{place}", "violation", "violation", 0.9 - place / 100) for place in range(9)]
    missed = case("v9", "violation", "compliant", 0.1)
    clean = [case(f"c{place}", "compliant", "compliant", 0.3 - place / 100) for place in range(10)]
    found = {(one.expected, one.reviewed): one for one in summarise([*broken, missed, *clean]).reviews}
    # The riskiest 5 %: nine violations (0.018) and a third of the first clean call.
    half = found[0.02, 0.05]
    assert half.found.value == pytest.approx(0.9)
    assert half.precision.value == pytest.approx(0.018 / 0.05)
    # The riskiest 2 % when 5 in 100 are violations: four of ten.
    few = found[0.05, 0.02]
    assert few.found.value == pytest.approx(0.4)
    assert few.precision.value == pytest.approx(1.0)


def test_among_equals_in_a_review_clean_calls_come_first() -> None:
    equal = [case("v", "violation", "violation", 0.5), case("c", "compliant", "violation", 0.5)]
    assert {one.found.value for one in summarise(equal).reviews} == {0.0}
    assert summarise(equal[:1]).reviews == []
