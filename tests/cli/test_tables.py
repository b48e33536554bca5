"""What `ausweis score` shows of calls: violations and incidents of each, and how many calls have them."""

from types import SimpleNamespace

import pytest

from ausweis.batch import Tally
from ausweis.cli import tables
from ausweis.facts import Facts
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Verdict
from ausweis.policies import find_policy

LONG = "action_after_failed_authentication"


def verdict(
    call_id: str, risk: float, violations: list[str], incidents: list[tuple[str, int]], *, unsure: bool = False
) -> Verdict:
    def part(name: str, word: str, turn: int) -> dict[str, object]:
        evidence = [{"turn": turn, "quote": f"words of turn {turn}"}]
        more = {"reason": {"code": "added"}} if name == "type" else {"description": "", "probability": 0.9}
        return {name: word, "turn": turn, "severity": "high" if name == "type" else "low", "evidence": evidence} | more

    told = judge(Facts(call_id=call_id, turns=9), find_policy("telecom-de").policy).model_dump()
    return Verdict.model_validate(
        told
        | {
            "outcome": "violation" if violations else "compliant",
            "violations": [part("type", one, 2) for one in violations],
            "incidents": [part("id", kind, turn) for kind, turn in incidents],
            "risk": risk,
            "needs_review": unsure,
            "review_reasons": (),
        }
    )


VERDICTS = [
    verdict("a", 0.9, [LONG], [("cancel_threat", 5)]),
    verdict("b", 0.1, [], [("wrong_terms", 4), ("cancel_threat", 6), ("wrong_terms", 8)]),
    verdict("c", 0.0, [], [], unsure=True),
]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))


def shown(verdicts: list[Verdict], capfd: pytest.CaptureFixture[str]) -> str:
    tally = Tally()
    for one in verdicts:
        tally.add(one)
    capfd.readouterr()
    tables.show_tally(tally)
    return capfd.readouterr().out


def cells(out: str, call_id: str) -> list[str]:
    row = next(line for line in out.splitlines() if line.startswith(f"│ {call_id} "))
    return [cell.strip() for cell in row.strip("│").split("│")]


@pytest.mark.usefixtures("terminal")
def test_incidents_stand_in_the_row_of_their_call(capfd: pytest.CaptureFixture[str]) -> None:
    out = shown(VERDICTS, capfd)
    assert cells(out, "a")[1:] == ["violation", LONG, "2", "0.90", "", "words of turn 2"]
    assert cells(out, "b")[1:] == ["compliant", "wrong_terms (4)", "4", "0.10", "", "words of turn 4"]
    assert cells(out, "c")[1:] == ["compliant", "", "", "0.00", "yes", ""]
    assert out.count("cancel_threat (5)") == out.count("cancel_threat (6)") == 1
    assert "(8)" not in out
    assert out.endswith("\nincidents: 2 cancel_threat, 1 wrong_terms\n")


def test_quotes_are_shown_on_a_terminal_alone(capfd: pytest.CaptureFixture[str]) -> None:
    """Personal data reaches no log, and no mail of a timer."""
    out = shown(VERDICTS, capfd)
    assert cells(out, "a")[1:] == ["violation", LONG, "2", "0.90", ""]
    assert "words of turn" not in out


def test_calls_to_review_are_those_that_are_flagged_or_unsure(capfd: pytest.CaptureFixture[str]) -> None:
    assert "3 to review, 1 of them unsure\n" in shown(VERDICTS, capfd)
    assert "; 2 to review\n" in shown(VERDICTS[:2], capfd)
    assert "to review" not in shown([verdict("d", 0.0, [], [])], capfd)


def test_without_incidents_nothing_is_said_of_them(capfd: pytest.CaptureFixture[str]) -> None:
    assert "incidents" not in shown(VERDICTS[2:], capfd)


def test_incidents_of_calls_that_are_not_shown_count(capfd: pytest.CaptureFixture[str]) -> None:
    many = [verdict(f"n{number}", 0.9, [LONG], []) for number in range(30)]
    out = shown([*many, *VERDICTS[1:]], capfd)
    assert "wrong_terms (4)" not in out
    assert "and 2 more calls\n" in out
    assert out.endswith("incidents: 1 cancel_threat, 1 wrong_terms\n")


@pytest.mark.usefixtures("terminal")
def test_the_table_fits_a_narrow_screen(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_PIPED_WIDTH", 80)
    own = verdict("a-call-of-a-long-name", 0.5, [LONG], [("an-incident-of-our-own-with-a-very-long-name", 111)])
    out = shown([own], capfd)
    assert max(map(len, out.splitlines())) <= 80
    columns = [[line.strip("│").split("│")[n] for line in out.splitlines() if line[:1] == "│"] for n in range(7)]
    joined = ["".join(part.strip() for part in column) for column in columns]
    assert joined[:2] == ["a-call-of-a-long-name", "violation"]
    assert joined[2].replace(" ", "") == f"{LONG}an-incident-of-our-own-with-a-very-long-name(111)"
    assert joined[3] == "2"
    assert joined[4] == "0.50"
    assert joined[6].replace(" ", "") == "wordsofturn2"
