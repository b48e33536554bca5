import pytest

from ausweis.calls.call import Call, Turn
from ausweis.evals import LabelledCall, agreement
from ausweis.evals.labelled import Gold, GoldViolation
from ausweis.judging import find_policy, judge
from ausweis.judging.verdict import Verdict
from ausweis.reading.facts import Event, Facts
from ausweis.vocabulary import Outcome


def labelled(number: int, outcome: Outcome, turn: int = 1) -> LabelledCall:
    violations = (GoldViolation(type="no_authentication", turn=turn),) if outcome == "violation" else ()
    call = Call(id=str(number), turns=(Turn(speaker="agent", text="x"),))
    return LabelledCall(call=call, gold=Gold(policy="telecom-de", outcome=outcome, violations=violations))


def verdict(number: int, *, discloses: bool) -> Verdict:
    event = Event(kind="discloses", subject="usage_data", turn=1, quote="x")
    facts = Facts(call_id=str(number), turns=1, events=(event,) if discloses else ())
    return judge(facts, find_policy("telecom-de").policy)


def test_counts_and_rates() -> None:
    labels = [
        labelled(1, "violation"),
        labelled(2, "violation", 2),
        labelled(3, "violation"),
        labelled(4, "not_applicable"),
    ]
    verdicts = {str(n): verdict(n, discloses=n < 3) for n in range(1, 5)}
    result = agreement([*labels, labelled(9, "violation")], verdicts)
    assert (result.calls, result.found, result.first_turn, result.types) == (4, 2, 1, 2)
    assert (result.precision, result.accuracy) == (1.0, 0.75)
    assert result.recall == pytest.approx(2 / 3)
    assert result.confusion["violation"] == {"compliant": 0, "violation": 2, "not_applicable": 1, "inconclusive": 0}
    assert result.kappa == pytest.approx(0.5)
