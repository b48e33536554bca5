import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.serve.filled import fill, golden
from tests.serve.serving import visitor

from ausweis.store import CallFilter, Store


def test_agreement_and_recall_are_shown(store: Store) -> None:
    anna = visitor(store)
    reported = store.keys(CallFilter(outcomes=("violation",)))[:4]
    drawn = store.draw_sample(date(2026, 2, 1), date(2026, 3, 2), 4)
    for key in (*reported, *drawn):
        for reviewer in ("Anna", "Ben"):
            store.decide(
                key, reviewer=reviewer, choice="confirm", verdict_key=store.record(key).verdict_key, blind=True
            )
    page = anna.page("/figures")
    assert "decided alike in 8 of 8 comparisons" in page
    assert "Kappa: from 10 comparisons on" in page
    assert "Confirmed violations among the calls to review: 4. Missed in the sample: 0 of 4." in page
    assert page.count('role="img"') == page.count(", by day")


def test_a_sample_that_is_decided_in_part_says_what_waits(store: Store) -> None:
    anna = visitor(store)
    first, *_ = store.draw_sample(date(2026, 2, 1), date(2026, 3, 2), 4)
    page = anna.page("/figures")
    assert "This needs a sample that has been decided" in page
    assert "Of the sample, not decided blind yet: 4." in page
    store.decide(first, reviewer="Anna", choice="confirm", verdict_key=store.record(first).verdict_key, blind=True)
    page = anna.page("/figures")
    assert "This needs a sample that has been decided" not in page
    assert "There is no violation among the decided calls, those of the sample (1) included" in page
    assert "Of the sample, not decided blind yet: 3." in page


def test_recall_of_incidents_is_shown_where_there_are_any(store: Store) -> None:
    anna = visitor(store)
    assert "Calls with an incident found" not in anna.page("/figures")
    with_incident = [row.key for row in store.calls(CallFilter(incidents=("cancel_threat",)), limit=3)]
    for key in (*with_incident, *store.draw_sample(date(2026, 2, 1), date(2026, 3, 2), 4)):
        store.decide(key, reviewer="Anna", choice="confirm", verdict_key=store.record(key).verdict_key, blind=True)
    page = anna.page("/figures")
    assert "Calls with an incident found" in page
    assert "Confirmed incidents among the calls to review: 3. Missed in the sample: 0 of 4." in page


def overruled(store: Store, many: int = 14) -> Store:
    """Some of the worst calls confirmed, some overruled, one to be of another type; and a violation that was missed."""
    keys = [row.key for row in store.calls(CallFilter(outcomes=("violation",)), limit=many)]
    for place, key in enumerate(keys):
        verdict_key = store.record(key).verdict_key
        if place % 3:
            store.decide(key, reviewer="Anna", choice="confirm", verdict_key=verdict_key)
        else:
            store.decide(key, reviewer="Anna", choice="overrule", outcome="compliant", verdict_key=verdict_key)
    missed = store.keys(CallFilter(outcomes=("compliant",)))[0]
    label: Any = {"outcome": "violation", "violations": [("late_authentication", 2)]}
    record = store.record(missed)
    store.decide(missed, reviewer="Anna", choice="overrule", verdict_key=record.verdict_key, **label)
    return store


@pytest.mark.parametrize("query", ["", "?what=*", "?what=no_authentication", "?first=2026-02-24&last=2026-03-01"])
def test_each_number_leads_to_just_the_calls_that_it_counts(store: Store, query: str) -> None:
    anna = visitor(overruled(store))
    numbers = re.findall(r'<a href="(/\?[^"]*)" aria-label="[^"]*">([\d,]+)</a>', anna.page(f"/figures{query}"))
    assert len(numbers) > 20
    for address, number in numbers:
        page = anna.page(address.replace("&amp;", "&"))
        shown = re.search(r'<p class="count" role="status">([\d,]+) calls?<', page)
        assert shown, address
        assert shown[1] == number, address


def test_an_overruled_call_is_no_violation_any_more(store: Store) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", visitor(overruled(store)).page("/figures")))
    reported = store.count(CallFilter(outcomes=("violation",)))
    assert f"{reported} reported 9 confirmed 5 overruled {reported - 14} open 1 added by reviewers" in text


def test_a_share_is_given_from_ten_decided_reports_on(store: Store) -> None:
    page = visitor(overruled(store, 50)).page("/figures")
    assert "too few (" in page
    assert re.search(r"<b>\d+%</b> <span class=\"note\">\(\d+% to \d+%\)", page)


def test_days_are_chosen_and_kept_with_what_is_shown(store: Store) -> None:
    page = visitor(store).page("/figures?first=2026-02-20&last=2026-02-26&what=cancel_threat")
    assert '<option value="cancel_threat" selected>' in page
    assert 'name="first" value="2026-02-20"' in page
    assert "in 7 days." in page
    assert "what=cancel_threat" in page.replace("&amp;", "&")
    for odd in ("?first=x&last=9999-99-99", "?first=2030-01-01&last=2020-01-01", "?what=%00nothing"):
        assert "reported" in visitor(store).page(f"/figures{odd}")


def test_where_nobody_looked_for_incidents_the_page_says_so(tmp_path: Path) -> None:
    calls = [one._replace(facts=one.facts.model_copy(update={"looked_for": ()})) for one in golden(20)]
    calls = [one._replace(verdict=one.verdict.model_copy(update={"incidents": ()})) for one in calls]
    with fill(tmp_path / "s.sqlite", calls) as store:
        assert "Nobody looked for incidents on these days." in visitor(store).page("/figures?what=*")
