from datetime import date

import pytest

from ausweis.serve.requests import date_of, dates_of, number_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        (" 12\n", 12),
        ("9" * 15, 10**15 - 1),
        *((text, None) for text in ("", " ", "-1", "+1", "1.0", "1e3", "1 2", "1_000", "٣", "²", "x", "9" * 16)),
    ],
)
def test_a_number_of_a_form(text: str, number: int | None) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-02", date(2026, 3, 2)),
        *((text, None) for text in ("", "2026-02-30", "20260302", "2.3.2026", "x" * 10)),
    ],
)
def test_a_day_of_a_form(text: str, day: date | None) -> None:
    assert date_of(text) == day


def test_the_first_day_comes_before_the_last_or_is_the_same() -> None:
    first, last = date(2026, 3, 1), date(2026, 3, 2)
    assert dates_of({"first": "2026-03-01", "last": "2026-03-02"}) == (first, last)
    assert dates_of({"first": "2026-03-01", "last": "2026-03-01"}) == (first, first)
    assert dates_of({"first": "2026-03-02", "last": "2026-03-01"}) is None
    assert dates_of({"first": "2026-03-01"}) is None
