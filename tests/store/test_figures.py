"""What people decide changes the figures; each counts the calls that its filter shows; small teams stay hidden."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from tests.store.conftest import Filled
from tests.store.runs import incident_of, make_call, write_run

from ausweis.calls import Call
from ausweis.store import (
    ALL_INCIDENTS,
    ALL_VIOLATIONS,
    TEAM_AGENTS,
    TEAM_MINIMUM,
    CallFilter,
    Counted,
    DayCount,
    Finding,
    Store,
    Subject,
)
from ausweis.store.counted import FEWEST, was_asked

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 4)
NONE, LEAK = Subject(name="no_authentication"), Subject(name="factor_leaked")
RUDE = Subject(incident=True, name="rude_agent")


@pytest.fixture
def some(store: Store) -> Store:
    """Calls 1 to 12 of three days, the even ones violations; 1 and 2 with an incident, 7 to 12 not read for any."""
    for numbers, asked in ((range(1, 7), ("rude_agent", "press_threat")), (range(7, 13), ())):
        calls = [
            make_call(n, pin=n % 2 > 0, day=str(FIRST + timedelta(days=n % 3)), team=None, agent=None) for n in numbers
        ]
        incidents = {f"call-{n}": [incident_of(2, "rude_agent")] for n in numbers[:2] if asked}
        write_run(store, calls, looked_for=asked, incidents=incidents)
    return store


def decide(store: Store, number: int, choice: str = "confirm", **label: Any) -> None:
    record = store.record(store.find(f"call-{number}") or 0)
    label |= {"reviewer": "R", "choice": choice, "verdict_key": record.verdict_key}
    store.decide(record.row.key, **label)


def decided(store: Store) -> Store:
    """2 confirmed, 4 overruled as compliant, 6 as another violation; 3 found to be one; 8 not sure."""
    decide(store, 2)
    decide(store, 4, "overrule", outcome="compliant")
    decide(store, 6, "overrule", outcome="violation", violations=[("factor_leaked", 4)])
    decide(store, 3, "overrule", outcome="violation", violations=[("no_authentication", 4)])
    decide(store, 8, "not_sure")
    return store


def numbers(found: Counted) -> tuple[int, ...]:
    return (found.reported, found.confirmed, found.overruled, found.open, found.added)


def test_what_people_decide_changes_the_figures(some: Store) -> None:
    assert numbers(some.figures(FIRST, LAST).every.total) == (6, 0, 0, 6, 0)
    decided(some)
    # A violation of another type is still one; of the types, it confirms none that the verdict named.
    assert numbers(some.figures(FIRST, LAST).every.total) == (6, 2, 1, 3, 1)
    assert numbers(some.figures(FIRST, LAST, NONE).every.total) == (6, 1, 2, 3, 1)
    assert numbers(some.figures(FIRST, LAST, LEAK).every.total) == (0, 0, 0, 0, 1)
    assert {one: numbers(found) for one, found in some.counted_by_name(FIRST, LAST).items()} == {
        ALL_VIOLATIONS: (6, 2, 1, 3, 1),
        ALL_INCIDENTS: (2, 1, 0, 1, 0),
        NONE: (6, 1, 2, 3, 1),
        LEAK: (0, 0, 0, 0, 1),
        RUDE: (2, 1, 0, 1, 0),
    }


def test_what_was_taken_back_changes_them_again(some: Store) -> None:
    decide(some, 4, "overrule", outcome="compliant")
    key = some.find("call-4") or 0
    (decision,) = some.record(key).decisions
    some.withdraw(key, reviewer="R", decision_key=decision.key)
    assert numbers(some.figures(FIRST, LAST).every.total) == (6, 0, 0, 6, 0)
    assert some.verify_chain()


@pytest.mark.parametrize("subject", [ALL_VIOLATIONS, NONE, LEAK, ALL_INCIDENTS, RUDE])
def test_each_figure_counts_the_calls_that_its_filter_shows(some: Store, subject: Subject) -> None:
    decided(some)
    names = (subject.name,) if subject.name else ()
    which: Any = {"incidents": names, "any_incident": not names} if subject.incident else {"violations": names}
    for first, last in ((FIRST, LAST), (FIRST, FIRST), (LAST, LAST)):
        found = some.figures(first, last, subject).every.total
        here = CallFilter(first=first, last=last, **which)
        for finding in get_args(Finding):
            assert some.count(replace(here, finding=finding)) == getattr(found, finding), finding
        if subject.incident:
            looked = subject.name or True
            assert some.count(CallFilter(first=first, last=last, looked_for=looked)) == found.asked
            assert some.count(CallFilter(first=first, last=last, looked_for=False)) == found.calls - found.asked


def test_incidents_count_in_calls_that_were_read_for_them(some: Store) -> None:
    every = some.figures(FIRST, LAST, RUDE).every.total
    assert (every.calls, every.asked, every.share) == (12, 6, 2 / 6)
    other = some.figures(FIRST, LAST, Subject(incident=True, name="lawyer_threat")).every.total
    assert (other.asked, other.share) == (0, None)
    assert was_asked(Subject(incident=True, name="mine"), ("own-12345678",))
    assert not was_asked(Subject(incident=True, name="mine"), ("rude_agent",))


def test_days_and_queues_sum_up_to_all(some: Store) -> None:
    found = some.figures(FIRST, LAST)
    assert sum(found.calls for found in found.every.days.values()) == found.every.total.calls == 12
    assert {queue: series.total.reported for queue, series in found.queues.items()} == {"billing": 6}
    assert found.teams[None].total == found.every.total


def test_teams_are_told_apart_as_everywhere(store: Store, filled: Filled) -> None:
    calls = [
        make_call(100 * place + n, pin=n > 1, team=team, agent=f"{team} {n}", day=str(FIRST + timedelta(days=n % 2)))
        for place, (team, many) in enumerate((("Nord", 8), ("Süd", 6), ("West", 3)))
        for n in range(many)
    ]
    filled(calls)
    for first, last in ((FIRST, LAST), (FIRST, FIRST)):
        teams = store.figures(first, last).teams
        counted = {one.team: one.calls for one in store.day_counts(first, last, by=("team",))}
        assert {team: series.total.calls for team, series in teams.items()} == counted
        for team in filter(None, teams):
            assert store.count(CallFilter(first=first, last=last, teams=(team,))) == teams[team].total.calls


@pytest.mark.parametrize(
    ("teams", "with_days"),
    [
        # Calls of each of two days, and of how many agents.
        ({"Nord": (6, 6, 3), "Süd": (7, 7, 3), "West": (8, 8, 3)}, {"Nord", "Süd", "West"}),
        ({"Nord": (6, 6, 3), "Süd": (7, 2, 3), "West": (8, 8, 3)}, {"West"}),
        ({"Nord": (6, 6, 3), "Süd": (7, 2, 3), "West": (8, 2, 3)}, set()),
        ({"Nord": (6, 6, 3), "Süd": (7, 3, 3), "West": (8, 3, 3)}, {"Nord"}),
        ({"Nord": (6, 6, 3), "Solo": (4, 4, 1), "Duo": (4, 4, 2)}, {"Nord", None}),
        ({"Nord": (6, 0, 3), "Süd": (0, 7, 3)}, {"Nord", "Süd"}),
        ({"Nord": (3, 3, 3)}, set()),
    ],
)
def test_a_row_and_its_days_count_the_same_and_no_day_is_about_a_person(
    store: Store, filled: Filled, teams: dict[str, tuple[int, int, int]], with_days: set[str | None]
) -> None:
    days = [FIRST, FIRST + timedelta(days=1)]
    number = 0
    for name, (*many, agents) in teams.items():
        for day, count in zip(days, many, strict=True):
            filled(team(name, number, count, agents, day=str(day)))
            number += 100
    found = store.figures(days[0], days[1])
    assert {name for name, series in found.teams.items() if series.days} == with_days
    for series in found.teams.values():
        assert sum(series.days.values(), Counted()) in (series.total, Counted())
    assert sum((series.total for series in found.teams.values()), Counted()) == found.every.total
    for day in days:
        shown = sum(series.days.get(day, Counted()).calls for series in found.teams.values())
        left = found.every.days[day].calls - shown
        assert not 0 < left < TEAM_MINIMUM or not with_days


def test_a_share_of_few_decided_reports_tells_nothing() -> None:
    assert Counted(10, 10, 10, FEWEST - 1, 0).precision is None
    precise = Counted(20, 20, 12, 9, 3).precision
    assert precise is not None
    assert (precise.share, round(precise.low, 3), round(precise.high, 3)) == (0.75, 0.468, 0.911)


def test_rows_say_what_people_say(some: Store) -> None:
    decided(some)
    rows = {row.call_id: row for row in some.calls()}
    assert [rows[f"call-{n}"].corrected for n in (1, 2, 3, 4, 6, 8)] == [False, False, True, True, True, False]
    assert (rows["call-6"].right_outcome, rows["call-6"].right_violations) == ("violation", ("factor_leaked",))
    assert (rows["call-4"].right_outcome, rows["call-4"].right_violations) == ("compliant", ())
    assert (rows["call-8"].right_outcome, rows["call-8"].right_violations) == (None, None)
    assert (rows["call-2"].right_incidents, rows["call-2"].looked_for) == (
        ("rude_agent",),
        ("press_threat", "rude_agent"),
    )


FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)


def team(name: str | None, first: int, count: int, agents: int = 3, **more: object) -> list[Call]:
    return [make_call(first + n, team=name, agent=f"agent {name} {n % agents}", **more) for n in range(count)]  # type: ignore[arg-type]


def test_calls_by_day_queue_and_team(store: Store, filled: Filled) -> None:
    calls = [
        *team("Nord", 1, 6),
        *team("Nord", 20, 5, pin=False, day="2026-03-03"),
        *team("Nord", 40, 5, queue="moving"),
    ]
    twice = [incident_of(2, "rude_agent"), incident_of(4, "rude_agent")]
    filled(calls, unsure=["call-1"], incidents={"call-1": twice, "call-2": twice})
    counted = store.day_counts(FIRST, LAST)
    assert [replace(one, numbers={}, looked_for={}) for one in counted] == [
        DayCount(date(2026, 3, 2), "billing", "Nord", 6, {"compliant": 6}, {}, {"rude_agent": 2}, 1, 2),
        DayCount(date(2026, 3, 2), "moving", "Nord", 5, {"compliant": 5}, {}, {}, 0, 0),
        DayCount(date(2026, 3, 3), "billing", "Nord", 5, {"violation": 5}, {"no_authentication": 5}, {}, 0, 5),
    ]
    first, *_ = counted
    assert first.numbers == {
        ALL_VIOLATIONS: Counted(6, 6),
        ALL_INCIDENTS: Counted(6, 2, 2),
        Subject(incident=True, name="rude_agent"): Counted(6, 2, 2),
    }
    assert first.looked_for == {(): Counted(4, 4), ("rude_agent",): Counted(2, 2, 2)}
    assert [one.calls for one in store.day_counts(FIRST, LAST, by=("day",))] == [11, 5]
    assert [(one.queue, one.calls) for one in store.day_counts(FIRST, LAST, by=("queue",))] == [
        ("billing", 11),
        ("moving", 5),
    ]
    assert [one.calls for one in store.day_counts(FIRST, LAST, by=())] == [16]
    assert [one.calls for one in store.day_counts(date(2026, 3, 3), LAST, by=())] == [5]
    only = store.day_counts(FIRST, LAST, filter=CallFilter(outcomes=("violation",)), by=())
    assert [one.calls for one in only] == [5]
    assert store.day_counts(date(2027, 1, 1), date(2027, 1, 2)) == []


def test_small_teams_are_not_told_apart(store: Store, filled: Filled) -> None:
    filled(
        [
            *team("Large", 1, TEAM_MINIMUM, TEAM_AGENTS),
            *team("Few calls", 100, TEAM_MINIMUM - 1, TEAM_AGENTS),
            *team("Few agents", 200, TEAM_MINIMUM, TEAM_AGENTS - 1),
            *team(None, 300, 1),
            *[make_call(400 + n, team="Unknown agents", agent=None) for n in range(TEAM_MINIMUM)],
        ]
    )
    counted = {one.team: one.calls for one in store.day_counts(FIRST, LAST)}
    assert counted == {
        "Large": TEAM_MINIMUM,
        "Unknown agents": TEAM_MINIMUM,
        None: TEAM_MINIMUM - 1 + TEAM_MINIMUM + 1,
    }
    assert store.teams() == ["Large", "Unknown agents"]
    assert store.queues() == ["billing"]


def test_a_team_may_be_large_enough_in_a_month_and_not_on_a_day(store: Store, filled: Filled) -> None:
    days = ["2026-03-02", "2026-03-03", "2026-03-04"]
    filled([make_call(n, day=days[n % 3], agent=f"a{n % 4}") for n in range(1, 10)])
    # Three calls a day: without a name they would be told apart all the same.
    assert store.day_counts(FIRST, LAST) == []
    assert [(one.team, one.calls) for one in store.day_counts(FIRST, LAST, by=("team",))] == [("Nord", 9)]


def test_a_filter_tells_no_small_team_apart_either(store: Store, filled: Filled) -> None:
    filled(
        [
            *team("Large", 1, TEAM_MINIMUM),
            *team("Large", 50, 2, day="2026-03-03"),
            *team("Solo", 100, 9, agents=1, pin=False),
            *team("Large", 200, TEAM_MINIMUM, queue="moving", agents=1),
            *team("Next", 300, TEAM_MINIMUM),
        ]
    )
    solo, large = CallFilter(teams=("Solo",)), CallFilter(teams=("Large", "Solo"))
    for by in ((), ("day",), ("team",), ("day", "queue", "team")):
        assert store.day_counts(FIRST, LAST, filter=solo, by=by) == []
        assert store.day_counts(FIRST, LAST, filter=CallFilter(teams=("Next",)), by=by) == []
    assert store.count(CallFilter(teams=("Next",))) == 0
    assert store.count(solo) == 0
    assert store.count(CallFilter(teams=("Solo",), outcomes=("violation",))) == 0
    assert store.count(CallFilter(teams=("nobody",))) == 0
    assert [(one.team, one.calls) for one in store.day_counts(FIRST, LAST, filter=large, by=())] == [(None, 12)]
    assert [(one.day, one.calls) for one in store.day_counts(FIRST, LAST, filter=large, by=("day",))] == [
        (date(2026, 3, 2), 2 * TEAM_MINIMUM)
    ]
    assert store.count(large) == 12
    assert store.count(CallFilter(teams=("Large",), outcomes=("compliant",))) == 12
    assert store.count(CallFilter(teams=("Large",), first=date(2026, 3, 3))) == 0
    assert store.count(CallFilter(teams=("Large",), queues=("moving",))) == 0


def test_a_small_team_is_not_told_by_subtraction(store: Store, filled: Filled) -> None:
    days = ["2026-03-02", "2026-03-03"]
    for place, (north, south) in enumerate(((7, 6), (6, 8))):
        at = 1000 * place
        filled(
            [
                *team("Nord", at + 1, north, day=days[place]),
                *team("Süd", at + 100, south, day=days[place]),
                *team("Solo", at + 200, 9, agents=1, day=days[place]),
            ]
        )
    by_day = [(one.team, one.calls) for one in store.day_counts(FIRST, LAST, by=("day", "team"))]
    # Of both days together, Nord has fewer calls than Süd: it joins the others on each.
    assert by_day == [("Süd", 6), (None, 16), ("Süd", 8), (None, 15)]
    assert [(one.team, one.calls) for one in store.day_counts(FIRST, LAST, by=("team",))] == [("Süd", 14), (None, 31)]
    assert [one.calls for one in store.day_counts(FIRST, LAST, by=())] == [45]
    assert store.teams() == ["Süd"]
    assert [store.count(CallFilter(teams=(name,))) for name in ("Nord", "Süd", "Solo")] == [0, 14, 0]


def test_where_small_teams_are_enough_together_all_others_are_told(store: Store, filled: Filled) -> None:
    small = [*team("One", 1, 3, agents=1), *team("Two", 10, 3, agents=2)]
    filled([*small, *team("Nord", 100, 6), *team("Süd", 200, 6)])
    told = [(one.team, one.calls) for one in store.day_counts(FIRST, LAST)]
    assert told == [("Nord", 6), ("Süd", 6), (None, 6)]


def test_small_teams_together_with_calls_of_no_team(store: Store, filled: Filled) -> None:
    filled([*team("Solo", 1, 9, agents=1, pin=False), *team(None, 100, 2, agents=1)])
    # The two told alone would tell the nine.
    assert store.day_counts(FIRST, LAST) == []
    assert [one.calls for one in store.day_counts(FIRST, LAST, by=())] == [11]
    filled([*team("Nord", 200, 6), *team(None, 102, 1, agents=1, queue="moving")])
    assert [(one.team, one.calls) for one in store.day_counts(FIRST, LAST, by=("team",))] == [(None, 18)]
    filled([make_call(300, team=None, agent="somebody else")])
    assert [(one.team, one.calls) for one in store.day_counts(FIRST, LAST, by=("team",))] == [("Nord", 6), (None, 13)]


def test_an_agent_of_several_small_teams_is_one_person(store: Store, filled: Filled) -> None:
    filled([make_call(n, team=f"Team {n % 2}", agent=f"agent {n // 2 % 2}") for n in range(1, 9)])
    assert store.day_counts(FIRST, LAST) == []
    filled([make_call(9, team="Team 2", agent="agent 2")])
    assert [(one.team, one.calls) for one in store.day_counts(FIRST, LAST)] == [(None, 9)]


def test_an_empty_store(store: Store) -> None:
    assert (store.days(), store.teams(), store.queues(), store.day_counts(FIRST, LAST)) == (None, [], [], [])
