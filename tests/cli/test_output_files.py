"""Files for Excel that commands write: what asks for them, what is in them, and that they go with their calls."""

import csv
import getpass
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from tests.cli.processes import Run
from tests.pages.review_days import DAY, filled

from ausweis.store import Store


@pytest.fixture
def store(folder: Path) -> Path:
    with filled(folder, before=1) as opened:
        for call_id in ("call-1", "call-2"):
            record = opened.record(opened.find(call_id) or 0)
            key, verdict = record.row.key, record.verdict_key
            opened.decide(key, reviewer="Mia", choice="confirm", note="Erst fragen.", verdict_key=verdict)
    return folder / "ausweis.sqlite"


def rows(path: Path, sheet: str) -> list[dict[str, object]]:
    head, *lines = load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, head), line, strict=True)) for line in lines]


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


@pytest.mark.usefixtures("store")
def test_the_review_as_an_excel_file(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_SERVE", "http://127.0.0.1:8321/")
    path = folder / "reports" / "review.xlsx"
    assert run("review", "--day", str(DAY), "--out", str(path), "--out", "reports").code == 0
    calls = rows(path, "Anrufe")
    assert len(calls) == 7
    assert all(row["Zitat"] for row in calls if row["Ergebnis"] == "Verstoß")
    assert load_workbook(path)["Anrufe"]["A2"].hyperlink.target.startswith("http://127.0.0.1:8321/calls/")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "Krummbiegel" not in str(calls)


@pytest.mark.usefixtures("store")
def test_findings_of_decided_calls_as_a_table(run: Run, folder: Path) -> None:
    result = run("store", "export", "--out", "findings.xlsx", "--agents")
    assert (result.code, result.out) == (0, "findings.xlsx\n2 calls\n")
    found = rows(folder / "findings.xlsx", "Befunde")
    assert [row["Anruf"] for row in found] == ["call-1", "call-1", "call-2"]
    assert {row["Notiz"] for row in found} == {"Erst fragen."}
    assert all(str(row["Agent"]).startswith("agent-") for row in found)
    assert run("store", "export", "--out", "findings.csv", "--state", "open", "--language", "en").code == 0
    assert {row["What people say"] for row in lines(folder / "findings.csv")} == {"Open", ""}
    assert run("store", "export", "--out", "none.csv", "--day", "/2026-03-01").code == 0
    assert lines(folder / "none.csv") == []


def test_the_chain_keeps_an_export(run: Run, store: Path) -> None:
    assert run("store", "export", "--out", "findings.xlsx").code == 0
    with Store.open(store) as opened:
        (last,) = opened.chain(limit=1)
    assert (last.what, last.who) == ("exported", getpass.getuser())


@pytest.mark.parametrize(
    "write",
    [
        lambda run: run("review", "--day", str(DAY), "--out", "out.xlsx"),
        lambda run: run("review", "--day", str(DAY), "--out", "out.md"),
        lambda run: run("store", "export", "--out", "out.xlsx"),
        lambda run: run("store", "export", "--out", "out.csv"),
    ],
)
def test_a_deleted_call_takes_the_file_with_it(
    run: Run, folder: Path, store: Path, write: Callable[[Run], object]
) -> None:
    write(run)
    (path,) = folder.glob("out.*")
    with Store.open(store) as opened:
        opened.delete("call-2")
    assert not path.exists()


def test_an_unmasked_excel_file_is_kept_in_the_chain_for_each_of_its_calls(run: Run, store: Path) -> None:
    assert run("review", "--day", str(DAY), "--out", "page.xlsx", "--unmasked").code == 0
    with Store.open(store) as opened:
        assert len([one for one in opened.chain() if one.what == "unmasked"]) == 7


@pytest.mark.usefixtures("store")
def test_golden_cases_are_of_decided_calls(run: Run) -> None:
    result = run("store", "export", "--out", "x.jsonl", "--state", "open")
    assert (result.code, "--state is for xlsx and csv" in result.err) == (2, True)
