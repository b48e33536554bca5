"""What people decide changes the figures; each counts the calls that its filter shows; small teams stay hidden."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from tests.store.runs import add_incidents, incident_of, make_call, make_run

from ausweis.store import ALL_INCIDENTS, ALL_VIOLATIONS, CallFilter, Counted, Finding, Store, Subject
from ausweis.store.counted import FEWEST, was_asked

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 4)
NONE, LEAK = Subject(name="no_authentication"), Subject(name="factor_leaked")
RUDE = Subject(incident=True, name="rude_agent")


@pytest.fixture
def some(store: Store, tmp_path: Path) -> Store:
    """Calls 1 to 12 of three days, the even ones violations; 1 and 2 with an incident, 7 to 12 not read for any."""
    for name, numbers, asked in (("a", range(1, 7), ("rude_agent", "press_threat")), ("b", range(7, 13), ())):
        calls = [
            make_call(n, pin=n % 2 > 0, day=str(FIRST + timedelta(days=n % 3)), team=None, agent=None) for n in numbers
        ]
        folder = make_run(tmp_path / name, calls, looked_for=asked)
        for n in numbers[:2] if asked else ():
            add_incidents(folder, f"call-{n}", incident_of(2, "rude_agent"))
        store.import_run(folder, calls)
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


def test_teams_are_told_apart_as_everywhere(store: Store, tmp_path: Path) -> None:
    calls = [
        make_call(100 * place + n, pin=n > 1, team=team, agent=f"{team} {n}", day=str(FIRST + timedelta(days=n % 2)))
        for place, (team, many) in enumerate((("Nord", 8), ("Süd", 6), ("West", 3)))
        for n in range(many)
    ]
    store.import_run(make_run(tmp_path / "run", calls), calls)
    for first, last in ((FIRST, LAST), (FIRST, FIRST)):
        teams = store.figures(first, last).teams
        counted = {one.team: one.calls for one in store.day_counts(first, last, by=("team",))}
        assert {team: series.total.calls for team, series in teams.items()} == counted
        by_day = {(one.day, one.team): one.calls for one in store.day_counts(first, last, by=("day", "team"))}
        assert {(day, team): found.calls for team, own in teams.items() for day, found in own.days.items()} == by_day
        for team in filter(None, teams):
            assert store.count(CallFilter(first=first, last=last, teams=(team,))) == teams[team].total.calls


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
