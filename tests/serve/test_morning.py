"""One word for one count: after a morning's decisions, list, figures, report, Excel and CSV say the same numbers."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook
from tests.serve.filled import LAST_DAY, call_of, fill, golden, judged
from tests.serve.serving import Visitor, visitor

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

    calls, findings, _ = sheets(anna, "/calls.xlsx?show=all")
    assert Counter(row["Decision"] for row in calls) == Counter(STATES)
    # Of the calls of the report, all that Figures count, the one too that was not flagged.
    _, in_report, about = sheets(anna, "/report", format="xlsx", first=day, last=day)
    assert not [line for line in about if "until you have decided" in line]
    export_tables(morning, tmp_path / "x.csv", "csv", CallFilter(), language="en", agents=False, serve=None)
    lines = list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text("utf-8"))))
    for table_of in (findings, in_report, lines):
        counted = sums(table_of)
        for name, one in BY_HAND.items():
            if name != "All violations":
                assert {word: counted[name, word] for word in one if word != "reported"} == {
                    word: number for word, number in one.items() if word != "reported"
                }
        given = Counter(row["Reason, if rejected"] for row in table_of if row["Reason, if rejected"])
        assert given == {"rule does not fit": 2, "place wrong": 1, "transcript wrong": 1}
        rejected = [row for row in table_of if row["Call"] == "c2" and row["What people say"] == "Rejected"]
        assert [row["What"] for row in rejected] == ["Leaked factor"]


def test_a_file_says_how_many_calls_it_does_not_tell_of_as_figures_do(morning: Store) -> None:
    """Ben has decided calls 1 and 6; of 0, 2, 3, 4 and 5 he sees that others have, of 9 not even that."""
    day = str(LAST_DAY)
    calls, findings, about = sheets(visitor(morning, "Ben"), "/report", format="xlsx", first=day, last=day)
    assert [
        line for line in about if line.startswith("Here as “Decided” only, until you have decided them yourself: 5.")
    ]
    assert "Left out until you have decided them yourself: 1. Figures count them." in about
    assert {row["Call"] for row in calls if row["Decision"] == "Decided"} == {f"c{n}" for n in (0, 2, 3, 4, 5)}
    assert "c9" not in {row["Call"] for row in calls}
    counted = sums(findings)
    for name in ("No authentication", "Leaked factor"):
        known = sum(counted[name, word] for word in ("confirmed", "rejected", "open"))
        assert (known, counted[name, "decided"]) == (BY_HAND[name]["reported"] - 5, 5)


@pytest.mark.parametrize(("calls", "is_drawn"), [(900, True), (100, False)])
def test_a_row_and_its_days_say_the_same_numbers(tmp_path: Path, calls: int, is_drawn: bool) -> None:
    days = {"first": str(LAST_DAY - timedelta(days=6)), "last": str(LAST_DAY)}
    with fill(tmp_path / "s.sqlite", list(golden(calls, days=7))) as store:
        anna = visitor(store)
        figures = anna.page(f"/figures?{urlencode(days)}")
        _, report = anna.send("/report", format="html", **days)
    scale = re.search(r"scale up to (\d+%)", figures)
    assert scale
    assert re.search(r'<text class="tick"[^>]*>(\d+%)</text>', report.partition('class="total"')[2])[1] == scale[1]  # type: ignore[index]
    table = figures[figures.index("<h2>Team</h2>") :].partition("</table>")[0]
    teams = re.findall(r'<th scope="row"><bdi>([^<]+)</bdi></th>(.*?)</tr>', table, re.DOTALL)
    assert [name for name, _ in teams] == ["Nord", "Süd", "West"]
    for name, row in teams:
        cells = [text_of(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        label = re.search(rf'aria-label="{name} \((\d+)\): reported ([\d.]+%)', row)
        assert (label is not None, "too few a day" in row) == (is_drawn, not is_drawn)
        assert label is None or [label[1], label[2]] == [cells[0], cells[5]]


def sheets(who: Visitor, address: str, **fields: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    """The calls, the findings and what is said of an Excel file."""
    answer = who.http.post(address, data={"csrf": who.csrf, **fields})
    book = load_workbook(io.BytesIO(answer.content))
    calls, findings = (rows(list(book[name].iter_rows(values_only=True))) for name in ("Calls", "Findings"))
    return calls, findings, [str(cell.value) for (cell,) in book["About this file"].iter_rows()]


def sums(lines: Iterable[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """The pivot of a reader: what counts as a call, by type and what people say."""
    counted: Counter[tuple[str, str]] = Counter()
    for row in lines:
        counted[row["What"] or "", (row["What people say"] or "").lower()] += int(row["Counts as call"] or 0)
    return counted


def rows(lines: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(map(str, lines[0]), line, strict=True)) for line in lines[1:]]
