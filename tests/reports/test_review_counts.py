import math

import pytest
from scipy.stats import fisher_exact

from ausweis.reports.review_counts import Tally, chance_of, changes, figures, tally
from ausweis.store import Counted, DayCount, Subject


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
        to_review=violations,
        numbers={
            Subject(name="factor_leaked"): Counted(calls, calls, violations),
            **{Subject(True, name): Counted(calls, calls, some) for name, some in more.items()},
        },
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


@pytest.mark.parametrize(
    "counts",
    [(1, 100, 0, 1400), (6, 20, 3, 60), (0, 30, 90, 300), (5, 5, 0, 5), (0, 7, 0, 9), (1000, 7000, 10_000, 100_000)],
)
def test_chance_is_that_of_the_exact_test(counts: tuple[int, int, int, int]) -> None:
    now, calls, before, calls_before = counts
    exact = fisher_exact([[now, calls - now], [before, calls_before - before]])[1]
    assert chance_of(*counts) == pytest.approx(float(exact), rel=1e-6)


def test_one_call_more_than_none_is_no_change() -> None:
    now, before = Tally(100, 1, {"violation": 1}), Tally(1400, 14)
    assert figures(now, before, ["violation"])[1].turn == 0


@pytest.mark.parametrize("calls", [20, 100])
@pytest.mark.parametrize("having", [1, 2, 3, 5, 10, 40])
def test_chance_alone_marks_a_figure_at_most_once_in_twenty_days(calls: int, having: int) -> None:
    calls_before = 14 * calls
    marked = 0.0
    for number in range(min(having, calls) + 1):
        now, before = Tally(calls, 1, {"violation": number}), Tally(calls_before, 14, {"violation": having - number})
        if figures(now, before, ["violation"])[1].turn:
            ways = math.comb(calls, number) * math.comb(calls_before, having - number)
            marked += ways / math.comb(calls + calls_before, having)
    assert marked <= 0.05


def test_incidents_are_held_against_the_calls_that_were_read_for_them() -> None:
    both, one = ("press_threat", "rude_agent"), ("rude_agent",)
    parts = {"violation": 5, "incident": 5, "incident:rude_agent": 5}
    now = Tally(200, 1, parts, looked_for={both: Counted(100, 100, 5), (): Counted(100, 100)})
    read = {both: Counted(100, 100, 5), one: Counted(300, 300, 15), (): Counted(1000, 1000)}
    before = Tally(1400, 14, {"violation": 70, "incident": 20, "incident:rude_agent": 20}, looked_for=read)
    violation, incident, kind = figures(now, before.as_read(now), ["violation", *list(parts)[1:]])[1:]
    assert [one.calls for one in (violation, incident, kind)] == [200, 100, 100]
    assert (violation.usual, incident.usual, kind.usual) == (0.05, 0.05, 0.05)
    nowhere = Tally(1400, 14, {"violation": 70}, looked_for={(): Counted(1400, 1400)})
    for pair in ((now, nowhere.as_read(now)), (nowhere, now.as_read(nowhere))):
        assert [(one.usual, one.turn) for one in figures(*pair, ["incident", "incident:rude_agent"])[1:]] == [
            (None, 0),
            (None, 0),
        ]
        assert [one.figure.name for one in changes({None: pair})] == []


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
