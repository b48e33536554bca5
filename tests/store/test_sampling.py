from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest
from tests.store.runs import make_call, make_run

from ausweis.store import CallFilter, Estimate, Imported, Store
from ausweis.store.sampling import bounds

Filled = Callable[..., Imported]
DAY = date(2026, 3, 2)


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 50), (3, 50), (49, 50), (7, 400), (0, 2000), (30, 2000)])
def test_bounds_are_those_of_clopper_and_pearson(hits: int, n: int) -> None:
    wanted = binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert bounds(hits, n) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_a_sample_is_of_calls_that_nobody_would_look_at(store: Store, filled: Filled) -> None:
    quiet = [make_call(n) for n in range(1, 21)]
    filled([*quiet, *[make_call(n, pin=False) for n in range(30, 40)], make_call(50, day="2026-03-03")])
    drawn = store.draw_sample(DAY, DAY, 8, seed=1)
    rows = store.calls(CallFilter(sampled=True))
    assert sorted(row.key for row in rows) == sorted(drawn)
    assert len(drawn) == 8
    assert not any(row.flagged for row in rows)
    assert {row.day for row in rows} == {DAY}
    again = store.draw_sample(DAY, DAY, 100)
    assert len(again) == 12
    assert not set(again) & set(drawn)
    assert store.draw_sample(DAY, DAY, 100) == []
    assert store.draw_sample(date(2026, 3, 3), date(2026, 3, 3), 0) == []
    assert [entry.what for entry in store.chain()] == ["sampled", "sampled", "imported"]


def test_the_same_seed_draws_the_same_calls(tmp_path: Path) -> None:
    calls = [make_call(n) for n in range(1, 40)]
    folder = make_run(tmp_path / "run", calls)
    drawn = []
    for name in ("one", "other"):
        with Store.open(tmp_path / name) as store:
            store.import_run(folder)
            drawn.append([store.draw_sample(DAY, DAY, 5, seed=seed) for seed in (7, 8)])
    assert drawn[0] == drawn[1]
    assert drawn[0][0] != drawn[0][1]


def test_recall_in_the_field(store: Store, filled: Filled) -> None:
    filled([*[make_call(n) for n in range(1, 101)], *[make_call(n, pin=False) for n in range(200, 210)]])
    assert store.field_recall() == Estimate(0, 0, 0, 0, 0)

    def decide(key: int, right: bool) -> None:
        record = store.record(key)
        label: dict[str, Any] = {"outcome": "violation", "violations": [("late_authentication", 4)]}
        if record.row.outcome == "violation":
            label = {"outcome": "compliant"}
        more: dict[str, Any] = {"choice": "confirm"} if right else {"choice": "overrule", **label}
        store.decide(key, reviewer="A", verdict_key=record.verdict_key, **more)

    for place, row in enumerate(store.calls(CallFilter(flagged=True))):
        if place < 9:
            decide(row.key, right=place > 0)
    drawn = store.draw_sample(DAY, DAY, 20, seed=3)
    unread = store.field_recall()
    assert (unread.recall, unread.sampled, unread.found, unread.undecided) == (None, 0, 8, 1)
    for place, key in enumerate(drawn):
        decide(key, right=place != 0)
    store.decide(drawn[1], reviewer="A", choice="not_sure", verdict_key=store.record(drawn[1]).verdict_key)
    found = store.field_recall()
    assert (found.found, found.missed_in_sample, found.sampled, found.unflagged, found.undecided) == (8, 1, 19, 100, 1)
    assert found.recall == pytest.approx(8 / (8 + 100 / 19))
    low, high = bounds(1, 19)
    assert found.low == pytest.approx(8 / (8 + 100 * high))
    # One at least was missed, however small the share may be.
    assert found.high == pytest.approx(8 / (8 + max(1.0, 100 * low)))
    assert store.field_recall(date(2027, 1, 1), date(2027, 1, 2)).recall is None


def test_nothing_missed_and_nothing_found(store: Store, filled: Filled) -> None:
    filled([make_call(n) for n in range(1, 11)])
    for key in store.draw_sample(DAY, DAY, 10, seed=1):
        store.decide(key, reviewer="A", choice="confirm", verdict_key=store.record(key).verdict_key)
    assert store.field_recall() == Estimate(0, 0, 10, 10, 0)
