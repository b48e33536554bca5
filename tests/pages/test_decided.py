"""What people decided changes the daily review; where nobody looked for incidents, all forms of it say so."""

import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.pages.review_days import DAY, filled
from tests.serve.filled import Judged, call_of, fill, judged
from tests.serve.serving import visitor
from tests.store.runs import make_call, write_run

from ausweis.batch.tally import Tally
from ausweis.facts import Facts
from ausweis.judging.verdict import ConfidenceReason
from ausweis.pages.notify import mail, summary
from ausweis.pages.review import Review, Wanted, review_of
from ausweis.pages.review_page import review_markdown, review_page
from ausweis.pages.words import Words
from ausweis.pages.workbook import call_book, records_of
from ausweis.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Of the six violations of the day, three confirmed, two dismissed, one open; of another day, one dismissed."""
    with filled(tmp_path) as opened:
        for number in (1, 2, 3):
            decide(opened, number, "confirm")
        for number in (0, 4, 1000):
            decide(opened, number, "overrule", outcome="compliant", incidents=())
        yield opened


def decide(store: Store, number: int, choice: str, **label: object) -> None:
    record = store.record(store.find(f"call-{number}") or 0)
    label |= {"reviewer": "Anna", "choice": choice, "verdict_key": record.verdict_key}
    store.decide(record.row.key, **label)  # type: ignore[arg-type]


def reviewed(store: Store, language: str = "en", full: int = 200) -> Review:
    return review_of(store, Wanted(DAY, DAY, language="de" if language == "de" else "en", full=full))


def test_each_is_counted(store: Store) -> None:
    review = reviewed(store)
    violation, incident = review.figures[1:3]
    assert violation.people is not None
    assert incident.people is not None
    counted = (violation.count, violation.people.confirmed, violation.people.overruled, violation.people.open)
    assert counted == (6, 3, 2, 1)
    assert (incident.people.confirmed, incident.people.open) == (1, 0)
    (row,) = [one for one in review.severities if one.name == "no_authentication"]
    # Of these days and those before.
    assert (row.people.confirmed, row.people.overruled) == (3, 3)
    assert review.total is not None
    assert (review.total.total.reported, review.total.total.confirmed) == (9, 3)


@pytest.mark.parametrize(("language", "told"), [("de", "3 bestätigt, 2 verworfen, 1 offen"), ("en", "3 confirmed")])
def test_all_forms_tell_them(store: Store, language: str, told: str) -> None:
    review = reviewed(store, language)
    sent = summary(review)
    for text in (review_page(review), review_markdown(review), sent["text"]):
        assert told in text
    assert sent["decisions"]["violation"] == {"confirmed": 3, "overruled": 2, "open": 1}
    assert (sent["counts"]["violation"], sent["looked_for_incidents"]) == (6, 20)


def test_what_was_dismissed_is_struck_through_and_comes_last(store: Store) -> None:
    review = reviewed(store)
    ids = [call.row.call_id for call in review.calls]
    assert {*ids[-2:]} == {"call-0", "call-4"}
    page = review_page(review)
    assert page.count("<s><b>no authentication</b></s>") == 2
    assert page.count('<span class="people">Reviewers: <b>compliant</b></span>') == 2
    assert "### corrected: ~~no authentication~~ Reviewers: compliant, Call `call-0`".lower() in (
        review_markdown(review).lower()
    )
    keys = {row["call"] for row in summary(review)["worst"]}
    assert keys.isdisjoint(store.find(name) for name in ("call-0", "call-4"))
    short = reviewed(store, full=1)
    assert "<s>no authentication" in review_page(short)
    assert "~~no authentication~~ Reviewers: compliant" in review_markdown(short)


def forms(review: Review, store: Store) -> dict[str, str]:
    """All that is printed of a day, without what is struck through."""
    book = load_workbook(io.BytesIO(call_book(records_of(store, review.keys), Words("en"), title="x", by="y")))
    told = mail(review, "to@example.org", "from@example.org")
    sent = summary(review)
    body = review_page(review).partition("</head>")[2]
    return {
        # Without what words mean, and without counts of what was reported, which stand beside how many of these hold.
        "page": re.sub(r"(?s)<s>.*?</s>|<span class=.term.*?</span>|<section id=.severity.*?</section>", "", body),
        "markdown": re.sub(r"~~.*?~~", "", review_markdown(review)),
        "mail": "".join(part.get_content() for part in told.iter_parts()),
        "chat": json.dumps(sent["worst"]) + sent["text"],
        "calls of the workbook": "\n".join(str([cell.value for cell in row]) for row in book["Calls"].iter_rows()),
    }


@pytest.mark.parametrize("full", [200, 1])
def test_only_what_holds_is_printed(tmp_path: Path, full: int) -> None:
    """A rejected finding stands in no form of the review, unless it is struck through; what reviewers added does."""
    with filled(tmp_path, before=0) as store:
        label = {"outcome": "violation", "violations": [("factor_leaked", 2)], "incidents": ()}
        decide(store, 1, "overrule", **label)
        for number in (0, 2, 3, 4, 5):
            decide(store, number, "overrule", outcome="compliant", incidents=())
        review = reviewed(store, full=full)
        printed = forms(review, store)
    words = Words("en")
    rejected = ("no_authentication", "lawyer_threat", "critical")
    for name, text in printed.items():
        found = [word for word in rejected if word in text or f"{words.word(word)}".lower() in text.lower()]
        assert found == [], name
        assert "leaked" in text, name


def test_repeats_of_one_cause_are_counted_once_and_unsure_calls_come_last_in_all_forms(tmp_path: Path) -> None:
    def read(name: str, turns: Sequence[int], *more: dict[str, Any], unsure: bool = False) -> Judged:
        third = {"type": "unauthorised_third_party", "severity": "critical", "reason": {"code": "added"}}
        call = call_of(name, [f"Satz {n}." for n in range(10)])
        violations = [*(third | {"turn": turn} for turn in turns), *more]
        doubt = (ConfidenceReason(code="critical_unsure", confidence=0.8),) if unsure else ()
        said: dict[str, Any] = {"outcome": "violation", "violations": violations, "risk": 0.9, "needs_review": unsure}
        return judged(call, Facts(call_id=name, turns=10), first_violation_turn=1, review_reasons=doubt, **said)

    leak = {"type": "factor_leaked", "turn": 9, "severity": "high", "reason": {"code": "added"}}
    calls = [read("unsure", range(1, 8), unsure=True), read("again", range(1, 8)), read("two", [1], leak)]
    tally = Tally()
    for one in calls:
        tally.add(one.verdict)
    with fill(tmp_path / "s.sqlite", calls) as store:
        review, queue = reviewed(store), visitor(store).page("/")
        order = ["two", "again", "unsure"]
        keys = [store.find(name) for name in order]
    assert [(call.row.call_id, call.others) for call in review.calls] == list(zip(order, (1, 0, 0), strict=True))
    assert [row.call_id for row in tally.worst] == order
    assert [one["call"] for one in summary(review)["worst"]] == keys
    assert [int(key) for key in re.findall(r'<a class="row[^>]*href="/calls/(\d+)', queue)] == keys


@pytest.mark.parametrize(("language", "told"), [("de", "nicht darauf geprüft"), ("en", "not looked for")])
def test_where_nobody_looked_for_incidents_all_forms_say_so(tmp_path: Path, language: str, told: str) -> None:
    calls = [make_call(n, pin=n > 1) for n in range(8)]
    with Store.open(tmp_path / "s.sqlite") as store:
        write_run(store, calls)
        review = reviewed(store, language)
    sent = summary(review)
    for text in (review_page(review), review_markdown(review), sent["text"]):
        assert told in text
    assert sent["looked_for_incidents"] == 0
    assert "incident" not in sent["usual_shares"]
