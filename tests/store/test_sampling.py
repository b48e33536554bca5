from datetime import date
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest
from tests.store.conftest import Filled
from tests.store.runs import make_call, write_run

from ausweis.store import CallFilter, FieldRecall, Store
from ausweis.store.counted import FEWEST, bounds

DAY = date(2026, 3, 2)
SAME: dict[str, Any] = {}
LATE: dict[str, Any] = {
    "choice": "overrule",
    "outcome": "violation",
    "violations": [("late_authentication", 4)],
}


def say(store: Store, key: int, *, by: str = "A", blind: bool = True, **label: Any) -> None:
    """Decide a call: it is confirmed, or has this label."""
    more = label if "choice" in label else {"choice": "confirm"} | label
    store.decide(key, reviewer=by, verdict_key=store.record(key).verdict_key, blind=blind, **more)


def confirm(store: Store, *keys: int) -> None:
    for key in keys:
        say(store, key)


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 50), (3, 50), (49, 50), (7, 400), (0, 2000), (30, 2000)])
def test_bounds_are_those_of_wilson(hits: int, n: int) -> None:
    wanted = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert bounds(hits, n) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_a_sample_is_of_calls_that_nobody_would_look_at(store: Store, filled: Filled) -> None:
    quiet = [make_call(n) for n in range(1, 21)]
    filled([*quiet, *[make_call(n, pin=False) for n in range(30, 40)], make_call(50, day="2026-03-03")])
    drawn = store.draw_sample(DAY, DAY, 8, seed=1)
    rows = store.calls(CallFilter(sampled=True))
    assert sorted(row.key for row in rows) == sorted(drawn)
    assert len(drawn) == 8
    assert not any(row.to_review for row in rows)
    assert {row.day for row in rows} == {DAY}
    again = store.draw_sample(DAY, DAY, 100, seed=2**32)
    assert len(again) == 12
    assert not set(again) & set(drawn)
    assert store.draw_sample(DAY, DAY, 100) == []
    assert store.draw_sample(date(2026, 3, 3), date(2026, 3, 3), 0) == []
    assert [entry.what for entry in store.chain()] == ["sampled", "sampled", "scored", "scored"]


