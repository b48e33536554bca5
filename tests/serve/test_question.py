"""What is asked of the queue, in an address and back."""

from datetime import date
from urllib.parse import parse_qsl

import pytest

from ausweis.serve.question import PERIODS, SHOWN, ListQuery, Period, days_of
from ausweis.store import CallFilter, Cursor


def asked(**fields: str) -> ListQuery:
    return ListQuery.of(fields)


def test_without_a_question_flagged_open_calls_are_shown() -> None:
    question = asked()
    assert question.filter == CallFilter(states=("open",), to_review=True)
    assert (question.by, question.query()) == ("weight", "")


def test_every_field_reaches_the_store() -> None:
    fields = {"show": "all", "q": "Kündigung", "order": "time", "first": "2026-03-01", "last": "2026-03-02"}
    fields |= {"outcome": "violation", "violation": "factor_leaked", "incident": "own kind", "queue": "Hotline & Co"}
    question = asked(**fields, team="Süd", state="disputed")
    assert question.by == "time"
    assert question.filter == CallFilter(
        first=date(2026, 3, 1),
        last=date(2026, 3, 2),
        outcomes=("violation",),
        violations=("factor_leaked",),
        incidents=("own kind",),
        queues=("Hotline & Co",),
        teams=("Süd",),
        states=("disputed",),
        text="Kündigung",
    )
    assert ListQuery.of(dict(parse_qsl(question.query()[1:]))) == question


@pytest.mark.parametrize(
    "fields",
    [
        {"show": "x"},
        {"outcome": "bad"},
        {"first": "2026-13-01"},
        {"first": "20260301"},
        {"last": "x" * 500},
        {"order": "risk; --"},
        {"state": "OPEN"},
        {"violation": "' or 1=1"},
    ],
)
def test_unknown_values_ask_nothing(fields: dict[str, str]) -> None:
    assert asked(**fields) == ListQuery()


def test_a_sample_is_asked_for_by_chance() -> None:
    assert (asked(show="sample").by, asked(show="sample", order="time").by) == ("chance", "time")


def test_texts_are_short_and_without_null() -> None:
    assert asked(q="a\0b" + "x" * 500).q == "ab" + "x" * 198


@pytest.mark.parametrize("show", SHOWN)
def test_views_differ(show: str) -> None:
    others = {one for one in SHOWN if one != show}
    assert all(asked(show=show).filter != asked(show=other).filter for other in others)


def test_a_page_goes_on_where_the_last_one_ended() -> None:
    for show, order, cursor in (
        ("all", "", Cursor(8_900_001_002, 7)),
        ("all", "risk", Cursor(0.25, 7)),
        ("all", "time", Cursor("2026-03-02T08:00:00Z", 7)),
        ("sample", "", Cursor(512, 7)),
        ("sample", "time", Cursor("2026-03-02T08:00:00Z", 7)),
    ):
        question = asked(order=order, show=show)
        assert question.by == (order or ("chance" if show == "sample" else "weight"))
        fields = dict(parse_qsl(question.query(cursor)[1:]))
        assert ListQuery.of(fields).cursor(fields) == cursor


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"after": "x", "key": "1"},
        {"after": "0.25", "key": "1"},
        {"after": "inf", "key": "1"},
        {"after": "1", "key": "x"},
        {"after": "1", "key": "9" * 99},
    ],
)
def test_a_broken_cursor_is_the_first_page(fields: dict[str, str]) -> None:
    assert asked().cursor(fields) is None


SUNDAY, MONDAY, NEW_YEAR = date(2026, 3, 1), date(2026, 3, 2), date(2027, 1, 1)


@pytest.mark.parametrize(
    ("period", "today", "first", "last"),
    [
        ("today", MONDAY, MONDAY, MONDAY),
        ("yesterday", MONDAY, SUNDAY, SUNDAY),
        ("yesterday", NEW_YEAR, date(2026, 12, 31), date(2026, 12, 31)),
        ("this_week", MONDAY, MONDAY, MONDAY),
        ("this_week", SUNDAY, date(2026, 2, 23), SUNDAY),
        ("last_week", MONDAY, date(2026, 2, 23), SUNDAY),
        ("last_week", SUNDAY, date(2026, 2, 16), date(2026, 2, 22)),
        ("last_30", MONDAY, date(2026, 2, 1), MONDAY),
    ],
)
def test_days_of_a_period(period: Period, today: date, first: date, last: date) -> None:
    assert days_of(period, today) == (first, last)


def test_no_period_ends_after_today_or_before_it_begins() -> None:
    for period in PERIODS:
        first, last = days_of(period, MONDAY)
        assert first <= last <= MONDAY
