"""What is true of a call under another policy than its label's."""

from tests.evals.cases import NAME, TELLS, asked, labelled

from ausweis.evals.case import gold_of
from ausweis.judging import find_policy

BANK = find_policy("bank-en").policy


def test_another_policy_makes_its_own_outcome_of_the_events() -> None:
    call = labelled("a", NAME, "C: Meine PIN ist 1234. << gives pin", TELLS)
    late = call.model_copy(update={"gold": call.gold.model_copy(update={"events": call.gold.events[:1]})})
    assert gold_of(late, BANK, anew=True).outcome == "not_applicable"
    assert gold_of(late, BANK).outcome == "compliant"


def test_incidents_stay_what_they_are_and_a_label_without_an_outcome_gets_none() -> None:
    threat = {"id": "press_threat", "turn": 4}
    gold = gold_of(asked("a", "b", threat), BANK, anew=True)
    assert (gold.outcome, gold.incidents) == (None, ("press_threat@4",))
    both = labelled("a", NAME, TELLS, incidents={"events": [threat | {"turn": 1}], "known": ["press_threat"]})
    assert gold_of(both, BANK, anew=True).incidents == ("press_threat@1",)
