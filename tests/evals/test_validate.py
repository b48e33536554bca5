import pytest
from tests.evals.cases import asked, labelled

from ausweis.evals.validate import mix, validate
from ausweis.labelled import GoldEvent, LabelledCall

LINES = (
    "C: Hier Brandt. << gives name",
    "A: PIN? << asks pin",
    "C: 1234 << gives pin",
    "A: Bis Mai. << discloses contract_data",
)


def with_event(**event: object) -> LabelledCall:
    one = labelled("x", *LINES)
    events = (*one.gold.events, GoldEvent.model_validate(event))
    return one.model_copy(update={"gold": one.gold.model_copy(update={"events": events})})


def test_a_clean_call() -> None:
    assert list(validate([labelled("x", *LINES)])) == []


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (with_event(turn=1, kind="accepts"), "accepts: turn 1 is not the agent's"),
        (with_event(turn=2, kind="accepts", quote="Stimmt"), "accepts: its quote does not stand in turn 2"),
        (with_event(turn=3, kind="gives", subject="pin"), "gives pin: twice in turn 3"),
        (labelled("x", *LINES, outcome="violation"), "outcome: the label says violation, the rules make compliant"),
        (labelled("x", *LINES, violations=[("factor_leaked", 4)]), "violations: the label says factor_leaked@4"),
        (labelled("x", *LINES, caller="unclear"), "caller: the label says unclear, the rules make account_holder"),
        (labelled("x", *LINES, authorisation="missing"), "authorisation: the label says missing"),
        (labelled("x", *LINES, policy="nobody"), "cannot be judged"),
        (
            with_event(turn=3, kind="gives", subject="berth"),
            "gives berth: turn 3 names what the policy telecom-de does",
        ),
        (labelled("x", *LINES, why=""), "no sentence says why"),
        (labelled("x", *LINES, twin="y"), "its twin y is not in the same file"),
    ],
)
def test_what_is_wrong_is_said(one: LabelledCall, problem: str) -> None:
    assert [found for found in validate([one]) if found.message.startswith(problem)]


def test_the_same_words_twice() -> None:
    other = labelled("y", *(line.replace("Bis", "bis") for line in LINES))
    assert [found.message for found in validate([labelled("x", *LINES), other])] == ["has the same words as x"]


def test_the_mix_counts_own_incidents_as_one() -> None:
    weather = {"id": "weather", "description": "Jemand spricht vom Wetter."}
    moon = {"id": "moon", "description": "Jemand spricht vom Mond."}
    happens = [{"id": "rude_agent", "turn": 1}, {"id": "weather", "turn": 2}, {"id": "moon", "turn": 3}]
    calls = [asked("one", "two", *happens, own=[weather, moon], known=["rude_agent"])]
    assert mix(calls)["incident"] == {"rude_agent": 1, "own": 1}
