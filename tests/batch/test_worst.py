from collections.abc import Callable
from pathlib import Path
from typing import Any

from ausweis.batch import Summary, worst


def test_the_highest_risk_comes_first_then_the_order_of_the_run(
    tmp_path: Path, calls: Callable[[int], list[Any]], scored: Callable[..., Summary]
) -> None:
    scored(calls(7), tmp_path / "r")
    rows = worst(tmp_path / "r", 3)
    assert [row.call_id for row in rows] == ["call-3", "call-6", "call-1"]
    assert rows[0].violations == ("no_authentication",)
    assert (rows[0].turn, rows[0].quote) == (4, "Ihr Vertrag läuft bis Mai.")
    assert rows[0].risk > 0.9
    assert (rows[2].turn, rows[2].quote) == (None, "")
