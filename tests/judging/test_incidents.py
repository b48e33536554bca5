"""What a policy makes of the incidents that were read, and what it may say about them."""

from pathlib import Path

import pytest

from ausweis.errors import PolicyError
from ausweis.judging import explain, find_policy, judge
from ausweis.judging.incidents import not_looked_for
from ausweis.judging.policy import Policy
from ausweis.reading.facts import Facts, Mention, Shown

BASE = find_policy("telecom-de").text
OWN = "Der Agent nennt eine andere Frist als einen Monat."
INCIDENTS = f"""
incidents:
  - {{kind: wrong_terms, severity: high}}
  - {{kind: cancel_threat, severity: medium}}
  - {{id: notice, description: "{OWN}", speaker: agent, severity: low}}
"""


def policy(tmp_path: Path, section: str = INCIDENTS) -> Policy:
    path = tmp_path / "p.yaml"
    path.write_text(BASE + section, encoding="utf-8")
    return find_policy(path).policy


def mention(kind: str | None, turn: int, probability: float = 0.9, **more: object) -> Mention:
    return Mention.model_validate({"kind": kind, "turn": turn, "quote": "x", "probability": probability, **more})


def facts(*incidents: Mention) -> Facts:
    return Facts(call_id="c", turns=9, incidents=incidents)


def test_incidents_in_order_of_time_with_the_policys_severity(tmp_path: Path) -> None:
    read = facts(
        mention("cancel_threat", 5),
        mention("wrong_terms", 3, shown=Shown(turn=7, quote="y", start=1.5)),
        mention(None, 4, description=OWN),
    )
    verdict = judge(read, policy(tmp_path))
    assert [(one.kind, one.turn, one.severity) for one in verdict.incidents] == [
        ("wrong_terms", 3, "high"),
        ("notice", 4, "low"),
        ("cancel_threat", 5, "medium"),
    ]
    assert [(one.turn, one.quote, one.start) for one in verdict.incidents[0].evidence] == [
        (3, "x", None),
        (7, "y", 1.5),
    ]
    assert verdict.incidents[1].description == OWN
    assert verdict.outcome == "not_applicable"


def test_what_the_policy_does_not_want_or_is_unlikely_is_left_out(tmp_path: Path) -> None:
    read = facts(mention("press_threat", 2), mention("cancel_threat", 3, 0.29), mention(None, 4, description="other"))
    assert judge(read, policy(tmp_path)).incidents == ()
    assert judge(facts(mention("press_threat", 2)), find_policy("telecom-de").policy).incidents == ()


def test_a_grave_incident_that_is_unsure_is_looked_at(tmp_path: Path) -> None:
    looked = judge(facts(mention("wrong_terms", 3, 0.6), mention("cancel_threat", 5, 0.6)), policy(tmp_path))
    assert looked.review_reasons == ("Ein schwerer Vorfall ist unsicher (Turn 3).",)
    heard = facts(mention("cancel_threat", 5)).model_copy(update={"badly_heard": (4, 5)})
    assert judge(heard, policy(tmp_path)).review_reasons == (
        "Das Urteil hängt an schlecht verstandenen Stellen (Turn 5).",
    )


def test_what_nobody_looked_for_is_named(tmp_path: Path) -> None:
    read = facts().model_copy(update={"looked_for": ("wrong_terms", OWN)})
    assert not_looked_for(read, policy(tmp_path)) == ("cancel_threat",)
    assert not_looked_for(facts(), find_policy("telecom-de").policy) == ()


def test_facts_without_incidents_are_written_as_before() -> None:
    assert "incidents" not in Facts(call_id="c", turns=1).model_dump_json()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{kind: rude, severity: low}", "unknown kind of incident 'rude'"),
        ("{severity: low}", "has a kind, or an id and a description"),
        ("{kind: rude_agent, description: d, severity: low}", "has a kind, or an id and a description"),
        ("{description: d, severity: low}", "needs an id"),
        ("{id: rude_agent, description: d, severity: low}", "needs an id"),
        ("{kind: rude_agent, speaker: caller, severity: low}", "is known for 'rude_agent'"),
        ("{kind: rude_agent, id: a, severity: low}", "leave the id out"),
        (
            "{id: a, description: d, severity: low}, {id: b, description: d, severity: low}",
            "description stands here twice",
        ),
        ("{kind: rude_agent, severity: low}, {kind: rude_agent, severity: low}", "stands here twice"),
        ("{id: a, description: b, speaker: boss, severity: low}", "unknown speaker 'boss'"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, entry: str, words: str) -> None:
    line = BASE.count("\n") + 2
    with pytest.raises(PolicyError, match=words) as caught:
        policy(tmp_path, f"\nincidents: [{entry}]\n")
    assert str(caught.value.place).endswith(f":{line}")


def test_a_policy_explains_what_it_looks_for(tmp_path: Path) -> None:
    told = explain(policy(tmp_path), "en")
    assert "Also looked for (severity medium): The caller threatens to cancel or to leave." in told
    assert any(OWN in sentence for sentence in told)
