from datetime import date

from ausweis.reports.review_trends import top_of, trends
from ausweis.store import DayCount

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 5)


def count(day: int, queue: str | None, calls: int, violations: int) -> DayCount:
    return DayCount(date(2026, 3, day), queue, None, calls, {"violation": violations}, {}, {}, 0)


def test_lines_by_queue_with_the_unnamed_last() -> None:
    counts = [count(1, None, 90, 0), count(1, "a", 10, 1), count(5, "a", 10, 2), count(3, "b", 50, 5)]
    found = trends(counts, FIRST, LAST, lambda one: one.queue)
    assert [one.name for one in found] == ["b", "a", None]
    assert [(one.place(point), point.share) for one in found[1:2] for point in one.points] == [(0.0, 0.1), (1.0, 0.2)]


def test_one_scale_holds_all_lines_and_days_of_few_calls_do_not_stretch_it() -> None:
    counts = [count(1, "a", 100, 4), count(2, "a", 2, 2)]
    assert top_of(trends(counts, FIRST, LAST, lambda one: one.queue)) == 0.05
    assert top_of([]) == 0.02


def test_one_day_alone() -> None:
    (line,) = trends([count(1, "a", 10, 1)], FIRST, FIRST, lambda one: one.queue)
    assert [line.place(point) for point in line.points] == [0.0]
