import io
import re
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook
from tests.serve.filled import fill, golden
from tests.serve.serving import Visitor, visitor

from ausweis.store import CallFilter, Store


def test_agreement_and_recall_are_shown(store: Store) -> None:
    anna = visitor(store)
    reported = store.keys(CallFilter(outcomes=("violation",)))[:4]
    drawn = store.draw_sample(date(2026, 2, 1), date(2026, 3, 2), 10)
    for key in (*reported, *drawn):
        for reviewer in ("Anna", "Ben"):
            store.decide(
                key, reviewer=reviewer, choice="confirm", verdict_key=store.record(key).verdict_key, blind=True
            )
    page = anna.page("/figures")
    assert "In 14 of 14 calls that two people heard they agreed." in page
    assert "Of 4 reviewed reports 4 were right. Of 100 violations we find about 100 (between" in page
    assert "; sampled calls: 10)." in page
    assert "Most frequently reported: " in page
    assert "Confirmed violations among the flagged calls: 4. Missed in the sample: 0 of 10." in page
    assert page.count('role="img"') == page.count(", by day")


def test_a_sample_that_is_decided_in_part_says_what_waits(store: Store) -> None:
    anna = visitor(store)
    first, *_ = store.draw_sample(date(2026, 2, 1), date(2026, 3, 2), 4)
    page = anna.page("/figures")
    assert "How many violations are missed, only a sample that has been decided tells." in page
    assert "Of the sample, not decided blind yet: 4." in page
    store.decide(first, reviewer="Anna", choice="confirm", verdict_key=store.record(first).verdict_key, blind=True)
    page = anna.page("/figures")
    assert "There is no violation among the decided calls, those of the sample (1) included" in page
    assert "Of the sample, not decided blind yet: 3." in page


def test_a_share_that_rests_on_few_sampled_calls_is_none(store: Store) -> None:
    reported = store.keys(CallFilter(outcomes=("violation",)))[:1]
    for key in (*reported, *store.draw_sample(date(2026, 2, 1), date(2026, 3, 2), 2)):
        store.decide(key, reviewer="Anna", choice="confirm", verdict_key=store.record(key).verdict_key, blind=True)
    page = visitor(store).page("/figures")
    assert "One report has been reviewed, right: 1. Missed in the sample: 0 of 2." in page
    assert "These are too few sampled calls for a share." in page
    assert not [told for told in ("Of 100 violations", "95% range:", 'class="big"') if told in page]


def test_recall_of_incidents_is_shown_where_there_are_any(store: Store) -> None:
    anna = visitor(store)
    assert "Calls with an incident found" not in anna.page("/figures")
    with_incident = [row.key for row in store.calls(CallFilter(incidents=("cancel_threat",)), limit=3)]
    for key in (*with_incident, *store.draw_sample(date(2026, 2, 1), date(2026, 3, 2), 4)):
        store.decide(key, reviewer="Anna", choice="confirm", verdict_key=store.record(key).verdict_key, blind=True)
    page = anna.page("/figures")
    assert "Calls with an incident found" in page
    assert "Confirmed incidents among the flagged calls: 3. Missed in the sample: 0 of 4." in page


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
    assert f"{reported} reported 9 confirmed 5 rejected {reported - 14} open 1 added" in text


def test_a_share_is_given_from_ten_decided_reports_on_and_of_fewer_the_numbers(store: Store) -> None:
    page = visitor(overruled(store, 50)).page("/figures")
    rows = re.findall(r'<th scope="row">([^<]+)</th>.*?<td class="n">([^<]*)</td></tr>', page)
    told = dict(rows[: rows.index(next(row for row in rows if row[0] == "All incidents" or "cancel" in row[0]))])
    assert re.fullmatch(r"\d+% \(\d+% to \d+%\)", told["All violations"])
    assert any(re.fullmatch(r"\d of \d", right) for right in told.values())
    assert "" not in told.values()
    assert "Of 33 reviewed reports 22 were right." in page


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


