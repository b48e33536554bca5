"""What is true of a call under another policy than its label's."""

from pathlib import Path

import pytest
from tests.evals.cases import NAME, TELLS, asked, case, labelled, own_word_case
from tests.judging.own_policies import MARINA, marina, read_by

from ausweis.evals.case import Case, Label, Occurrence, case_of
from ausweis.judging import judge
from ausweis.labelled import LabelledCall, gold_facts, read_labelled
from ausweis.policies import Policy, find_policy

BANK = find_policy("bank-en").policy


def gold_of(call: LabelledCall, policy: Policy, *, anew: bool = False) -> Label:
    return case_of(call, policy, None, anew=anew).gold


def test_another_policy_makes_its_own_outcome_of_the_events() -> None:
    call = labelled("a", NAME, "C: Meine PIN ist 1234. << gives pin", TELLS)
    late = call.model_copy(update={"gold": call.gold.model_copy(update={"events": call.gold.events[:1]})})
    assert gold_of(late, BANK, anew=True).outcome == "not_applicable"
    assert gold_of(late, BANK).outcome == "compliant"


def test_incidents_stay_what_they_are_and_a_label_without_an_outcome_gets_none() -> None:
    threat = {"id": "press_threat", "turn": 4}
    gold = gold_of(asked("a", "b", threat), BANK, anew=True)
    assert (gold.outcome, gold.incidents) == (None, (Occurrence(4, "press_threat"),))
    both = labelled("a", NAME, TELLS, incidents={"events": [threat | {"turn": 1}], "known": ["press_threat"]})
    assert gold_of(both, BANK, anew=True).incidents == (Occurrence(1, "press_threat"),)


def test_own_words_of_label_and_reading_stand_side_by_side(tmp_path: Path) -> None:
    lines = ("A: Der Platz? << asks berth_number", "C: B 17. << gives berth_number", "A: Da liegt sie. << asks name")
    (tmp_path / "own.jsonl").write_text(labelled("a", *lines, policy="hafenlicht-de").line() + "\n", encoding="utf-8")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "hafenlicht-de.yaml").write_text(MARINA, encoding="utf-8")
    (call,) = read_labelled(tmp_path / "own.jsonl")
    likely, unlikely = (
        gold_facts(call).events[1].model_copy(update={"turn": turn, "probability": probability})
        for turn, probability in ((2, 0.6), (3, 0.4))
    )
    policy = marina()
    facts = read_by(gold_facts(call).model_copy(update={"events": (likely, unlikely)}), policy)
    found = case_of(call, policy, judge(facts, policy), facts)
    assert [*map(str, found.gold.own_words)] == ["asks berth_number@1", "gives berth_number@2"]
    assert found.told is not None
    assert found.told.own_words == (Occurrence(2, "berth_number", kind="gives"),)
    assert found.own_words == {word.id: word.kind for word in policy.own_words}
    assert Case.model_validate_json(found.model_dump_json()) == found
    assert gold_of(call, BANK, anew=True).own_words == ()
    assert case_of(call, policy, None).own_words == found.own_words
    assert case_of(call, policy, None, own_words=False).own_words == {}


def test_a_case_without_own_words_is_written_as_before() -> None:
    assert "own_words" not in case("a", "compliant", "violation").model_dump_json()
    assert own_word_case("a", [], []).model_dump_json().count("own_words") == 1


@pytest.mark.parametrize("text", ["late_authentication@7", "pin@4:verified", "gives berth_number@4", "a@b@12"])
def test_a_mark_is_read_as_it_is_written(text: str) -> None:
    assert str(Occurrence.read(text)) == text


@pytest.mark.parametrize("text", ["", "pin", "pin@0", "@4", "pin@4:", "pin@x", "two words pin@4"])
def test_what_is_no_mark_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no mark"):
        Occurrence.read(text)
