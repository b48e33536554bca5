"""Counts of now and before: over all days at once, of the same calls, incidents only where they were looked for."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.reports.review_days import DAY
from tests.store.runs import add_incidents, incident_of, make_call, make_run

from ausweis.reports.review_counts import Tally, figures
from ausweis.reports.review_tallies import tallies
from ausweis.store import CallFilter, Store

KIND = "incident:rude_agent"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "ausweis.sqlite") as opened:
        yield opened


def add(
    store: Store,
    folder: Path,
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
    run = make_run(folder / f"run-{team}-{back}", calls, looked_for=looked_for)
    for call in calls[:incidents]:
        add_incidents(run, call.id, incident_of(2, "rude_agent"), incident_of(2, "lawyer_threat"))
    store.import_run(run, calls)


def counted(store: Store, *teams: str, first: date = DAY) -> tuple[Tally, Tally]:
    return tallies(store, CallFilter(teams=teams), DAY - timedelta(days=14), first, DAY)[None]


def test_a_team_that_is_small_on_each_day_is_counted_over_all(store: Store, tmp_path: Path) -> None:
    for back in range(6):
        add(store, tmp_path, back, 3, incidents=1)
    now, before = counted(store, "Nord", first=DAY - timedelta(days=2))
    assert [(one.calls, one.days, one.parts["incident"]) for one in (now, before)] == [(9, 3, 3), (9, 3, 3)]
    assert figures(now, before, [])[0].usual == 9


def test_calls_with_an_incident_are_those_of_the_calls_that_are_counted(store: Store, tmp_path: Path) -> None:
    for team in ("Nord", "West"):
        add(store, tmp_path, 0, 6, team=team, incidents=2)
    add(store, tmp_path, 1, 6, team="Nord", incidents=1)
    add(store, tmp_path, 1, 4, team="West", incidents=4)
    add(store, tmp_path, 1, 5, team="Ost", incidents=3)
    now, before = counted(store, "Nord", "West")
    assert (now.calls, now.parts["incident"], now.parts[KIND]) == (12, 4, 4)
    assert (before.calls, before.parts["incident"], before.parts[KIND]) == (6, 1, 1)


def test_a_team_that_was_too_small_before_has_nothing_to_compare(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, 0, 6)
    add(store, tmp_path, 1, 2)
    now, before = counted(store, "Nord")
    assert (now.calls, before.calls, before.days) == (6, 0, 0)


def test_places_are_counted_over_all_days_too(store: Store, tmp_path: Path) -> None:
    for back in range(4):
        add(store, tmp_path, back, 3)
        add(store, tmp_path, back, 6, team="West")
    found = tallies(store, CallFilter(), DAY - timedelta(days=14), DAY - timedelta(days=1), DAY)
    assert {place: (now.calls, before.calls) for place, (now, before) in found.items()} == {
        None: (18, 18),
        ("team", "Nord"): (6, 6),
        ("team", "West"): (12, 12),
    }


def test_days_on_which_nobody_looked_for_incidents_are_none_without(store: Store, tmp_path: Path) -> None:
    for back in range(1, 4):
        add(store, tmp_path, back, 20, looked_for=())
    add(store, tmp_path, 0, 20, incidents=10)
    now, before = counted(store)
    assert (before.calls, before.of("incident"), before.share("incident"), before.share(KIND)) == (60, 0, None, None)
    assert [(one.usual, one.turn) for one in figures(now, before, ["incident", KIND])[1:]] == [(None, 0), (None, 0)]


def test_incidents_are_held_against_the_days_since_the_same_were_looked_for(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, 3, 20, looked_for=())
    add(store, tmp_path, 2, 20, incidents=8, looked_for=("rude_agent",))
    for back in (1, 0):
        add(store, tmp_path, back, 20, incidents=5)
    _, before = counted(store)
    assert (before.calls, before.of("incident"), before.share("incident")) == (60, 20, 0.25)
    # Of one kind, all calls count that were read for it.
    assert (before.of(KIND), before.share(KIND)) == (40, 13 / 40)


def test_where_incidents_were_always_looked_for_all_days_count(store: Store, tmp_path: Path) -> None:
    for back in range(3):
        add(store, tmp_path, back, 20, incidents=back)
    _, before = counted(store)
    assert (before.of("incident"), before.parts["incident"]) == (40, 3)


def test_where_nobody_looks_for_incidents_any_more_they_are_not_fewer(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, 1, 20, incidents=10)
    add(store, tmp_path, 0, 20, looked_for=())
    now, before = counted(store)
    assert [(one.usual, one.turn) for one in figures(now, before, ["incident", KIND])[1:]] == [(None, 0), (None, 0)]
