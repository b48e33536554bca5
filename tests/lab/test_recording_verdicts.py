"""Verdicts of recordings beside those of the text: what is counted, and what is judged only once."""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from benchmarks.recordings import judging
from benchmarks.recordings.judging import Judged, judge_both
from benchmarks.recordings.material import Spoken
from benchmarks.recordings.outcomes import differences_of, outcomes_of
from benchmarks.recordings.tables import aligned, difference_rows, outcome_rows, reason_rows

from ausweis.calls.call import Call, Turn
from ausweis.labelled import Gold, LabelledCall
from ausweis.vocabulary import Language, Outcome


def spoken(name: str, gold: Outcome = "compliant", language: Language = "de", policy: str = "telecom-de") -> Spoken:
    call = Call(id=name, language=language, turns=(Turn(speaker="agent", text="Guten Tag."),))
    return Spoken((), LabelledCall(call=call, gold=Gold(policy=policy, outcome=gold)), (), (), 1.0, ())


def verdict(outcome: str, *reasons: str) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "needs_review": bool(reasons),
        "review_reasons": [{"code": reason} for reason in reasons],
    }


JUDGED = [
    Judged(spoken("a"), verdict("compliant"), verdict("compliant")),
    Judged(spoken("b"), verdict("violation", "badly_heard"), verdict("compliant", "unsure")),
    Judged(spoken("c"), verdict("violation"), verdict("violation", "unsure")),
    Judged(spoken("d", "violation"), verdict("compliant", "badly_heard", "roles"), verdict("violation")),
    Judged(spoken("e", "violation", "en"), None, verdict("violation")),
    Judged(spoken("f", "violation", "en"), verdict("violation"), verdict("compliant")),
]


def test_outcomes_are_counted_beside_those_of_the_text() -> None:
    numbers = outcomes_of(JUDGED)
    every = numbers["all"]
    assert (every["calls"], every["not_judged"]) == (6, 1)
    assert every["same"]["value"] == pytest.approx(2 / 6)
    assert every["same"]["low"] < 2 / 6 < every["same"]["high"]
    assert every["false_alarms"] == {"calls": 3, "heard": 2, "written": 1, "beyond": 1}
    assert every["missed"] == {"calls": 3, "heard": 2, "written": 1, "beyond": 2}
    assert every["review"]["ratio"] == 1.0
    assert every["reasons"] == {"heard": {"badly_heard": 2, "roles": 1}, "written": {"unsure": 2}}
    assert numbers["de"]["calls"] == 4
    assert numbers["en"]["review"]["ratio"] is None


def test_differences_say_what_to_look_at() -> None:
    differences = differences_of(JUDGED)
    assert [one["call"] for one in differences] == ["b", "d", "e", "f"]
    assert differences[1] == {
        "call": "d",
        "heard": "compliant",
        "written": "violation",
        "gold": "violation",
        "review": ["badly_heard", "roles"],
    }


def test_tables_of_verdicts() -> None:
    results = {"stereo": {"ausweis": {"outcomes": outcomes_of(JUDGED), "differences": differences_of(JUDGED)}}}
    table = aligned(outcome_rows(results))
    assert [line.split()[1] for line in table.splitlines()] == ["calls", "all", "de", "en"]
    assert "+1 of 3" in table
    assert len(aligned(difference_rows(results)).splitlines()) == 5
    assert len(aligned(reason_rows(results)).splitlines()) == 4
    assert len(reason_rows({"stereo": {"plain": {}}})) == 1


class Command:
    """Stands for `ausweis score`: calls each call compliant, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []

    def __call__(self, command: list[str], **_: object) -> CompletedProcess[bytes]:
        path = command[command.index("score") + 1]
        ids = [json.loads(line)["id"] for line in Path(path).read_text(encoding="utf-8").splitlines()]
        self.asked.append((command[command.index("--policy") + 1], ids))
        out = Path(command[command.index("--out") + 1])
        lines = (json.dumps({"call_id": name} | verdict("compliant")) for name in ids)
        out.write_text("".join(f"{line}\n" for line in lines))
        return CompletedProcess(command, 0)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    stub = Command()
    monkeypatch.setattr("benchmarks.recordings.judging.subprocess.run", stub)
    return stub


def test_written_calls_are_judged_once_by_their_own_policy(tmp_path: Path, command: Command) -> None:
    calls = [spoken("a"), spoken("b", policy="energy-de")]
    heard = {"a": Call(id="a", turns=(Turn(speaker="agent", text="Guten Tag"),))}
    first = judge_both(calls, heard, tmp_path)
    assert command.asked == [("energy-de", ["b"]), ("telecom-de", ["a"]), ("telecom-de", ["a"])]
    assert first[1].heard is None
    assert judge_both(calls, heard, tmp_path) == first
    assert len(command.asked) == 3, "nothing is judged twice"
    other = {"a": Call(id="a", turns=(Turn(speaker="agent", text="Guten Abend"),))}
    judge_both(calls, other, tmp_path)
    assert len(command.asked) == 4, "another transcript is judged anew"


def test_other_code_judges_anew(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    judge_both([spoken("a")], {}, tmp_path)
    monkeypatch.setattr(judging, "state_of", lambda *_: "other")
    judge_both([spoken("a")], {}, tmp_path)
    assert len(command.asked) == 2


def test_many_calls_are_judged_some_at_a_time(tmp_path: Path, command: Command) -> None:
    judge_both([spoken(f"c-{number}") for number in range(judging.AT_ONCE + 1)], {}, tmp_path)
    assert sorted(len(ids) for _, ids in command.asked) == [1, judging.AT_ONCE]
