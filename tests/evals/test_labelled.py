"""The labelled calls: vocabulary, turns, and that gold events judged by the policy give the gold outcome."""

from pathlib import Path

import pytest

from ausweis.errors import InputError
from ausweis.evals import LabelledCall, read_labelled
from ausweis.evals.labelled import gold_facts
from ausweis.judging import find_policy, judge
from ausweis.reading.facts import CALLER_EVENTS

FOLDER = Path(__file__).parents[2] / "evals" / "calls"
CALLS = {one.call.id: one for path in sorted(FOLDER.glob("*.jsonl")) for one in read_labelled(path)}


@pytest.mark.parametrize("labelled", CALLS.values(), ids=CALLS.keys())
def test_a_label_agrees_with_the_rules(labelled: LabelledCall) -> None:
    call, gold = labelled.call, labelled.gold
    for event in gold.events:
        assert call.turn(event.turn).speaker == ("caller" if event.kind in CALLER_EVENTS else "agent")
    verdict = judge(gold_facts(labelled), find_policy(gold.policy).policy)
    assert verdict.outcome == gold.outcome
    if gold.outcome == "violation":
        assert verdict.first_violation_turn == min(one.turn for one in gold.violations)


def test_the_files_share_no_call() -> None:
    assert len(CALLS) == sum(1 for path in FOLDER.glob("*.jsonl") for _ in read_labelled(path))


def test_a_line_that_is_no_labelled_call(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"call": {}, "gold": {}}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"bad\.jsonl:1: no labelled call, at call"):
        list(read_labelled(path))
