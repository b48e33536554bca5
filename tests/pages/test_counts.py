"""Counts against the days before."""

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from scipy.stats import fisher_exact
from tests.pages.review_days import DAY
from tests.store.runs import incident_of, make_call, write_run

from ausweis.pages.counts import CallTally, chance_of, changes, figures, scale_of, tallies, tally, trends
from ausweis.store import ALL_VIOLATIONS, CallFilter, Counted, DayCount, Store, Subject


def count(calls: int, violations: int, **more: int) -> DayCount:
    return DayCount(
        day=None,
        queue=None,
        team=None,
        calls=calls,
        outcomes={"violation": violations},
        violations={"factor_leaked": violations},
        incidents=more,
        needs_review=1,
        to_review=violations,
        numbers={
            Subject(name="factor_leaked"): Counted(calls, calls, violations),
            **{Subject(True, name): Counted(calls, calls, some) for name, some in more.items()},
        },
    )


def test_counts_are_put_together() -> None:
    found = tally([count(10, 2, rude_agent=1), count(30, 3)])
    assert (found.calls, found.parts["violation"], found.parts["violation:factor_leaked"]) == (40, 5, 5)
    assert (found.parts["incident:rude_agent"], found.parts["needs_review"]) == (1, 2)


def test_a_figure_is_held_against_the_share_of_the_days_before() -> None:
    now, before = CallTally(100, 1, {"violation": 20}), CallTally(1000, 10, {"violation": 50})
    calls, violations = figures(now, before, ["violation"])
    assert (calls.count, calls.usual, calls.turn) == (100, 100, 0)
    assert (violations.share, violations.usual, violations.turn) == (0.2, 0.05, 1)
    assert figures(before, now, ["violation"])[1].turn == -1


def test_chance_is_no_change() -> None:
    now, before = CallTally(100, 1, {"violation": 6}), CallTally(1000, 10, {"violation": 50})
    assert figures(now, before, ["violation"])[1].turn == 0
    assert changes({None: (now, before)}) == []


@pytest.mark.parametrize(
    "counts",
    [(1, 100, 0, 1400), (6, 20, 3, 60), (0, 30, 90, 300), (5, 5, 0, 5), (0, 7, 0, 9), (1000, 7000, 10_000, 100_000)],
)
def test_chance_is_that_of_the_exact_test(counts: tuple[int, int, int, int]) -> None:
    now, calls, before, calls_before = counts
    exact = fisher_exact([[now, calls - now], [before, calls_before - before]])[1]
    assert chance_of(*counts) == pytest.approx(float(exact), rel=1e-6)


def test_one_call_more_than_none_is_no_change() -> None:
    now, before = CallTally(100, 1, {"violation": 1}), CallTally(1400, 14)
    assert figures(now, before, ["violation"])[1].turn == 0


@pytest.mark.parametrize("calls", [20, 100])
@pytest.mark.parametrize("having", [1, 2, 3, 5, 10, 40])
def test_chance_alone_marks_a_figure_at_most_once_in_twenty_days(calls: int, having: int) -> None:
    calls_before = 14 * calls
    marked = 0.0
    for number in range(min(having, calls) + 1):
        now, before = (
            CallTally(calls, 1, {"violation": number}),
            CallTally(calls_before, 14, {"violation": having - number}),
        )
        if figures(now, before, ["violation"])[1].turn:
            ways = math.comb(calls, number) * math.comb(calls_before, having - number)
            marked += ways / math.comb(calls + calls_before, having)
    assert marked <= 0.05


def test_incidents_are_held_against_the_calls_that_were_read_for_them() -> None:
    both, one = ("press_threat", "rude_agent"), ("rude_agent",)
    parts = {"violation": 5, "incident": 5, "incident:rude_agent": 5}
    now = CallTally(200, 1, parts, looked_for={both: Counted(100, 100, 5), (): Counted(100, 100)})
    read = {both: Counted(100, 100, 5), one: Counted(300, 300, 15), (): Counted(1000, 1000)}
    before = CallTally(1400, 14, {"violation": 70, "incident": 20, "incident:rude_agent": 20}, looked_for=read)
    violation, incident, kind = figures(now, before.as_read(now), ["violation", *list(parts)[1:]])[1:]
    assert [one.calls for one in (violation, incident, kind)] == [200, 100, 100]
    assert (violation.usual, incident.usual, kind.usual) == (0.05, 0.05, 0.05)
    nowhere = CallTally(1400, 14, {"violation": 70}, looked_for={(): Counted(1400, 1400)})
    for pair in ((now, nowhere.as_read(now)), (nowhere, now.as_read(nowhere))):
        assert [(one.usual, one.turn) for one in figures(*pair, ["incident", "incident:rude_agent"])[1:]] == [
            (None, 0),
            (None, 0),
        ]
        assert [one.figure.name for one in changes({None: pair})] == []


