"""What `ausweis score` shows of a run: violations and incidents of each call, and how many calls have them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ausweis.batch.manifest import Counts
from ausweis.cli import run_table

LONG = "action_after_failed_authentication"


def verdict(call_id: str, risk: float, violations: list[str], incidents: list[tuple[str, int]]) -> dict[str, Any]:
    def part(name: str, word: str, turn: int) -> dict[str, Any]:
        evidence = [{"turn": turn, "quote": f"words of turn {turn}"}]
        severity = "high" if name == "type" else "low"
        return {name: word, "turn": turn, "severity": severity, "reason": "It says so.", "evidence": evidence}

    return {
        "schema": "ausweis/verdict@1",
        "call_id": call_id,
        "outcome": "violation" if violations else "compliant",
        "violations": [part("type", one, 2) for one in violations],
        "incidents": [part("kind", kind, turn) for kind, turn in incidents],
        "risk": risk,
        "needs_review": False,
    }


VERDICTS = [
    verdict("a", 0.9, [LONG], [("cancel_threat", 5)]),
    verdict("b", 0.1, [], [("wrong_terms", 4), ("cancel_threat", 6), ("wrong_terms", 8)]),
    verdict("c", 0.0, [], []) | {"needs_review": True},
]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_table, "sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))


def shown(folder: Path, verdicts: list[dict[str, Any]], capfd: pytest.CaptureFixture[str]) -> str:
    text = "".join(json.dumps(one) + "\n" for one in verdicts)
    (folder / "verdicts.jsonl").write_text(text, encoding="utf-8")
    capfd.readouterr()
    unsure = sum(one["needs_review"] for one in verdicts)
    run_table.show_run(folder, Counts(verdicts=len(verdicts), needs_review=unsure))
    return capfd.readouterr().out


def cells(out: str, call_id: str) -> list[str]:
    row = next(line for line in out.splitlines() if line.startswith(f"│ {call_id} "))
    return [cell.strip() for cell in row.strip("│").split("│")]


@pytest.mark.usefixtures("terminal")
def test_incidents_stand_in_the_row_of_their_call(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = shown(tmp_path, VERDICTS, capfd)
    assert cells(out, "a")[1:] == ["violation", LONG, "2", "0.90", "", "words of turn 2"]
    assert cells(out, "b")[1:] == ["compliant", "wrong_terms (4)", "4", "0.10", "", "words of turn 4"]
    assert cells(out, "c")[1:] == ["compliant", "", "", "0.00", "yes", ""]
    assert out.count("cancel_threat (5)") == out.count("cancel_threat (6)") == 1
    assert "(8)" not in out
    assert out.endswith("\nincidents: 2 cancel_threat, 1 wrong_terms\n")


def test_quotes_are_shown_on_a_terminal_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Personal data reaches no log, and no mail of a timer."""
    out = shown(tmp_path, VERDICTS, capfd)
    assert cells(out, "a")[1:] == ["violation", LONG, "2", "0.90", ""]
    assert "words of turn" not in out


def test_calls_to_review_are_those_that_are_flagged_or_unsure(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "3 calls judged; 3 to review, 1 of them unsure\n" in shown(tmp_path, VERDICTS, capfd)
    assert "2 calls judged; 2 to review\n" in shown(tmp_path, VERDICTS[:2], capfd)
    assert "to review" not in shown(tmp_path, [verdict("d", 0.0, [], [])], capfd)


def test_without_incidents_nothing_is_said_of_them(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "incidents" not in shown(tmp_path, VERDICTS[2:], capfd)


def test_incidents_of_calls_that_are_not_shown_count(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_table, "ROWS", 1)
    out = shown(tmp_path, VERDICTS, capfd)
    assert "wrong_terms (4)" not in out
    assert out.endswith("incidents: 2 cancel_threat, 1 wrong_terms\n")


@pytest.mark.usefixtures("terminal")
def test_the_table_fits_a_narrow_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_table, "_PIPED_WIDTH", 80)
    own = verdict("a-call-of-a-long-name", 0.5, [LONG], [("an-incident-of-our-own-with-a-very-long-name", 111)])
    out = shown(tmp_path, [own], capfd)
    assert max(map(len, out.splitlines())) <= 80
    columns = [[line.strip("│").split("│")[n] for line in out.splitlines() if line[:1] == "│"] for n in range(7)]
    joined = ["".join(part.strip() for part in column) for column in columns]
    assert joined[:2] == ["a-call-of-a-long-name", "violation"]
    assert joined[2].replace(" ", "") == f"{LONG}an-incident-of-our-own-with-a-very-long-name(111)"
    assert joined[3] == "2"
    assert joined[4] == "0.50"
    assert joined[6].replace(" ", "") == "wordsofturn2"
