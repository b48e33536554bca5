"""What holds for every call, tried on random lists of events."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ausweis.facts import CALLER_EVENTS, Event, Facts
from ausweis.judging import Verdict, judge
from ausweis.policies import Policy, find_policy, shipped_policies
from ausweis.vocabulary import CHANGES, DISCLOSURES, FACTORS

POLICIES = [find_policy(name).policy for name in shipped_policies()]
FACTOR_EVENTS = ("gives", "pre_authenticated", "callback")
many = settings(max_examples=150)
certain = st.just(1.0)

# Often drawn factors are those that the policies ask for, so that levels are met often enough to matter.
factors = st.sampled_from(["name", "pin", "password", "customer_number", "date_of_birth", "address"]) | st.sampled_from(
    list(FACTORS)
)
kinds = st.sampled_from(
    ["gives"] * 6
    + [
        "discloses",
        "changes",
        "reads_out",
        "rejects",
        "speaks_for_other",
        "speaks_for_self",
        "holder_joins",
        "accepts",
        "asks",
    ]
    * 2
    + ["pre_authenticated", "callback", "authorisation_found", "authorisation_missing", "refuses"]
)


@st.composite
def event(draw: st.DrawFn, probabilities: st.SearchStrategy[float] = certain) -> Event:
    kind: Any = draw(kinds)
    subject = None
    if kind in ("gives", "asks", "reads_out"):
        subject = draw(factors)
    elif kind == "rejects":
        subject = draw(st.none() | factors)
    elif kind in ("discloses", "changes"):
        subject = draw(st.sampled_from(DISCLOSURES if kind == "discloses" else CHANGES))
    # Callers speak in odd turns, agents in even ones.
    turn = 2 * draw(st.integers(1, 8)) - (kind in CALLER_EVENTS)
    return Event(kind=kind, subject=subject, turn=turn, quote="q", probability=draw(probabilities))


events = st.lists(event(), max_size=12)
unsure = st.lists(event(st.floats(0, 1)), max_size=7)
defects = st.sampled_from([{}, {}, {"starts_late": 1.0}, {"garbled": 0.6}])
policies = st.sampled_from(POLICIES)


def facts_of(found: list[Event], defect: dict[str, float] | None = None) -> Facts:
    return Facts.model_validate({"call_id": "c", "turns": 20, "events": found, "defects": defect or {}})


def dumped(verdict: Verdict) -> str:
    return verdict.model_dump_json(by_alias=True)


@many
@given(events, defects, policies, st.data())
def test_taking_a_verified_factor_away_never_heals(
    found: list[Event], defect: dict[str, float], policy: Policy, data: st.DataObject
) -> None:
    before = judge(facts_of(found, defect), policy)
    verified = {(one.factor, one.turn) for one in before.factors if one.status == "verified"}
    given_events = [e for e in found if e.kind == "gives" and (e.subject, e.turn) in verified]
    assume(given_events)
    gone = data.draw(st.sampled_from(given_events))
    # What is given once another's account was asked about says whose account is meant, too.
    assume(not any(e.kind == "speaks_for_other" and e.turn <= gone.turn for e in found))
    after = judge(facts_of([e for e in found if e is not gone], defect), policy)
    if before.outcome in ("violation", "inconclusive"):
        assert after.outcome in ("violation", "inconclusive")
    assert len(after.violations) >= len(before.violations) or after.outcome == "inconclusive"


@many
@given(events, policies, st.data())
def test_moving_an_action_before_the_factors_never_heals(
    found: list[Event], policy: Policy, data: st.DataObject
) -> None:
    acts = [e for e in found if e.kind in ("discloses", "changes")]
    assume(acts)
    act = data.draw(st.sampled_from(acts))
    # Turn 1 is before all factors: what the caller gives counts from the turn after, and agents speak in even turns.
    moved = [e.model_copy(update={"turn": 1}) if e is act else e for e in found]
    assert judge(facts_of(moved), policy).outcome == "violation"


@many
@given(events, policies, st.data())
def test_moving_an_action_forward_never_heals_its_level(
    found: list[Event], policy: Policy, data: st.DataObject
) -> None:
    found = [e for e in found if e.kind not in ("speaks_for_other", "holder_joins")]
    unmet = {(a.category, a.turn) for a in judge(facts_of(found), policy).actions if not a.met}
    acts = [e for e in found if e.kind in ("discloses", "changes") and (e.subject, e.turn) in unmet]
    assume(acts)
    act = data.draw(st.sampled_from(acts))
    turn = data.draw(st.integers(1, act.turn))
    moved = [e.model_copy(update={"turn": turn}) if e is act else e for e in found]
    assert judge(facts_of(moved), policy).outcome == "violation"


@many
@given(events, defects, policies, st.data())
def test_a_stricter_policy_never_has_fewer_violations(
    found: list[Event], defect: dict[str, float], policy: Policy, data: st.DataObject
) -> None:
    plain = policy.model_dump()
    name = data.draw(st.sampled_from(list(policy.levels)))
    sets = [list(one) for one in plain["levels"][name]["any_of"]]
    if data.draw(st.booleans()):
        sets.pop(data.draw(st.integers(0, len(sets) - 1)))
    else:
        more = data.draw(st.sampled_from([f for f in FACTORS if f != "name"]))
        sets = [[*one, more] for one in sets if more not in one]
    unique = {frozenset(one): one for one in sets}
    assume(unique)
    plain["levels"][name] = {"any_of": list(unique.values())}
    # What may be read out and done at which level stays as it is; only the level is harder to meet.
    stricter = Policy.model_validate(plain)
    before, after = judge(facts_of(found, defect), policy), judge(facts_of(found, defect), stricter)
    assert len(after.violations) >= len(before.violations)
    if before.outcome in ("violation", "inconclusive"):
        assert after.outcome in ("violation", "inconclusive")


@many
@given(events, policies, st.integers(1, 8), factors)
def test_asking_changes_nothing(found: list[Event], policy: Policy, turn: int, factor: str) -> None:
    asks = Event(kind="asks", subject=factor, turn=2 * turn, quote="q")
    assert dumped(judge(facts_of([*found, asks]), policy)) == dumped(judge(facts_of(found), policy))


@many
@given(unsure, policies, st.integers(1, 8), st.floats(0, 1))
def test_accepting_changes_nothing_where_each_rejection_says_what_is_wrong(
    found: list[Event], policy: Policy, turn: int, probability: float
) -> None:
    found = [e for e in found if e.kind != "rejects" or e.subject is not None]
    accepts = Event(kind="accepts", turn=2 * turn, quote="q", probability=probability)
    assert dumped(judge(facts_of([*found, accepts]), policy)) == dumped(judge(facts_of(found), policy))


@many
@given(unsure, st.dictionaries(st.sampled_from(["starts_late", "garbled"]), st.floats(0, 1)), policies)
def test_risk_and_confidence_are_probabilities(found: list[Event], defect: dict[str, float], policy: Policy) -> None:
    verdict = judge(facts_of(found, defect), policy)
    assert 0 <= verdict.risk <= 1
    assert 0 <= verdict.confidence <= 1
    if verdict.outcome != "violation":
        assert verdict.risk + verdict.confidence <= 1.0002  # both are rounded
    else:
        assert verdict.risk == verdict.confidence


@many
@given(events, policies)
def test_certain_facts_give_certain_numbers(found: list[Event], policy: Policy) -> None:
    verdict = judge(facts_of(found), policy)
    assert verdict.risk == (1.0 if verdict.outcome == "violation" else 0.0)
    assert verdict.confidence == 1.0


@many
@given(unsure, defects, policies)
def test_the_same_facts_give_the_same_bytes(found: list[Event], defect: dict[str, float], policy: Policy) -> None:
    again = Facts.model_validate_json(facts_of(found, defect).model_dump_json(by_alias=True))
    assert dumped(judge(facts_of(found, defect), policy)) == dumped(judge(again, policy))


@many
@given(events, policies)
def test_the_parts_of_a_verdict_agree(found: list[Event], policy: Policy) -> None:
    verdict = judge(facts_of(found), policy)
    assert (verdict.outcome == "violation") == bool(verdict.violations)
    results = {check.id: check.result for check in verdict.checks}
    broken = {one.type for one in verdict.violations}
    assert (results["no_factor_leaked"] == "fail") == ("factor_leaked" in broken)
    assert (results["third_party_authorised"] == "fail") == ("unauthorised_third_party" in broken)
    assert (results["authenticated_before_action"] == "fail") == any(not action.met for action in verdict.actions)
    if broken & {"no_authentication", "insufficient_factors", "action_after_failed_authentication"}:
        assert results["factors_sufficient"] == "fail"
    if any(not action.met for action in verdict.actions):
        assert verdict.outcome == "violation"


@pytest.mark.parametrize("count", [7, 12])
def test_many_unsure_events_are_bounded(make_facts: Callable[..., Facts], telecom: Policy, count: int) -> None:
    lines = ", ".join(f"{2 * turn} discloses usage_data ~0.{90 - turn}" for turn in range(1, count + 1))
    assert judge(make_facts(lines), telecom).risk == 1.0
