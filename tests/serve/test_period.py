"""Days that move with the calendar."""

from datetime import date

import pytest

from ausweis.serve.period import PERIODS, Period, days_of

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
