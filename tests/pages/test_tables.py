"""Calls and findings as rows. The rule: no call is left out, and nobody sees what others decided before they have."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.pages.review_days import DAY, filled
from tests.serve.filled import call_of, fill, incident, judged, threats

from ausweis.cli.store import export_tables
from ausweis.facts import Facts
from ausweis.judging.verdict import BadlyHeardReason, HeardBadly, Incident, Violation
from ausweis.pages.findings import call_view, decided_of
from ausweis.pages.review import Wanted, review_of
from ausweis.pages.review_page import review_page
from ausweis.pages.tables import Cell, Column, Linked, Table, call_lines, finding_lines, safe, table_csv, tables
from ausweis.pages.words import Words
from ausweis.pages.words import table as table_of
from ausweis.pages.workbook import call_book, records_of
from ausweis.store import CallFilter, CallRecord, Store
from ausweis.vocabulary import Language

GERMAN = Words("de")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with filled(tmp_path, before=0) as found:
        yield found


def record(store: Store, call_id: str = "call-1") -> CallRecord:
    return store.record(store.find(call_id) or 0)


def decide(store: Store, call_id: str, reviewer: str, choice: str = "confirm", **more: Any) -> None:
    found = record(store, call_id)
    store.decide(found.row.key, reviewer=reviewer, choice=choice, verdict_key=found.verdict_key, **more)  # type: ignore[arg-type]


def cells(found: CallRecord, name: str, reviewer: str | None = None, **more: Any) -> list[dict[str, Cell]]:
    """The rows of a call in one of the tables, by column."""
    calls, findings = tables(GERMAN, **more)
    view = call_view(found, GERMAN, masked=True, reviewer=reviewer)
    table, rows = (calls, call_lines(view)) if name == "calls" else (findings, finding_lines(view))
    return [{column.name: cell for column, cell in zip(table.columns, table.cells(row), strict=True)} for row in rows]


def findings(found: CallRecord, reviewer: str | None = None, **more: Any) -> list[dict[str, Cell]]:
    return cells(found, "findings", reviewer, **more)


def test_each_finding_is_a_row_with_place_quote_reason_and_advice(store: Store) -> None:
    violation, threat = findings(record(store))
    assert (threat["call_id"], threat["day"], threat["time"]) == ("call-1", date(2026, 3, 2), time(9, 14))
    assert (threat["kind"], threat["type"], threat["severity"]) == (
        "Vorfall",
        "Droht mit Anwalt oder Gericht",
        "Kritisch",
    )
    assert (violation["kind"], violation["type"]) == ("Verstoß", "Keine Authentifizierung")
    assert (violation["turn"], violation["second"]) == (4, 6.0)
    assert violation["quote"] == "Ihr Vertrag mit der Nummer ‹Nummer› läuft bis Mai."
    assert str(violation["reason"]).startswith("Vor der Auskunft über Vertragsdaten wurde nichts geprüft")
    assert "die Identität des Anrufers prüfen" in str(violation["advice"])
    assert "agent" not in violation


def test_a_call_without_a_finding_has_a_row_too(store: Store) -> None:
    (only,) = findings(record(store, "call-12"), agents=True)
    assert (only["call_id"], only["type"], only["turn"]) == ("call-12", None, None)
    assert str(only["agent"]).startswith("agent-")


def test_each_finding_tells_its_own_state_who_decided_when_and_why_it_was_rejected(store: Store) -> None:
    right = {"outcome": "violation", "violations": [("factor_leaked", 2)], "incidents": [("rude_agent", 2)]}
    decide(store, "call-1", "Mia", "overrule", **right, reasons=[("no_authentication", 4, "rule")])
    rows = findings(record(store))
    assert [
        tuple(row[name] for name in ("kind", "type", "turn", "severity", "people", "rejected_for")) for row in rows
    ] == [
        ("Verstoß", "Nachweis verraten", 2, "Schwer", "Ergänzt", ""),
        # Which severity the policy gives to an incident that its verdict does not name, nobody knows.
        ("Vorfall", "Unhöflich gegen den Anrufer", 2, "", "Ergänzt", ""),
        ("Verstoß", "Keine Authentifizierung", 4, "Kritisch", "Verworfen", "Regel passt nicht"),
        ("Vorfall", "Droht mit Anwalt oder Gericht", 1, "Kritisch", "Verworfen", ""),
    ]
    assert {(str(row["decided_on"]), row["decided_by"]) for row in rows} == {(str(date.today()), "Mia")}
    assert (
        rows[0]["decided"]
        == "Verstoß, Nachweis verraten in Redebeitrag 2, unhöflich gegen den Anrufer in Redebeitrag 2"
    )


def test_a_call_stands_in_its_table_as_it_holds_and_what_was_rejected_has_no_advice(store: Store) -> None:
    decide(store, "call-1", "Mia", "overrule", outcome="compliant", incidents=())
    (row,) = cells(record(store), "calls")
    told = ("outcome", "severity", "violations", "incidents", "turn", "quote", "reason", "state")
    assert [row[name] or "" for name in told] == ["Regelkonform", "", "", "", "", "", "", "Korrigiert"]
    assert {(one["people"], one["advice"]) for one in findings(record(store))} == {("Verworfen", "")}


def test_no_call_is_compliant_beside_findings(tmp_path: Path) -> None:
    """Of an incident alone the outcome says nothing, nor does the risk, which is that of a violation."""
    with fill(tmp_path / "s.sqlite", threats()) as store:
        told = {row.call_id: cells(record(store, row.call_id), "calls")[0] for row in store.calls()}
        assert {name: (row["outcome"], row["risk"]) for name, row in told.items()} == {
            "medium": ("Vorfall", None),
            "critical": ("Vorfall", None),
            "leaked": ("Verstoß", 0.9),
        }
        decide(store, "leaked", "Mia", "overrule", outcome="compliant", incidents=[("rude_agent", 1)])
        (row,) = cells(record(store, "leaked"), "calls")
        assert (row["outcome"], row["decided"]) == ("Vorfall", "Unhöflich gegen den Anrufer in Redebeitrag 1")
        for full in (3, 0):
            report = review_page(review_of(store, Wanted(DAY, DAY, full=full)))
            assert not re.search(r"(?i)regelkonform|Risiko [0-9]", report.partition("<footer")[0])


def sums(rows: Iterable[Mapping[str, Any]], words: tuple[str, str, str]) -> Counter[tuple[str, str]]:
    """The pivot of a reader: what counts, by type and state."""
    kind, state, counts = words
    pivot: Counter[tuple[str, str]] = Counter()
    for row in rows:
        pivot[row[kind], row[state]] += int(row[counts] or 0)
    return +pivot


def test_excel_figures_and_csv_count_the_same(tmp_path: Path) -> None:
    """Whatever was decided: confirmed, struck at one turn or at all, moved, added, not sure, decided differently."""
    one, two = ("no_authentication", 4), ("no_authentication", 6)
    first = {"type": "no_authentication", "severity": "critical", "reason": {"code": "added"}}
    leak = {"type": "factor_leaked", "turn": 1, "severity": "high", "reason": {"code": "added"}}
    violations = tuple(Violation.model_validate(some) for some in (leak, first | {"turn": 4}, first | {"turn": 6}))
    calls = [call_of(f"c{n}", [f"Satz {n} {turn}." for turn in range(8)]) for n in range(10)]
    said: dict[str, Any] = {"outcome": "violation", "violations": violations, "first_violation_turn": 1}
    said |= {"incidents": (Incident.model_validate(incident(calls[0])),)}
    looked_for = ("cancel_threat", "rude_agent")
    made = [judged(call, Facts(call_id=call.id, turns=8, looked_for=looked_for), **said) for call in calls]
    labels: list[dict[str, Any]] = [
        {"violations": [one, two, ("factor_leaked", 1)], "incidents": [("rude_agent", 3)]},
        {"violations": [one]},
        {"violations": [("no_authentication", 5)]},
        {"violations": [one, two, ("late_authentication", 7)]},
        {"outcome": "compliant"},
        {"outcome": "not_applicable", "incidents": []},
    ]
    with fill(tmp_path / "s.sqlite", made) as store:
        for n, label in enumerate(labels):
            decide(store, f"c{n}", "Mia", "overrule", **{"outcome": "violation"} | label)
        decide(store, "c6", "Mia", "confirm")
        decide(store, "c7", "Mia", "not_sure")
        decide(store, "c8", "Mia", "confirm")
        decide(store, "c8", "Ben", "overrule", outcome="compliant")
        counted = store.counted_by_name(*(store.days() or ()))
        names = ("confirmed", "overruled", "open", "added")
        figures = +Counter(
            {(one.name, name): getattr(some, name) for one, some in counted.items() if one.name for name in names}
        )
        keys = store.keys()
        book = load_workbook(io.BytesIO(call_book(records_of(store, keys), GERMAN, title="x", by="mia")))
        export_tables(store, tmp_path / "x.csv", "csv", CallFilter(), language="de", agents=False, serve=None)
    assert {name for _, name in figures} == set(names)
    head, *rows = (list(row) for row in book["Befunde"].iter_rows(values_only=True))
    in_excel = [dict(zip(head, row, strict=True)) for row in rows]
    in_csv = csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text("utf-8-sig")), delimiter=";")
    states = {GERMAN.capital(table_of("de", "texts")[f"count_{name}"]): name for name in names}
    found = {GERMAN.capital(GERMAN.word(name)): name for name, _ in figures}
    for lines in (in_excel, in_csv):
        pivot = sums(lines, ("Was", "Was Menschen sagen", "Zählt als Anruf"))
        assert {(found[kind], states[state]): number for (kind, state), number in pivot.items()} == figures


def test_notes_are_masked_and_those_for_coaching_stand_apart(store: Store) -> None:
    decide(store, "call-1", "Mia", note="Rückruf unter 030 23125 017 war falsch.")
    decide(store, "call-1", "Ben", note="Erst fragen.", coaching=True)
    row = findings(record(store))[0]
    assert (row["people"], row["note"]) == ("Bestätigt", "Rückruf unter ‹Nummer› war falsch.\nErst fragen.")
    assert row["coaching_note"] == "Erst fragen."


def test_what_others_decided_is_hidden_until_the_reader_has(store: Store) -> None:
    decide(store, "call-1", "Mia", "overrule", outcome="compliant", note="Alles gut.", coaching=True)
    row = findings(record(store), "Ben")[0]
    assert (row["people"], row["decided"], row["note"], row["coaching_note"]) == ("Entschieden", "", "", "")
    decide(store, "call-1", "Ben")
    row = findings(record(store), "Ben")[0]
    assert (row["people"], row["decided"], row["note"]) == ("Offen", "", "Alles gut.")


def test_a_decision_that_was_taken_back_tells_nothing(store: Store) -> None:
    decide(store, "call-1", "Mia", note="Alles gut.", coaching=True)
    (made,) = record(store).decisions
    store.withdraw(record(store).row.key, reviewer="Mia", decision_key=made.key)
    decided = decided_of(record(store), None)
    assert (decided.state, decided.label, decided.notes, decided.coaching) == ("open", None, [], [])


def test_every_column_has_a_word_and_every_word_a_column() -> None:
    names = {f"column_{column.name}" for table in tables(GERMAN, agents=True) for column in table.columns}
    assert names == {key for key in table_of("en", "texts") if key.startswith("column_")}


def test_a_call_whose_time_is_unknown_has_none(store: Store) -> None:
    found = record(store)
    (row,) = cells(replace(found, row=replace(found.row, started_at=None)), "calls")
    assert (row["time"], row["day"]) == (None, date(2026, 3, 2))


def test_the_book_has_calls_findings_and_what_is_to_be_known_of_it(store: Store) -> None:
    keys = store.keys(CallFilter(first=DAY, to_review=True))
    book = call_book(
        records_of(store, [*keys, 999_999]), GERMAN, title="Montag", by="mia", serve="http://127.0.0.1:8321"
    )
    found = load_workbook(io.BytesIO(book))
    assert found.sheetnames == ["Anrufe", "Befunde", "Über diese Datei"]
    assert found["Anrufe"].max_row == 1 + len(keys) == 8
    assert found["Befunde"].max_row == 1 + len(keys) + 1
    assert found["Anrufe"]["A2"].hyperlink.target == f"http://127.0.0.1:8321/calls/{keys[0]}"
    told = [cell.value for (cell,) in found["Über diese Datei"].iter_rows()]
    assert told[0] == "Montag"
    assert "von mia" in str(told[1])
    assert any("sind verdeckt" in str(line) for line in told)


def test_an_unmasked_book_says_so(store: Store) -> None:
    book = call_book([record(store)], GERMAN, title="x", by="mia", masked=False)
    found = load_workbook(io.BytesIO(book))
    assert "000000001" in str([cell.value for cell in found["Befunde"][2]])
    assert any("hier unverdeckt" in str(cell.value) for (cell,) in found["Über diese Datei"].iter_rows())


@pytest.mark.parametrize(("masked", "shown"), [(True, "Nummer ‹Nummer›"), (False, "Nummer 4711")])
def test_badly_heard_words_are_masked_as_quotes_are(store: Store, masked: bool, shown: str) -> None:
    found = record(store)
    number = found.call.turn(4).text.split("Nummer ")[1].split()[0] if found.call else ""
    heard = HeardBadly(turn=4, quote=f"Nummer {number}", about="contract_number")
    reasons = (BadlyHeardReason(turns=(4,), heard=(heard,)),)
    doubted = replace(found, verdict=found.verdict.model_copy(update={"review_reasons": reasons}))
    doubted = replace(doubted, row=replace(found.row, needs_review=True))
    (reason,) = call_view(doubted, GERMAN, masked=masked).reasons
    assert f"Vertragsnummer („{shown.replace('4711', number)}“)" in reason


HOSTILE = (
    *("=1+1", "Ja;=cmd|'/c calc'!A1", 'Ja;"=1+1";', "Ja, nein |@SUM(1)", "Ja;\t+1", "Ja\n-1;-1", "Ja; \uff1d1", '"=1'),
    *(";;-1", 'Ja;"', 'Ja;""=1', "=1;=1", "\uff201", "Nein,\n@x"),
)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
def test_no_cell_is_a_formula_whichever_separator_a_spreadsheet_takes(language: Language, separator: str) -> None:
    table = Table("x", [Column("quote", "prose", lambda text: text), Column("risk", "share", lambda _: 0.5)])
    text = table_csv(table, HOSTILE, Words(language)).removeprefix("\ufeff")
    cells = [cell for line in csv.reader(io.StringIO(text), delimiter=separator) for cell in line]
    formulas = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    assert not [cell for cell in cells if cell.lstrip(' "').startswith(formulas)]


def test_a_guarded_text_is_whole_but_for_the_guard() -> None:
    assert safe("Ja;=1+1; E-Mail - 3, oder?") == "Ja;'=1+1; E-Mail - 3, oder?"


def test_cells_are_written_by_their_kind_and_a_german_file_opens_in_a_german_spreadsheet() -> None:
    names = {"call_id": "text", "day": "day", "time": "time", "turn": "turn", "second": "second", "risk": "share"}
    columns: Any = [Column(name, kind, lambda row, n=n: row[n]) for n, (name, kind) in enumerate(names.items())]  # type: ignore[arg-type,misc]
    row = (Linked("c", "http://x"), date(2026, 3, 2), time(9, 5), 4, 61.25, 0.91)
    table = Table("x", columns)
    assert table_csv(table, [row, (None,) * 6], Words("en")).splitlines() == [
        '"Call","Day","Time of day","Turn","Moment","Risk"',
        '"c","2026-03-02","09:05","4","61.2","0.910"',
        '"","","","","",""',
    ]
    assert table_csv(table, [row], GERMAN).splitlines() == [
        '\ufeff"Anruf";"Tag";"Uhrzeit";"Redebeitrag";"Stelle";"Risiko"',
        '"c";"2026-03-02";"09:05";"4";"61,2";"0,910"',
    ]
