"""The review of teams: no call is hidden, no share is above one, whatever a single day holds."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.pages.review_days import DAY, filled
from tests.store.runs import make_call, write_run

from ausweis.errors import InputError
from ausweis.pages.review import Review, Wanted, review_of, since
from ausweis.pages.review_page import review_page
from ausweis.store import CallFilter, Store


def review(folder: Path, by_day: int, *, days: int = 3, shown: int = 3) -> Review:
    """Of some last days; of each, so many calls of one team, all with a violation."""
    calls = [
        make_call(back * 100 + number, pin=False, day=str(DAY - timedelta(days=back)), agent=f"Agent {number}")
        for back in range(days)
        for number in range(by_day)
    ]
    with Store.open(folder / "ausweis.sqlite") as store:
        write_run(store, calls)
        first = DAY - timedelta(days=shown - 1)
        return review_of(store, Wanted(first, DAY, language="en", teams=("Nord",)))


@pytest.mark.parametrize(("by_day", "days"), [(3, 3), (3, 6), (4, 17), (5, 3)])
def test_a_team_s_calls_are_all_counted_and_no_share_is_above_one(tmp_path: Path, by_day: int, days: int) -> None:
    found = review(tmp_path, by_day, days=days)
    assert found.now.calls == found.to_review == 3 * by_day
    (row,) = found.severities
    assert sum(row.by_severity.values()) == row.figure.count == 3 * by_day
    assert [one.share for one in (*found.figures, row.figure) if one.count] == [1.0, 1.0, 1.0]
    assert found.figures[1].usual in (None, 1.0)
    assert "no authentication" in review_page(found)


def test_the_page_tells_what_it_is_compared_with_where_no_day_alone_can_be_shown(tmp_path: Path) -> None:
    text = review_page(review(tmp_path, 3, days=6))
    assert "Usually: the mean of the days from 14 February to 27 February on which there were calls (3)." in text


def test_the_page_says_that_a_team_was_too_small_before(tmp_path: Path) -> None:
    text = review_page(review(tmp_path, 3, days=4))
    assert (
        "There were no calls in the 14 days before, or too few of the team, so there is nothing to compare with."
        in text
    )


def test_a_team_that_is_too_small_in_all_days_together_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="fewer than 5 calls or 3 agents"):
        review(tmp_path, 3, days=1, shown=1)


def test_new_kinds_waiting_calls_and_objections(tmp_path: Path) -> None:
    with filled(tmp_path) as store:
        key = store.keys(CallFilter(outcomes=("violation",)))[0]
        one = store.raise_objection(key, side="Team", reason="Nein.", by="Lea")
        found = since(store, CallFilter(), DAY, DAY, store.objections(), before=14)
        assert found.day == DAY - timedelta(days=1)
        assert found.kinds == ("lawyer_threat",)
        # One violation on each of three days before.
        assert (found.waiting, found.raised, found.ruled) == (3, 1, 0)
        said = store.record(key)
        holds: dict[tuple[str, int], bool] = {(at.type, at.turn): True for at in said.verdict.violations}
        holds |= {(at.id, at.turn): True for at in said.verdict.incidents}
        store.rule_on_objection(one.key, holds=holds, by="Lea", note="Doch.", verdict_key=said.verdict_key)
        tomorrow = date.today() + timedelta(days=1)
        assert since(store, CallFilter(), DAY, DAY, store.objections(), before=14).ruled == 1
        late = since(store, CallFilter(), DAY, tomorrow, store.objections(), before=14)
        assert (late.raised, late.ruled) == (0, 0)
