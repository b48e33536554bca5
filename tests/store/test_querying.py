import itertools
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from tests.store.conftest import Filled
from tests.store.runs import incident_of, make_call, write_run

from ausweis.judging.harm import Found
from ausweis.pages.turns import CallMask, turn_views
from ausweis.store import CallFilter, CallRow, Cursor, Order, Store
from ausweis.vocabulary import SEVERITIES


def ids(store: Store, which: CallFilter) -> set[str]:
    found = {row.call_id for row in store.calls(which)}
    # These teams are too small for any figure.
    assert store.count(which) == (0 if which.teams else len(found))
    return found


@pytest.fixture
def some(store: Store) -> Store:
    calls = [
        make_call(1),
        make_call(2, pin=False, team="Süd"),
        make_call(3, tells=False, queue="moving", day="2026-03-03"),
        make_call(4, pin=False, day="2026-03-04", words="zur ÜBERGABE bei O'Neill & Söhne, 100%_sicher, "),
        make_call(5, queue=None, team=None),
    ]
    write_run(store, calls, unsure=["call-5"], incidents={"call-3": [incident_of(2, "rude_agent")]})
    return store


def test_every_filter(some: Store) -> None:
    for which, numbers in (
        (CallFilter(), {1, 2, 3, 4, 5}),
        (CallFilter(first=date(2026, 3, 3)), {3, 4}),
        (CallFilter(last=date(2026, 3, 3), first=date(2026, 3, 3)), {3}),
        (CallFilter(outcomes=("violation",)), {2, 4}),
        (CallFilter(outcomes=("violation", "compliant")), {1, 2, 4, 5}),
        (CallFilter(violations=("no_authentication",)), {2, 4}),
        (CallFilter(violations=("late_authentication",)), set()),
        (CallFilter(incidents=("rude_agent",)), {3}),
        (CallFilter(incidents=("rude%",)), set()),
        (CallFilter(queues=("moving",)), {3}),
        (CallFilter(teams=("Süd", "Nord")), {1, 2, 3, 4}),
        (CallFilter(states=("open",)), {1, 2, 3, 4, 5}),
        (CallFilter(states=("confirmed",)), set()),
        (CallFilter(to_review=True), {2, 3, 4, 5}),
        (CallFilter(to_review=False), {1}),
        (CallFilter(min_risk=0.5), {2, 4}),
        (CallFilter(sampled=True), set()),
        (CallFilter(sampled=False, to_review=True, outcomes=("violation",), teams=("Süd",)), {2}),
    ):
        assert ids(some, which) == {f"call-{number}" for number in numbers}, which


@pytest.mark.parametrize("words", ["übergabe", "ÜBERGABE BEI o'neill", "100%_sicher", "& söhne", "  bergabe  "])
def test_words_are_found_whatever_their_case(some: Store, words: str) -> None:
    assert ids(some, CallFilter(text=words)) == {"call-4"}


@pytest.mark.parametrize("words", ["Xbergabe", "100%x", "1%sicher", "' OR '1'='1", "speaker", "\0", "z" * 5000])
def test_words_that_nobody_said_are_not(some: Store, words: str) -> None:
    assert ids(some, CallFilter(text=words)) == set()


def test_ids_and_notes_are_found_too(some: Store) -> None:
    assert ids(some, CallFilter(text="ALL-3")) == {"call-3"}
    record = some.record(some.find("call-2") or 0)
    note = "Rückruf nötig"
    some.decide(record.row.key, reviewer="R", choice="confirm", note=note, verdict_key=record.verdict_key)
    assert ids(some, CallFilter(text="rückruf")) == set()
    assert ids(some, CallFilter(text="rückruf", read_by=("R",))) == {"call-2"}
    assert ids(some, CallFilter(text="  ")) == {f"call-{number}" for number in range(1, 6)}


ORDERS: tuple[Order, ...] = ("weight", "risk", "time", "chance")


