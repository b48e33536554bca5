from datetime import date

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
    assert "Confirmed violations among the calls to review: 4. Missed in the sample: 0 of 4." in page
    assert page.count('role="img"') == page.count("with a violation, by day")


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
