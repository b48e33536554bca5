"""The order of harm: severity, number, kind, then risk in steps that mean something."""

import itertools

import pytest

from ausweis.judging.harm import Found, found_in, found_of, harm, named
from ausweis.judging.verdict import Authorisation, Incident, Verdict, Violation
from ausweis.vocabulary import GRAVEST, VIOLATIONS

THIRD, FAILED, NONE = (Found(kind, "critical", 5) for kind in GRAVEST[:3])
LEAK, LATE = Found("factor_leaked", "high", 3), Found("late_authentication", "medium", 3)
THREAT = Found("press_threat", "critical", 2, incident=True)


def test_all_types_have_their_place() -> None:
    assert sorted(GRAVEST) == sorted(VIOLATIONS)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (([LATE], 0.0), ([], 1.0)),
        (([LEAK], 0.1), ([LATE, LATE._replace(turn=5), LATE._replace(turn=9)], 0.9)),
        (([NONE, NONE._replace(turn=9)], 0.5), ([THIRD], 0.99)),
        (([THIRD], 0.2), ([FAILED], 0.99)),
        (([FAILED], 0.2), ([NONE], 0.99)),
        (([NONE], 0.2), ([THREAT], 0.99)),
        (([NONE, LEAK], 0.2), ([NONE], 0.99)),
        (([NONE], 0.9), ([NONE], 0.6)),
        (([], 0.9), ([], 0.6)),
    ],
)
def test_what_is_worse_weighs_more(worse: tuple[list[Found], float], better: tuple[list[Found], float]) -> None:
    assert harm(*worse) > harm(*better)


def test_a_difference_of_risk_that_is_noise_changes_no_order() -> None:
    assert harm([NONE], 0.97) == harm([NONE], 0.98) == harm([NONE], 1.0)


def test_what_was_found_twice_at_one_turn_counts_once() -> None:
    assert harm([LEAK, LEAK], 0.5) == harm([LEAK], 0.5) < harm([LEAK, LEAK._replace(turn=4)], 0.5)


def test_more_findings_than_are_counted_do_not_reach_the_next_severity() -> None:
    many = [LATE._replace(turn=turn) for turn in range(1, 500)]
    assert harm(many[:200], 1.0) == harm(many, 1.0) < harm([LEAK], 0.0) < 10**8


def test_the_gravest_name_comes_first_with_its_first_turn() -> None:
    found = [LATE, LEAK._replace(turn=9), LEAK, THREAT, NONE._replace(turn=7), NONE]
    assert [(one.name, one.turn) for one in named(found).values()] == [
        ("no_authentication", 5),
        ("press_threat", 2),
        ("factor_leaked", 3),
        ("late_authentication", 3),
    ]


def test_severity_as_the_policy_has_it_goes_before_kind() -> None:
    grave = LATE._replace(severity="critical")
    assert list(named([LEAK, grave])) == ["late_authentication", "factor_leaked"]
    for one, other in itertools.pairwise(Found(kind, "high", 1) for kind in GRAVEST):
        assert list(named([other, one])) == [one.name, other.name]


def test_a_verdict_tells_the_same_as_its_json() -> None:
    verdict = Verdict(
        call_id="c",
        outcome="violation",
        violations=(Violation(type="factor_leaked", turn=3, severity="high", reason="r"),),
        first_violation_turn=3,
        caller="unclear",
        factors=(),
        actions=(),
        authorisation=Authorisation(status="not_needed"),
        checks=(),
        incidents=(Incident(id="press_threat", turn=2, severity="critical", description=""),),
        risk=1,
        confidence=1,
        needs_review=False,
    )
    body = verdict.model_dump(mode="json", by_alias=True)
    assert found_of(verdict) == found_in(body) == [LEAK, THREAT]
    body["incidents"][0]["kind"] = body["incidents"][0].pop("id")
    assert found_in(body) == [LEAK, THREAT]