def test_without_days_before_there_is_nothing_to_compare() -> None:
    now, before = CallTally(100, 1, {"violation": 50}), CallTally()
    assert figures(now, before, ["violation"])[1].usual is None
    assert changes({None: (now, before)}) == []


def test_changes_name_their_place_and_the_clearest_comes_first() -> None:
    before = CallTally(1000, 10, {"violation": 50, "inconclusive": 50})
    queue = CallTally(50, 1, {"violation": 20}), CallTally(500, 10, {"violation": 10})
    found = changes({None: (CallTally(100, 1, {"violation": 14}), before), ("queue", "billing"): queue})
    assert [(one.where, one.figure.name) for one in found] == [
        (("queue", "billing"), "violation"),
        (None, "violation"),
    ]


def test_few_calls_are_no_change_however_unlikely() -> None:
    assert changes({None: (CallTally(10, 1, {"violation": 2}), CallTally(10_000, 10, {"violation": 1}))}) == []


KIND = "incident:rude_agent"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "ausweis.sqlite") as opened:
        yield opened


def add(
    store: Store,
    back: int,
    count: int,
    *,
    team: str = "Nord",
    incidents: int = 0,
    looked_for: Sequence[str] = ("rude_agent", "lawyer_threat"),
) -> None:
    """Calls of a day so many days before the last one, each of another agent; some with an incident."""
    day, first = DAY - timedelta(days=back), 1 + back * 1000 + sum(map(ord, team)) * 100_000
    calls = [make_call(first + n, day=str(day), team=team, agent=f"Agent {n}") for n in range(count)]
    both = [incident_of(2, "rude_agent"), incident_of(2, "lawyer_threat")]
    write_run(store, calls, looked_for=looked_for, incidents={call.id: both for call in calls[:incidents]})


def counted(store: Store, *teams: str, first: date = DAY) -> tuple[CallTally, CallTally]:
    return tallies(store, CallFilter(teams=teams), DAY - timedelta(days=14), first, DAY)[None]


def test_a_team_that_is_small_on_each_day_is_counted_over_all(store: Store) -> None:
    for back in range(6):
        add(store, back, 3, incidents=1)
    now, before = counted(store, "Nord", first=DAY - timedelta(days=2))
    assert [(one.calls, one.days, one.parts["incident"]) for one in (now, before)] == [(9, 3, 3), (9, 3, 3)]
    assert figures(now, before, [])[0].usual == 9


def test_calls_with_an_incident_are_those_of_the_calls_that_are_counted(store: Store) -> None:
    for team in ("Nord", "West"):
        add(store, 0, 6, team=team, incidents=2)
    add(store, 1, 6, team="Nord", incidents=1)
    add(store, 1, 4, team="West", incidents=4)
    add(store, 1, 5, team="Ost", incidents=3)
    now, before = counted(store, "Nord", "West")
    assert (now.calls, now.parts["incident"], now.parts[KIND]) == (12, 4, 4)
    assert (before.calls, before.parts["incident"], before.parts[KIND]) == (6, 1, 1)


def test_a_team_that_was_too_small_before_has_nothing_to_compare(store: Store) -> None:
    add(store, 0, 6)
    add(store, 1, 2)
    now, before = counted(store, "Nord")
    assert (now.calls, before.calls, before.days) == (6, 0, 0)


def test_places_are_counted_over_all_days_too(store: Store) -> None:
    for back in range(4):
        add(store, back, 3)
        add(store, back, 6, team="West")
    found = tallies(store, CallFilter(), DAY - timedelta(days=14), DAY - timedelta(days=1), DAY)
    assert {place: (now.calls, before.calls) for place, (now, before) in found.items()} == {
        None: (18, 18),
        ("team", "Nord"): (6, 6),
        ("team", "West"): (12, 12),
    }


