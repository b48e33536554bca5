from datetime import date

from ausweis.store import ALL_VIOLATIONS, Counted, DayCount
from ausweis.views.trends import highest, trends

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 4)


def count(day: int, queue: str | None, calls: int, violations: int, confirmed: int = 0) -> DayCount:
    numbers = {ALL_VIOLATIONS: Counted(calls, calls, violations, confirmed)}
    return DayCount(date(2026, 3, day), queue, None, calls, {"violation": violations}, {}, {}, 0, numbers=numbers)


def test_what_people_confirmed_stands_beside_what_was_reported() -> None:
    (trend,) = trends([count(1, None, 10, 5, 2), count(4, None, 10, 1, 1)], FIRST, LAST)
    assert [(day.share, day.confirmed_share) for day in trend.known] == [(0.5, 0.2), (0.1, 0.1)]
    assert (trend.reported, trend.confirmed, trend.confirmed_share) == (6, 3, 0.15)


def test_days_without_calls_have_no_share() -> None:
    (trend,) = trends([count(1, None, 10, 5), count(4, None, 10, 1)], FIRST, LAST)
    assert [day.share for day in trend.days] == [0.5, None, None, 0.1]
    assert (trend.calls, trend.reported, trend.share) == (20, 6, 0.3)
    assert trend.change == 0.1 - 0.5


def test_a_trend_with_an_empty_half_has_no_change() -> None:
    (trend,) = trends([count(4, None, 10, 1)], FIRST, LAST)
    assert trend.change is None


def test_the_busiest_comes_first_and_those_without_a_name_last() -> None:
    counts = [count(1, None, 90, 0), count(1, "a", 10, 1), count(4, "a", 10, 2), count(3, "b", 50, 5)]
    found = trends(counts, FIRST, LAST, "queue")
    assert [trend.name for trend in found] == ["b", "a", ""]
    assert [(day.day.day, day.share) for day in found[1].known] == [(1, 0.1), (4, 0.2)]


def test_days_of_few_calls_do_not_count_for_the_scale() -> None:
    counts = [count(1, "a", 100, 4), count(2, "a", 2, 2)]
    assert highest(trends(counts, FIRST, LAST, "queue")) == 0.04
    assert highest([]) == 0


def test_calls_of_a_queue_without_letters_are_added_to_those_of_none() -> None:
    (trend,) = trends([count(1, None, 10, 1), count(1, "", 6, 3)], FIRST, LAST, "queue")
    assert (trend.name, trend.calls, trend.reported) == ("", 16, 4)


def test_no_calls_have_no_trend() -> None:
    assert trends([], FIRST, LAST) == []