def test_the_same_seed_draws_the_same_calls(tmp_path: Path) -> None:
    calls = [make_call(n) for n in range(1, 40)]
    drawn = []
    for name in ("one", "other"):
        with Store.open(tmp_path / name) as store:
            write_run(store, calls)
            drawn.append([store.draw_sample(DAY, DAY, 5, seed=seed) for seed in (7, 8)])
    assert drawn[0] == drawn[1]
    assert drawn[0][0] != drawn[0][1]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A share is told of a sample of any size."""
    monkeypatch.setattr("ausweis.store.sampling.FEWEST", 1)


def test_recall_is_told_from_a_sample_of_ten_on(store: Store, filled: Filled) -> None:
    filled([*[make_call(n) for n in range(1, 21)], make_call(30, pin=False)])
    confirm(store, *store.keys(CallFilter(to_review=True)))
    drawn = store.draw_sample(DAY, DAY, FEWEST, seed=1)
    confirm(store, *drawn[1:])
    assert (store.field_recall().recall, store.field_recall().low, store.field_recall().sampled) == (None, None, 9)
    confirm(store, drawn[0])
    assert (store.field_recall().recall, store.field_recall().sampled) == (1.0, 10)


def test_recall_in_the_field(store: Store, filled: Filled) -> None:
    filled([*[make_call(n) for n in range(1, 101)], *[make_call(n, pin=False) for n in range(200, 210)]])
    assert store.field_recall() == FieldRecall(0, 0, 0, 0, 0)

    for place, row in enumerate(store.calls(CallFilter(to_review=True))):
        if place < 9:
            say(store, row.key, **(SAME if place else {"choice": "overrule", "outcome": "compliant"}))
    drawn = store.draw_sample(DAY, DAY, 20, seed=3)
    unread = store.field_recall()
    assert (unread.recall, unread.sampled, unread.found, unread.undecided, unread.waiting) == (None, 0, 8, 1, 20)
    for place, key in enumerate(drawn):
        say(store, key, **(SAME if place else LATE))
    say(store, drawn[1], choice="not_sure")
    found = store.field_recall()
    assert (found.found, found.missed_in_sample, found.sampled, found.represented, found.undecided) == (
        8,
        1,
        19,
        100,
        1,
    )
    assert found.waiting == 1
    assert found.recall == pytest.approx(8 / (8 + 100 / 19))
    low, high = bounds(1, 19)
    assert found.low == pytest.approx(8 / (8 + 100 * high))
    # One at least was missed, however small the share may be.
    assert found.high == pytest.approx(8 / (8 + max(1.0, 100 * low)))


@pytest.mark.usefixtures("few")
def test_recall_is_no_higher_than_what_reviewers_found_besides_allows(store: Store, filled: Filled) -> None:
    filled([*[make_call(n) for n in range(1, 13)], *[make_call(n, pin=False) for n in range(200, 213)]])
    confirm(store, *store.keys(CallFilter(to_review=True)))
    quiet = store.keys(CallFilter(to_review=False))
    drawn = store.draw_sample(DAY, DAY, 5, seed=3)
    besides = next(key for key in quiet if key not in drawn)
    say(store, drawn[0], **LATE)
    say(store, besides, blind=False, **LATE)
    confirm(store, *drawn[1:])
    found = store.field_recall()
    assert (found.found, found.missed_in_sample, found.sampled, found.represented) == (13, 1, 5, 12)
    assert found.recall == pytest.approx(13 / (13 + 12 / 5))
    assert found.high == pytest.approx(13 / (13 + 2))


def test_calls_that_were_judged_anew_had_no_chance_to_be_drawn(
    store: Store, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ausweis.store.sampling.now", lambda: "2026-03-03T00:00:00Z")
    quiet, unsure = [make_call(n) for n in range(1, 21)], [make_call(n) for n in range(30, 40)]
    filled([*quiet, *unsure], unsure=[call.id for call in unsure])
    confirm(store, *store.draw_sample(DAY, DAY, 5, seed=1))
    assert store.field_recall() == FieldRecall(0, 0, 5, 20, 10)
    filled(unsure, started="2026-03-04T00:00:00Z")
    assert store.count(CallFilter(to_review=True)) == 0
    assert store.field_recall() == FieldRecall(0, 0, 5, 20, 0, days_left_out=1)
    monkeypatch.setattr("ausweis.store.sampling.now", lambda: "2026-03-05T00:00:00Z")
    drawn = store.draw_sample(DAY, DAY, 100, seed=1)
    assert len(drawn) == 15 + 10
    confirm(store, *drawn)
    assert store.field_recall() == FieldRecall(0, 0, 30, 30, 0)


def test_a_sample_of_calls_that_were_judged_anew_is_none(
    store: Store, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ausweis.store.sampling.now", lambda: "2026-03-03T00:00:00Z")
    quiet = [make_call(n) for n in range(1, 11)]
    filled(quiet)
    confirm(store, *store.draw_sample(DAY, DAY, 5, seed=1))
    filled(quiet, started="2026-03-04T00:00:00Z")
    assert store.field_recall() == FieldRecall(0, 0, 0, 0, 0, days_left_out=1)
    monkeypatch.setattr("ausweis.store.sampling.now", lambda: "2026-03-05T00:00:00Z")
    assert len(store.draw_sample(DAY, DAY, 100, seed=1)) == 10
    assert store.field_recall() == FieldRecall(0, 0, 5, 10, 0, waiting=5)
    assert store.draw_sample(DAY, DAY, 100) == []


def test_calls_in_which_nobody_looked_tell_nothing_of_incidents(store: Store, filled: Filled) -> None:
    filled([make_call(n) for n in range(1, 11)], looked_for=["cancel_threat"])
    filled([make_call(n) for n in range(20, 40)])
    filled([make_call(n, day="2026-03-03") for n in range(50, 60)])
    drawn = store.draw_sample(DAY, date(2026, 3, 3), 40, seed=1)
    confirm(store, *drawn[:30])
    told = sum(int(store.record(key).row.call_id[5:]) < 20 for key in drawn[:30])
    found = store.field_recall(of="incidents")
    assert (found.sampled, found.waiting, found.represented, found.days_left_out) == (told, 10 - told, 10, 2)
    assert (store.field_recall().sampled, store.field_recall().represented) == (30, 40)


@pytest.mark.usefixtures("few")
def test_recall_of_incidents(store: Store, filled: Filled) -> None:
    some = [*[make_call(n) for n in range(1, 11)], *[make_call(n, pin=False) for n in range(20, 24)]]
    filled(some, looked_for=["cancel_threat"])
    threat: dict[str, Any] = {"choice": "overrule", "incidents": [("cancel_threat", 3)]}
    flagged = store.calls(CallFilter(to_review=True))
    for place, row in enumerate(flagged):
        record = store.record(row.key)
        said = [(one.type, one.turn) for one in record.verdict.violations]
        label: dict[str, Any] = {"outcome": "violation", "violations": said}
        more: dict[str, Any] = {**threat, **label} if place < 3 else {"choice": "confirm"}
        say(store, row.key, blind=False, **more)
    for place, key in enumerate(store.draw_sample(DAY, DAY, 5, seed=1)):
        say(store, key, **(SAME if place else {**threat, "outcome": store.record(key).row.outcome}))
    found = store.field_recall(of="incidents")
    assert (found.found, found.missed_in_sample, found.sampled, found.represented) == (3, 1, 5, 10)
    assert found.recall == pytest.approx(3 / (3 + 10 / 5))
    assert store.field_recall().recall == 1.0


def test_nothing_missed_and_nothing_found(store: Store, filled: Filled) -> None:
    filled([make_call(n) for n in range(1, 11)])
    confirm(store, *store.draw_sample(DAY, DAY, 10, seed=1))
    assert store.field_recall() == FieldRecall(0, 0, 10, 10, 0)


def test_days_that_were_sampled_at_unlike_rates_are_not_pooled(store: Store, filled: Filled) -> None:
    busy = [make_call(n) for n in range(1, 101)]
    quiet = [make_call(n, day="2026-03-04") for n in range(101, 111)]
    unseen = [make_call(n, day="2026-03-03") for n in range(201, 205)]
    flagged = [
        make_call(300 + n, pin=False, day=day) for n, day in enumerate(("2026-03-02", "2026-03-03", "2026-03-04"))
    ]
    filled([*busy, *quiet, *unseen, *flagged])

    confirm(store, *store.keys(CallFilter(to_review=True)))
    for day, missed in ((DAY, 1), (date(2026, 3, 4), 5)):
        drawn = store.draw_sample(day, day, 10, seed=1)
        for place, key in enumerate(drawn):
            say(store, key, **(LATE if place < missed else SAME))
    found = store.field_recall()
    # The flagged call of the day that nobody sampled is no more in it than what was missed there.
    assert (found.found, found.missed_in_sample, found.sampled, found.represented, found.days_left_out) == (
        2,
        6,
        20,
        110,
        1,
    )
    assert found.recall == pytest.approx(2 / (2 + 100 * 1 / 10 + 10 * 5 / 10))
    one, other = bounds(1, 10, 0.975), bounds(5, 10, 0.975)
    assert found.low == pytest.approx(2 / (2 + 100 * one[1] + 10 * other[1]))
    assert found.high == pytest.approx(2 / (2 + max(1, 100 * one[0]) + max(5, 10 * other[0])))


def test_one_draw_over_days_is_one_stratum(store: Store, filled: Filled) -> None:
    filled([make_call(n, day=f"2026-03-{1 + n % 9:02}") for n in range(1, 91)])
    confirm(store, *store.draw_sample(date(2026, 3, 1), date(2026, 3, 9), 5, seed=1))
    assert store.field_recall() == FieldRecall(0, 0, 5, 90, 0)


@pytest.mark.usefixtures("few")
def test_only_what_was_said_blind_counts(store: Store, filled: Filled) -> None:
    filled([*[make_call(n) for n in range(1, 11)], make_call(20, pin=False)])
    confirm(store, *store.keys(CallFilter(to_review=True)))
    drawn = store.draw_sample(DAY, DAY, 4, seed=1)
    for key in drawn:
        say(store, key, blind=False)
    seen = store.field_recall()
    assert (seen.recall, seen.sampled, seen.waiting, seen.in_view) == (None, 0, 4, 4)
    # Who has not seen the verdict finds what the other passed over; what she says after she saw it changes nothing.
    say(store, drawn[0], by="B", **LATE)
    say(store, drawn[0], by="B", blind=False)
    say(store, drawn[1], by="B", hasty=True)
    found = store.field_recall()
    assert (found.sampled, found.missed_in_sample, found.waiting, found.in_view, found.hasty) == (2, 1, 2, 2, 1)
    assert found.recall == pytest.approx(1 / (1 + 10 / 2))
    assert store.verify_chain() > 0