def test_days_on_which_nobody_looked_for_incidents_are_none_without(store: Store) -> None:
    for back in range(1, 4):
        add(store, back, 20, looked_for=())
    add(store, 0, 20, incidents=10)
    now, before = counted(store)
    assert (before.calls, before.of("incident"), before.share("incident"), before.share(KIND)) == (60, 0, None, None)
    assert [(one.usual, one.turn) for one in figures(now, before, ["incident", KIND])[1:]] == [(None, 0), (None, 0)]


def test_incidents_are_held_against_the_days_since_the_same_were_looked_for(store: Store) -> None:
    add(store, 3, 20, looked_for=())
    add(store, 2, 20, incidents=8, looked_for=("rude_agent",))
    for back in (1, 0):
        add(store, back, 20, incidents=5)
    _, before = counted(store)
    assert (before.calls, before.of("incident"), before.share("incident")) == (60, 20, 0.25)
    # Of one kind, all calls count that were read for it.
    assert (before.of(KIND), before.share(KIND)) == (40, 13 / 40)


def test_where_incidents_were_always_looked_for_all_days_count(store: Store) -> None:
    for back in range(3):
        add(store, back, 20, incidents=back)
    _, before = counted(store)
    assert (before.of("incident"), before.parts["incident"]) == (40, 3)


def test_where_nobody_looks_for_incidents_any_more_they_are_not_fewer(store: Store) -> None:
    add(store, 1, 20, incidents=10)
    add(store, 0, 20, looked_for=())
    now, before = counted(store)
    assert [(one.usual, one.turn) for one in figures(now, before, ["incident", KIND])[1:]] == [(None, 0), (None, 0)]


FIRST, LAST = date(2026, 3, 1), date(2026, 3, 4)


def count_of_trends(day: int, queue: str | None, calls: int, violations: int, confirmed: int = 0) -> DayCount:
    numbers = {ALL_VIOLATIONS: Counted(calls, calls, violations, confirmed)}
    return DayCount(date(2026, 3, day), queue, None, calls, {"violation": violations}, {}, {}, 0, numbers=numbers)


def test_what_people_confirmed_stands_beside_what_was_reported() -> None:
    (trend,) = trends([count_of_trends(1, None, 10, 5, 2), count_of_trends(4, None, 10, 1, 1)], FIRST, LAST)
    assert [(day.share, day.confirmed_share) for day in trend.known.values()] == [(0.5, 0.2), (0.1, 0.1)]
    assert (trend.total.reported, trend.total.confirmed, trend.total.confirmed_share) == (6, 3, 0.15)


def test_days_without_calls_have_no_share() -> None:
    (trend,) = trends([count_of_trends(1, None, 10, 5), count_of_trends(4, None, 10, 1)], FIRST, LAST)
    assert [day.share for day in trend.days.values()] == [0.5, None, None, 0.1]
    assert (trend.total.calls, trend.total.reported, trend.total.share) == (20, 6, 0.3)
    assert trend.change == 0.1 - 0.5


def test_a_trend_with_an_empty_half_has_no_change() -> None:
    (trend,) = trends([count_of_trends(4, None, 10, 1)], FIRST, LAST)
    assert trend.change is None


def test_the_busiest_comes_first_and_those_without_a_name_last() -> None:
    counts = [
        count_of_trends(1, None, 90, 0),
        count_of_trends(1, "a", 10, 1),
        count_of_trends(4, "a", 10, 2),
        count_of_trends(3, "b", 50, 5),
    ]
    found = trends(counts, FIRST, LAST, "queue")
    assert [trend.name for trend in found] == ["b", "a", ""]
    assert [(day.day, one.share) for day, one in found[1].known.items()] == [(1, 0.1), (4, 0.2)]


def test_days_of_few_calls_do_not_count_for_the_scale() -> None:
    counts = [count_of_trends(1, "a", 100, 4), count_of_trends(2, "a", 2, 2)]
    assert scale_of(trends(counts, FIRST, LAST, "queue")) == 0.05
    assert scale_of([]) == 0.02


def test_calls_of_a_queue_without_letters_are_added_to_those_of_none() -> None:
    (trend,) = trends([count_of_trends(1, None, 10, 1), count_of_trends(1, "", 6, 3)], FIRST, LAST, "queue")
    assert (trend.name, trend.total.calls, trend.total.reported) == ("", 16, 4)


def test_no_calls_have_no_trend() -> None:
    assert trends([], FIRST, LAST) == []
