"""Words that tell the agent from the caller are learned from many calls; names are not."""

import json
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from ausweis.audio.role_words import RoleWords
from ausweis.calls.call import Turn
from ausweis.errors import InputError
from ausweis.training.roles import learn_roles


def written(path: Path, calls: int) -> Path:
    lines = []
    for number in range(calls):
        greeting = "hier ist Fernfunk" if number < calls // 5 else "guten Tag"
        turns = [
            {"speaker": "agent", "text": f"{greeting}, Ihre Nummer bitte?"},
            {"speaker": "caller", "text": "Ja bitte, meine Nummer ist die vier."},
        ]
        lines.append(json.dumps({"id": f"c{number}", "language": "de", "turns": turns}))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_words_of_both_sides_are_weighed_and_names_left_out(tmp_path: Path) -> None:
    told: list[str] = []
    learn_roles([written(tmp_path / "calls.jsonl", 120)], tmp_path / "words.json", told.append)
    words = RoleWords.read(tmp_path / "words.json")
    assert words.weights["ihre"] > 0 > words.weights["meine"]
    assert not {"fernfunk", "nummer", "bitte"} & words.weights.keys()
    turns = [Turn(speaker="caller", text="Ihre Karte?"), Turn(speaker="agent", text="Meine ist weg.")]
    assert words.log_odds(turns) < 0
    assert told[0].startswith("left out: right in 1.0000 of 120 calls")


def test_few_calls_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="12 calls with an agent and a caller: 50 are the fewest"):
        learn_roles([written(tmp_path / "calls.jsonl", 12)], tmp_path / "words.json", print)
    assert not (tmp_path / "words.json").exists()
