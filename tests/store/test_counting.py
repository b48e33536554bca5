from dataclasses import replace
from datetime import date
from pathlib import Path

from tests.store.conftest import Filled
from tests.store.runs import add_incidents, make_call, make_run

from ausweis.calls import Call
from ausweis.store import (
    ALL_INCIDENTS,
    ALL_VIOLATIONS,
    TEAM_AGENTS,
    TEAM_MINIMUM,
    CallFilter,
    Counted,
    DayCount,
    Store,
    Subject,
)

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)


def team(name: str | None, first: int, count: int, agents: int = 3, **more: object) -> list[Call]:
    return [make_call(first + n, team=name, agent=f"agent {name} {n % agents}", **more) for n in range(count)]  # type: ignore[arg-type]


def test_calls_by_day_queue_and_team(store: Store, tmp_path: Path) -> None:
    calls = [
        *team("Nord", 1, 6),
        *team("Nord", 20, 5, pin=False, day="2026-03-03"),
        *team("Nord", 40, 5, queue="moving"),
    ]
    folder = make_run(tmp_path / "run", calls, unsure=["call-1"])
    for name in ("call-1", "call-2"):
        incident = {"id": "rude_agent", "turn": 2, "severity": "low", "description": ""}
        add_incidents(folder, name, incident, incident | {"turn": 4})
    store.import_run(folder, calls)
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
            ],
            days[place],
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
    filled([*team("Nord", 200, 6), *team(None, 102, 1, agents=1, queue="moving")], "more")
    assert [(one.team, one.calls) for one in store.day_counts(FIRST, LAST, by=("team",))] == [(None, 18)]
    filled([make_call(300, team=None, agent="somebody else")], "yet more")
    assert [(one.team, one.calls) for one in store.day_counts(FIRST, LAST, by=("team",))] == [("Nord", 6), (None, 13)]


def test_an_agent_of_several_small_teams_is_one_person(store: Store, filled: Filled) -> None:
    filled([make_call(n, team=f"Team {n % 2}", agent=f"agent {n // 2 % 2}") for n in range(1, 9)])
    assert store.day_counts(FIRST, LAST) == []
    filled([make_call(9, team="Team 2", agent="agent 2")], "more")
    assert [(one.team, one.calls) for one in store.day_counts(FIRST, LAST)] == [(None, 9)]


def test_an_empty_store(store: Store) -> None:
    assert (store.days(), store.teams(), store.queues(), store.day_counts(FIRST, LAST)) == (None, [], [], [])
