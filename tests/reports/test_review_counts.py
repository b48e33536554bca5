from ausweis.reports.review_counts import Tally, changes, figures, tally
from ausweis.store import DayCount


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
        flagged=violations,
    )


def test_counts_are_put_together() -> None:
    found = tally([count(10, 2, rude_agent=1), count(30, 3)])
    assert (found.calls, found.parts["violation"], found.parts["violation:factor_leaked"]) == (40, 5, 5)
    assert (found.parts["incident:rude_agent"], found.parts["needs_review"]) == (1, 2)


def test_a_figure_is_held_against_the_share_of_the_days_before() -> None:
    now, before = Tally(100, 1, {"violation": 20}), Tally(1000, 10, {"violation": 50})
    calls, violations = figures(now, before, ["violation"])
    assert (calls.count, calls.usual, calls.turn) == (100, 100, 0)
    assert (violations.share, violations.usual, violations.turn) == (0.2, 0.05, 1)
    assert figures(before, now, ["violation"])[1].turn == -1


def test_chance_is_no_change() -> None:
    now, before = Tally(100, 1, {"violation": 6}), Tally(1000, 10, {"violation": 50})
    assert figures(now, before, ["violation"])[1].turn == 0
    assert changes({None: (now, before)}) == []


def test_without_days_before_there_is_nothing_to_compare() -> None:
    now, before = Tally(100, 1, {"violation": 50}), Tally()
    assert figures(now, before, ["violation"])[1].usual is None
    assert changes({None: (now, before)}) == []


def test_changes_name_their_place_and_the_clearest_comes_first() -> None:
    before = Tally(1000, 10, {"violation": 50, "inconclusive": 50})
    queue = Tally(50, 1, {"violation": 20}), Tally(500, 10, {"violation": 10})
    found = changes({None: (Tally(100, 1, {"violation": 14}), before), ("queue", "billing"): queue})
    assert [(one.where, one.figure.name) for one in found] == [
        (("queue", "billing"), "violation"),
        (None, "violation"),
    ]


def test_few_calls_are_no_change_however_unlikely() -> None:
    assert changes({None: (Tally(10, 1, {"violation": 2}), Tally(10_000, 10, {"violation": 1}))}) == []
