"""Words that tell the agent from the caller are learned from many calls; names are not."""

import json
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from evals.lab.training.roles import learn_roles

from ausweis.audio.roles import RoleWords
from ausweis.calls.call import Turn
from ausweis.errors import InputError


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


def test_calls_that_share_no_words_are_refused(tmp_path: Path) -> None:
    """Of two languages by turns, a word stands in half of the calls alone."""
    lines = []
    for number in range(50):
        said = ("Ihre Nummer bitte?", "Die vier.") if number % 2 else ("Your number please?", "It is four.")
        turns = [{"speaker": side, "text": text} for side, text in zip(("agent", "caller"), said, strict=True)]
        lines.append(json.dumps({"id": f"c{number}", "turns": turns}))
    (tmp_path / "calls.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match="too few calls share their words: give more"):
        learn_roles([tmp_path / "calls.jsonl"], tmp_path / "words.json", print)
    assert not (tmp_path / "words.json").exists()


def with_strangers(path: Path) -> Path:
    """The calls, and before them two whose second speaker nobody knows."""
    turns = [{"speaker": "agent", "text": "Ihre Nummer?"}, {"speaker": "Ilse Krummbiegel", "text": "Die vier."}]
    strangers = [json.dumps({"id": f"s{number}", "turns": turns}) for number in range(2)]
    path.write_text("\n".join([*strangers, path.read_text()]))
    return path


def test_calls_that_cannot_be_read_are_told_with_the_first_reason(tmp_path: Path) -> None:
    told: list[str] = []
    path = with_strangers(written(tmp_path / "calls.jsonl", 120))
    learn_roles([path], tmp_path / "words.json", told.append)
    reason = f"calls left out: 2 cannot be read, the first: {path}:1: the speaker label is not known: "
    assert told[0].startswith(reason)
    assert "Krummbiegel" not in told[0]
    assert "of 120 calls" in told[1]


def test_too_few_calls_are_told_with_what_cannot_be_read(tmp_path: Path) -> None:
    path = with_strangers(written(tmp_path / "calls.jsonl", 12))
    with pytest.raises(InputError, match=r"12 calls .* the fewest to learn from; 2 cannot be read, the first: .*:1:"):
        learn_roles([path], tmp_path / "words.json", print)


def test_few_calls_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="12 calls with an agent and a caller: 50 are the fewest"):
        learn_roles([written(tmp_path / "calls.jsonl", 12)], tmp_path / "words.json", print)
    assert not (tmp_path / "words.json").exists()