@pytest.fixture
def graded(store: Store) -> Store:
    """Violations, and incidents of every severity in calls that are otherwise compliant."""
    calls = [make_call(n, pin=n % 5 > 0, day=f"2026-03-{1 + n % 4:02}") for n in range(1, 24)]
    incidents = {
        f"call-{n}": [incident_of(4, "rude_agent") | {"severity": SEVERITIES[n // 4 % 3]}] for n in range(1, 23, 4)
    }
    incidents["call-20"] = [incident_of(4, "rude_agent"), incident_of(2, "own")]
    incidents["call-23"] = [incident_of(4, "press_threat") | {"severity": "critical"}, incident_of(2, "own")]
    write_run(store, calls, incidents=incidents)
    return store


def test_the_worst_come_first_by_harm_and_of_equals_the_latest(graded: Store) -> None:
    def weight(row: CallRow) -> int:
        return -1 if row.severity is None else SEVERITIES.index(row.severity)

    found = graded.calls()
    assert [weight(row) for row in found] == sorted(map(weight, found), reverse=True)
    assert {row.severity for row in found} == {None, *SEVERITIES}
    # The surer, the more different causes, the worse; then the latest. A sure incident comes before all that is not
    # critical, however low the risk.
    assert [row.call_id for row in found[:5]] == ["call-20", "call-5", "call-15", "call-10", "call-23"]
    assert found[4].outcome == "compliant"
    for one, other in itertools.pairwise(found):
        assert (one.weight, one.at, -one.key) > (other.weight, other.at, -other.key)


def test_the_riskiest_of_all_severities_come_first_where_that_is_asked(graded: Store) -> None:
    risks = [row.risk for row in graded.calls(order="risk")]
    assert risks == sorted(risks, reverse=True)


@pytest.mark.parametrize("order", ORDERS)
def test_pages_and_neighbours_walk_through_all_calls(graded: Store, order: Order) -> None:
    store = graded
    every = store.calls(order=order)
    values = [row.cursor(order).value for row in every]
    assert values == sorted(values, reverse=True)
    seen, after = [], None
    while page := store.calls(order=order, limit=5, after=after):
        seen += page
        after = page[-1].cursor(order)
    assert seen == every
    keys = store.keys(order=order)
    assert keys == [row.key for row in every]
    steps = [store.neighbours(key, order=order) for key in keys]
    assert steps == list(zip([None, *keys[:-1]], [*keys[1:], None], strict=True))
    outside = store.neighbours(keys[3], CallFilter(outcomes=("compliant",)), order=order)
    fitting = [row.key for row in every if row.outcome == "compliant"]
    assert outside[1] == next(key for key in fitting if keys.index(key) > 3)
    assert store.neighbours(-1) == (None, None)


def test_by_chance_the_first_calls_are_of_all_days(store: Store, filled: Filled) -> None:
    filled([make_call(n, pin=n % 2 > 0, day=f"2026-03-{1 + n // 6:02}") for n in range(24)])
    first = store.calls(order="chance", limit=8)
    assert len({row.day for row in first}) == 4
    assert {row.outcome for row in first} == {"compliant", "violation"}


def test_a_cursor_of_a_call_that_is_gone_still_stands(some: Store) -> None:
    assert some.calls(after=Cursor(10**10, 0)) == some.calls()
    assert some.calls(after=Cursor(-1, 0)) == []


def test_when_the_newest_call_came_in(store: Store, filled: Filled) -> None:
    assert store.came_in() is None
    filled([make_call(1)], started="2026-03-02T20:00:00Z")
    filled([make_call(2)], started="2026-03-04T06:30:00Z")
    # What is judged anew was there before, and a text alone is not in yet.
    filled([make_call(1), make_call(2)], started="2026-03-05T06:30:00Z").add_text(make_call(3))
    assert store.came_in() == "2026-03-04T06:30:00Z"


def steps(store: Store, order: Order) -> str:
    """How the database finds a page of the queue and the calls beside one, in its own words."""
    asked: list[tuple[str, Any]] = []
    database = store._database

    def hear(connection: Any, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if "ORDER BY" in statement:
            asked.append((statement, parameters))

    event.listen(database._engine, "before_cursor_execute", hear)
    which = CallFilter(to_review=True, states=("open",))
    page = store.calls(which, order=order, limit=5)
    store.calls(which, order=order, limit=5, after=page[-1].cursor(order))
    store.neighbours(page[-1].key, which, order=order)
    event.remove(database._engine, "before_cursor_execute", hear)
    assert len(asked) == 4
    with database.reading() as connection:
        if database.is_sqlite:
            plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", some).all() for one, some in asked]
        else:
            # So few calls are read and sorted at once: how it would go if that took long.
            for way in ("seqscan", "sort", "bitmapscan"):
                connection.execute(text(f"SET LOCAL enable_{way} = off"))
            plans = [connection.exec_driver_sql(f"EXPLAIN {one}", some).all() for one, some in asked]
    return str(plans)


@pytest.mark.parametrize("order", ["weight", "risk", "time"])
def test_no_order_of_the_queue_reads_or_sorts_all_calls(graded: Store, order: Order) -> None:
    found = steps(graded, order)
    assert found.count(f"calls_by_{order}") == 4
    assert "SCAN calls'" not in found
    assert "TEMP B-TREE" not in found
    assert "Seq Scan" not in found
    assert "Sort" not in found


def test_what_was_found_is_told_with_severity_and_turn(graded: Store) -> None:
    rows = {row.call_id: row for row in graded.calls(limit=100)}
    keys = [rows[name].key for name in ("call-23", "call-1", "call-2", "call-10")]
    said = "Ihr Vertrag mit der Nummer {:09} läuft bis Mai."
    told = [
        [
            Found("press_threat", "critical", 4, incident=True, sure=0.9),
            Found("own", "high", 2, incident=True, sure=0.9),
        ],
        [Found("rude_agent", "low", 4, incident=True, sure=0.9)],
        [],
        [Found("no_authentication", "critical", 4, level="standard", quoted=(4, said.format(10)))],
    ]
    assert graded.found([*keys, -1]) == dict(zip(keys, told, strict=True))
    assert graded.found([]) == {}


@pytest.fixture(scope="module")
def one_call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("one")
    with Store.open(folder / "s.sqlite") as store:
        write_run(store, [make_call(1)])
        yield store


@settings(max_examples=100)
@given(st.text(max_size=30))
def test_any_text_may_be_looked_for(one_call: Store, words: str) -> None:
    record = one_call.record(one_call.find("call-1") or 0)
    mask = CallMask(record, "de")
    views = turn_views(record.call, {}, mask)
    shown = ["".join("‹" if piece.masked else piece.text for piece in view.pieces) for view in views]
    said = any(words.strip().casefold() in turn.casefold() for turn in shown)
    assert one_call.count(CallFilter(text=words)) == 1 or len(words.strip()) < 3 or not said