def test_small_queues_stand_in_one_row_that_leads_to_their_calls(tmp_path: Path) -> None:
    def queue(place: int) -> str:
        return "Hotline" if place < 25 else ("Rechnung", "Technik")[place % 2]

    calls = [
        one._replace(call=one.call.model_copy(update={"queue": queue(place)})) for place, one in enumerate(golden(33))
    ]
    with fill(tmp_path / "s.sqlite", calls) as store:
        page = visitor(store).page("/figures")
        anna = visitor(store)
        assert re.findall(r'<th scope="row"><bdi>([^<]+)</bdi></th>', page)[:2] == [
            "2 smaller ones together",
            "Hotline",
        ]
        found = re.search(r'<a href="([^"]+)" aria-label="2 smaller ones together: 8 Calls">8</a>', page)
        assert found
        assert ">8 calls<" in anna.page(found[1].replace("&amp;", "&"))


def test_reasons_of_rejected_findings_are_counted(store: Store) -> None:
    keys = [row.key for row in store.calls(CallFilter(violations=("no_authentication",)), limit=3)]
    for key, why in zip(keys, ("rule", "rule", "place"), strict=True):
        record = store.record(key)
        reasons = [("no_authentication", one.turn, why) for one in record.verdict.violations[:1]]
        own: Any = {"outcome": "compliant", "verdict_key": record.verdict_key, "reasons": reasons}
        store.decide(key, reviewer="Anna", choice="overrule", **own)
    page = visitor(store).page("/figures")
    told = re.findall(r'<th scope="row">([^<]+)</th><td class="n">(\d)</td>', page)
    assert told == [("Rule does not fit", "2"), ("Place wrong", "1")]
    assert "Why findings were rejected" in page
    assert "Why findings were rejected" not in visitor(store).page("/figures?first=2020-01-01&last=2020-01-01")


DAY = {"first": "2026-03-01", "last": "2026-03-02"}


def test_a_lead_opens_the_report_of_days_and_takes_it_as_an_excel_file(store: Store) -> None:
    anna = visitor(store)
    answer = anna.http.post("/report", data={"csrf": anna.csrf, "format": "html", **DAY})
    assert (answer.status_code, "Sunday, 1 March 2026 – Monday, 2 March 2026" in answer.text) == (200, True)
    policy = answer.headers["content-security-policy"]
    assert "style-src 'sha256-" in policy
    assert ("script-src" in policy, "frame-ancestors 'none'" in policy) == (False, True)
    book = anna.http.post("/report", data={"csrf": anna.csrf, "format": "xlsx", **DAY})
    assert book.headers["content-disposition"] == 'attachment; filename="ausweis-2026-03-01-to-2026-03-02.xlsx"'
    which = CallFilter(first=date(2026, 3, 1), last=date(2026, 3, 2), to_review=True)
    calls = load_workbook(io.BytesIO(book.content))["Calls"]
    assert calls.max_row == 1 + store.count(which) == 1 + answer.text.count('<details class="call"')
    assert [(one.what, one.who) for one in store.chain(limit=2)] == [("exported", "Anna")] * 2
    assert anna.send("/report", format="html", first="2026-03-02", last="2026-03-01")[0] == 409
    form = anna.page(f"/figures?{urlencode(DAY)}").partition('action="/report"')[2]
    assert re.findall(r'name="(first|last)" value="([^"]+)" required', form) == list(DAY.items())
    petra = Visitor(anna.desk, "", store.invite("Petra", by="Anna").own_key)
    assert petra.send("/report", format="html", **DAY)[0] == 403
    assert 'action="/report"' not in petra.page("/figures")


def test_the_report_hides_what_others_decided_until_the_reader_has(store: Store) -> None:
    key = store.keys(CallFilter(first=date(2026, 3, 2), violations=("unauthorised_third_party",)))[0]
    record = store.record(key)
    store.decide(key, reviewer="Ben", choice="overrule", outcome="compliant", verdict_key=record.verdict_key)

    def told(name: str) -> str:
        _, page = visitor(store, name).send("/report", format="html", **DAY)
        return page[page.index(f'id="call-{key}"') :].partition("</details>")[0]

    assert ("<s>" in told("Anna"), "corrected" in told("Anna"), "decided" in told("Anna")) == (False, False, True)
    assert ("<s>" in told("Ben"), "corrected" in told("Ben")) == (True, True)
