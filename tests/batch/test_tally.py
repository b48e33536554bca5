from collections.abc import Callable
from pathlib import Path
from typing import Any

from ausweis.batch import ScoreSummary, Tally
from ausweis.judging.verdict import Verdict


def test_the_highest_risk_comes_first_then_the_order_of_the_input(
    tmp_path: Path, calls: Callable[[int], list[Any]], scored: Callable[..., ScoreSummary]
) -> None:
    rows = scored(calls(7), tmp_path / "s").tally.worst
    assert [row.call_id for row in rows[:3]] == ["call-3", "call-6", "call-1"]
    assert rows[0].violations == ("no_authentication",)
    assert (rows[0].turn, rows[0].quote) == (4, "Ihr Vertrag läuft bis Mai.")
    assert rows[0].risk > 0.9
    assert (rows[2].turn, rows[2].quote) == (None, "")


def test_thirty_are_told_one_by_one_and_all_are_counted(
    tmp_path: Path, calls: Callable[[int], list[Any]], scored: Callable[..., ScoreSummary]
) -> None:
    found: list[Verdict] = []
    scored(calls(3), tmp_path / "s", on_verdict=found.append)
    tally = Tally()
    for number in range(40):
        for verdict in found:
            tally.add(verdict.model_copy(update={"call_id": f"{verdict.call_id}/{number}"}))
    assert [row.call_id for row in tally.worst] == [f"call-3/{number}" for number in range(30)]
    assert (tally.counts.verdicts, tally.counts.violations, tally.to_review) == (120, {"no_authentication": 40}, 40)
