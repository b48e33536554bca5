from datetime import date

from tests.serve.serving import visitor

from ausweis.serve.figures import trends
from ausweis.store import CallFilter, DayCount, Store

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 4)


def count(day: int, queue: str | None, calls: int, violations: int) -> DayCount:
    return DayCount(date(2026, 3, day), queue, None, calls, {"violation": violations}, {}, {}, 0)


def test_days_without_calls_have_no_share() -> None:
    (trend,) = trends([count(1, None, 10, 5), count(4, None, 10, 1)], FIRST, LAST)
    assert [bar.share for bar in trend.bars] == [0.5, None, None, 0.1]
    assert (trend.calls, trend.violations, trend.share, trend.top) == (20, 6, 0.3, 0.5)
    assert trend.change == 0.1 - 0.5


def test_a_trend_with_an_empty_half_has_no_change() -> None:
    (trend,) = trends([count(4, None, 10, 1)], FIRST, LAST)
    assert trend.change is None


def test_trends_share_a_scale_and_those_without_a_name_come_last() -> None:
    found = trends([count(1, None, 10, 1), count(1, "B", 4, 4), count(1, "A", 10, 8)], FIRST, LAST, "queue")
    assert [(one.name, one.top) for one in found] == [("A", 0.8), ("B", 0.8), ("", 0.8)]


def test_calls_of_a_queue_without_letters_are_added_to_those_of_none() -> None:
    (trend,) = trends([count(1, None, 10, 1), count(1, "", 6, 3)], FIRST, LAST, "queue")
    assert (trend.name, trend.calls, trend.violations) == ("", 16, 4)


def test_no_calls_have_no_trend() -> None:
    assert trends([], FIRST, LAST) == []


def test_agreement_and_recall_are_shown(store: Store) -> None:
    anna = visitor(store)
    flagged = store.keys(CallFilter(outcomes=("violation",)))[:4]
    drawn = store.draw_sample(date(2026, 2, 1), date(2026, 3, 2), 4)
    for key in (*flagged, *drawn):
        for reviewer in ("Anna", "Ben"):
            store.decide(key, reviewer=reviewer, choice="confirm", verdict_key=store.record(key).verdict_key)
    page = anna.page("/figures")
    assert "8 of 8 pairs alike" in page
    assert "4 flagged calls are confirmed as violations. In the sample, 0 of 4 were missed" in page
    assert page.count('role="img"') == page.count("with a violation, by day")


def test_a_sample_that_is_decided_in_part_says_what_waits(store: Store) -> None:
    anna = visitor(store)
    first, *_ = store.draw_sample(date(2026, 2, 1), date(2026, 3, 2), 4)
    page = anna.page("/figures")
    assert "This needs a sample that has been decided" in page
    assert "4 drawn calls are not decided yet" in page
    store.decide(first, reviewer="Anna", choice="confirm", verdict_key=store.record(first).verdict_key)
    page = anna.page("/figures")
    assert "This needs a sample that has been decided" not in page
    assert "There is no violation among the decided calls, flagged or of the sample (1)" in page
    assert "3 drawn calls are not decided yet" in page


def test_recall_of_incidents_is_shown_where_there_are_any(store: Store) -> None:
    anna = visitor(store)
    assert "Calls with an incident found" not in anna.page("/figures")
    with_incident = [row.key for row in store.calls(CallFilter(incidents=("cancel_threat",)), limit=3)]
    for key in (*with_incident, *store.draw_sample(date(2026, 2, 1), date(2026, 3, 2), 4)):
        store.decide(key, reviewer="Anna", choice="confirm", verdict_key=store.record(key).verdict_key)
    page = anna.page("/figures")
    assert "Calls with an incident found" in page
    assert "3 flagged calls have a confirmed incident. In the sample, 0 of 4 were missed" in page
