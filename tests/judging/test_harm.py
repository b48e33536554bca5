"""The one order: severity, how sure, different causes, kind; unsure calls after sure ones."""

import itertools

import pytest

from ausweis.judging.harm import Found, found_in, found_of, harm, named
from ausweis.judging.verdict import Authorisation, Incident, Verdict, Violation
from ausweis.vocabulary import GRAVEST, VIOLATIONS

THIRD, FAILED, NONE = (Found(kind, "critical", 5) for kind in GRAVEST[:3])
LEAK, LATE = Found("factor_leaked", "high", 3), Found("late_authentication", "medium", 3)
THREAT = Found("press_threat", "critical", 2, incident=True)


def sure(found: Found, how: float) -> Found:
    return found._replace(sure=how)


def weight(found: list[Found], *, unsure: bool = False) -> int:
    return harm(found, 0.5, unsure=unsure)


def test_all_types_have_their_place() -> None:
    assert sorted(GRAVEST) == sorted(VIOLATIONS)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        # Severity, then how sure, then different causes, then the kind.
        ([LATE], []),
        ([sure(LEAK, 0.1)], [sure(LATE, 0.9), sure(THIRD._replace(severity="medium"), 0.9)]),
        ([sure(FAILED, 0.91)], [sure(THIRD, 0.9), sure(THIRD, 0.9)._replace(turn=9), sure(LEAK, 0.99)]),
        ([NONE, LEAK], [NONE]),
        ([NONE, LEAK], [NONE, *(NONE._replace(turn=turn) for turn in range(6, 20))]),
        ([LEAK, LEAK._replace(level="elevated")], [LEAK, LEAK._replace(turn=9)]),
        ([THIRD], [FAILED]),
        ([FAILED], [NONE]),
        ([NONE], [THREAT]),
        # An incident is as sure as itself, not as the risk.
        ([sure(THREAT, 0.9)], [sure(NONE, 0.89)]),
    ],
)
def test_what_is_worse_weighs_more(worse: list[Found], better: list[Found]) -> None:
    assert weight(worse) > weight(better)


def test_repeats_of_one_cause_count_once() -> None:
    again = [THIRD._replace(turn=turn) for turn in (5, 9, 11, 23, 27, 31, 40)]
    assert weight(again) == weight([THIRD])


def test_unsure_calls_come_after_sure_ones_and_before_those_in_which_there_is_nothing_to_look_at() -> None:
    ordered = [([LATE], False), ([THIRD, LEAK], True), ([LEAK], True), ([], True), ([], False)]
    weights = [weight(found, unsure=unsure) for found, unsure in ordered]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == len(weights)


def test_how_sure_is_told_apart_as_pages_show_it() -> None:
    assert weight([sure(NONE, 0.976)]) == weight([sure(NONE, 0.984)]) > weight([sure(NONE, 0.971)])
    assert harm([], 0.9, unsure=True) > harm([], 0.6, unsure=True)


def test_more_causes_than_are_counted_do_not_reach_the_next_severity() -> None:
    many = [LATE._replace(level=str(level)) for level in range(500)]
    assert weight(many[:200]) == weight(many) < weight([sure(LEAK, 0.0)]) < 10**8


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
        incidents=(Incident(id="press_threat", turn=2, severity="critical", description="", probability=0.8),),
        risk=1,
        confidence=1,
        needs_review=False,
    )
    body = verdict.model_dump(mode="json", by_alias=True)
    assert found_of(verdict) == found_in(body) == [LEAK, sure(THREAT, 0.8)]
    body["incidents"][0]["kind"] = body["incidents"][0].pop("id")
    assert found_in(body) == [LEAK, sure(THREAT, 0.8)]
