"""One word for one count: after a morning's decisions, list, figures, report, Excel and CSV say the same numbers."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.serve.filled import LAST_DAY, call_of, fill, judged
from tests.serve.serving import visitor

from ausweis.cli.store import export_tables
from ausweis.facts import Facts
from ausweis.judging.verdict import Violation
from ausweis.pages.words import Words
from ausweis.store import CallFilter, Store

ENGLISH = Words("en")
NONE, LEAK = "no_authentication", "factor_leaked"
BY_HAND = {
    "All violations": {"reported": 9, "confirmed": 4, "rejected": 1, "open": 4, "added": 1},
    "No authentication": {"reported": 9, "confirmed": 4, "rejected": 1, "open": 4, "added": 0},
    "Leaked factor": {"reported": 9, "confirmed": 2, "rejected": 3, "open": 4, "added": 0},
    "Authentication too late": {"reported": 0, "confirmed": 0, "rejected": 0, "open": 0, "added": 2},
}
"""Of nine reported calls 0 and 1 are confirmed, 2 and 3 corrected, 4 cleared; the clean one, 9, turns out to be one."""
STATES = {"Confirmed": 2, "Corrected": 4, "Not sure": 1, "Disputed": 1, "Undecided": 2}
"""Of all ten calls; one that is not sure and one that is disputed are open, as the undecided ones are."""


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Store]:
    """Ten calls, nine with two violations each."""
    texts = [f"Satz {turn}." for turn in range(6)]
    said = [{"type": LEAK, "turn": 1, "severity": "high"}, {"type": NONE, "turn": 3, "severity": "critical"}]
    found = tuple(Violation.model_validate(one | {"reason": {"code": "added"}}) for one in said)
    violated: dict[str, Any] = {"outcome": "violation", "violations": found, "first_violation_turn": 1}
    clean: dict[str, Any] = {"outcome": "compliant", "violations": ()}
    calls = [call_of(f"c{n}", texts) for n in range(10)]
    made = [
        judged(one, Facts(call_id=one.id, turns=6), **(clean if n == 9 else violated)) for n, one in enumerate(calls)
    ]
    with fill(tmp_path / "s.sqlite", made) as store:
        late = ("late_authentication", 5)
        decide(store, 0, "confirm")
        decide(store, 1, "confirm")
        decide(store, 1, "not_sure", "Ben")
        decide(store, 2, violations=[(NONE, 3)], reasons=[(LEAK, 1, "rule")])
        decide(store, 3, violations=[(NONE, 3), late], reasons=[(LEAK, 1, "place")])
        decide(store, 4, outcome="compliant", reasons=[(LEAK, 1, "rule"), (NONE, 3, "transcript")])
        decide(store, 5, "not_sure")
        decide(store, 6, "confirm")
        decide(store, 6, "overrule", "Ben", outcome="compliant")
        decide(store, 9, violations=[late])
        yield store


def decide(store: Store, number: int, choice: str = "overrule", who: str = "Anna", **label: Any) -> None:
    record = store.record(store.find(f"c{number}") or 0)
    label = {"outcome": "violation"} | label if choice == "overrule" else label
    store.decide(record.row.key, reviewer=who, choice=choice, verdict_key=record.verdict_key, **label)  # type: ignore[arg-type]


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_every_place_says_the_same_numbers(morning: Store, tmp_path: Path) -> None:
    anna, day = visitor(morning), str(LAST_DAY)
    # What the chips of the list count.
    to_review = morning.count(CallFilter(to_review=True, states=("open",)))
    again = morning.count(CallFilter(states=("not_sure", "disputed")))
    decided = morning.count(CallFilter(states=("confirmed", "overruled")))
    assert (to_review, again, decided) == (
        STATES["Undecided"],
        STATES["Not sure"] + STATES["Disputed"],
        STATES["Confirmed"] + STATES["Corrected"],
    )

    figures = anna.page("/figures")
    table = figures[figures.index("By type") :].partition("</table>")[0]
    in_figures = {}
    for head, row in re.findall(r'<th scope="row">([^<]+)</th>(.*?)</tr>', table):
        numbers = [int(text_of(cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)[:5]]
        in_figures[head] = dict(zip(("reported", "confirmed", "rejected", "open", "added"), numbers, strict=True))
    assert in_figures == BY_HAND
    assert "Of 5 reviewed reports 4 were right." in figures
    assert "4 of 5" in table
    for why, number in (("Rule does not fit", 2), ("Place wrong", 1), ("Transcript wrong", 1)):
        assert f'<th scope="row">{why}</th><td class="n">{number}</td>' in figures

    _, report = anna.send("/report", format="html", first=day, last=day)
    told = text_of(report)
    total = BY_HAND["All violations"]
    assert "9 with a violation 90%, nothing to compare 4 confirmed, 1 rejected, 4 open" in told
    assert f"Flagged: 9 (a violation, an incident or an unsure outcome), of these still to review: {to_review}." in told
    assert f"{total['reported']} reported {total['confirmed']} confirmed {total['rejected']} rejected" in text_of(
        figures
    )
    for name in ("No authentication", "Leaked factor"):
        one = BY_HAND[name]
        row = re.search(rf'(?i)<th scope="row">{name}</th>(.*?)</tr>', report, re.DOTALL)
        assert row
        counts = [one[word] for word in ("reported", "confirmed", "rejected", "open")]
        assert [int(cell) for cell in re.findall(r"\d+", text_of(row[1]).split(" of ")[0])][-5:-1] == counts

    answer = anna.http.post("/calls.xlsx?show=all", data={"csrf": anna.csrf})
    book = load_workbook(io.BytesIO(answer.content))
    calls, findings = (rows(list(book[name].iter_rows(values_only=True))) for name in ("Calls", "Findings"))
    assert Counter(row["Decision"] for row in calls) == Counter(STATES)
    export_tables(morning, tmp_path / "x.csv", "csv", CallFilter(), language="en", agents=False, serve=None)
    lines = list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text("utf-8"))))
    for table_of in (findings, lines):
        counted: Counter[tuple[str, str]] = Counter()
        for row in table_of:
            counted[row["What"] or "", (row["What people say"] or "").lower()] += int(row["Counts as call"] or 0)
        for name, one in BY_HAND.items():
            if name != "All violations":
                assert {word: counted[name, word] for word in one if word != "reported"} == {
                    word: number for word, number in one.items() if word != "reported"
                }
        given = Counter(row["Reason, if rejected"] for row in table_of if row["Reason, if rejected"])
        assert given == {"rule does not fit": 2, "place wrong": 1, "transcript wrong": 1}
        rejected = [row for row in table_of if row["Call"] == "c2" and row["What people say"] == "Rejected"]
        assert [row["What"] for row in rejected] == ["Leaked factor"]


def rows(lines: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(map(str, lines[0]), line, strict=True)) for line in lines[1:]]
