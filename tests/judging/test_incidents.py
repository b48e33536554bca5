"""What a policy makes of the incidents that were read, and what it may say about them."""

from pathlib import Path

import pytest

from ausweis.errors import PolicyError
from ausweis.facts import Facts, Mention, Shown, Unsure
from ausweis.judging import judge
from ausweis.judging.incidents import not_looked_for
from ausweis.judging.verdict import BadlyHeardReason, TurnsReason
from ausweis.policies import Policy, check_policy, explain, find_policy

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
    assert [(incident.id, incident.turn, incident.severity) for incident in verdict.incidents] == [
        ("wrong_terms", 3, "high"),
        ("notice", 4, "low"),
        ("cancel_threat", 5, "medium"),
    ]
    assert [(one.turn, one.quote, one.start) for one in verdict.incidents[0].evidence] == [
        (3, "x", None),
        (7, "y", 1.5),
    ]
    assert [incident.description for incident in verdict.incidents] == [None, OWN, None]
    assert verdict.outcome == "not_applicable"


def test_what_the_policy_does_not_want_or_is_unlikely_is_left_out(tmp_path: Path) -> None:
    read = facts(mention("press_threat", 2), mention("cancel_threat", 3, 0.29), mention(None, 4, description="other"))
    assert judge(read, policy(tmp_path)).incidents == ()
    assert judge(facts(mention("press_threat", 2)), find_policy("telecom-de").policy).incidents == ()


def test_a_grave_incident_that_is_unsure_is_looked_at(tmp_path: Path) -> None:
    looked = judge(facts(mention("wrong_terms", 3, 0.6), mention("cancel_threat", 5, 0.6)), policy(tmp_path))
    assert looked.review_reasons == (TurnsReason(code="incident_unsure", turns=(3,)),)
    said = mention("cancel_threat", 5)
    unsure = tuple(Unsure(turn=turn, quote=said.quote, probability=0.2) for turn in (4, 5))
    (reason,) = judge(facts(said).model_copy(update={"unsure": unsure}), policy(tmp_path)).review_reasons
    assert isinstance(reason, BadlyHeardReason)
    assert reason.turns == (5,)


def test_what_nobody_looked_for_is_named(tmp_path: Path) -> None:
    read = facts().model_copy(update={"looked_for": ("wrong_terms", OWN)})
    assert not_looked_for(read, policy(tmp_path)) == ("cancel_threat",)
    assert not_looked_for(facts(), find_policy("telecom-de").policy) == ()


def own(tmp_path: Path, side: str | None) -> Policy:
    speaker = f"speaker: {side}, " if side else ""
    return policy(tmp_path, f'\nincidents: [{{id: notice, description: "{OWN}", {speaker}severity: low}}]\n')


@pytest.mark.parametrize(
    ("read_on", "wanted", "missing"),
    [
        ({"description": OWN, "speaker": "agent"}, "agent", ()),
        ({"description": OWN, "speaker": "agent"}, "caller", ("notice",)),
        ({"description": OWN, "speaker": "agent"}, None, ("notice",)),
        (OWN, "agent", ()),
        (OWN, None, ()),
    ],
)
def test_what_was_looked_for_on_the_other_side_was_not(
    tmp_path: Path, read_on: object, wanted: str | None, missing: tuple[str, ...]
) -> None:
    read = Facts.model_validate({"call_id": "c", "turns": 9, "looked_for": [read_on]})
    assert (
        not_looked_for(Facts.model_validate_json(read.model_dump_json(by_alias=True)), own(tmp_path, wanted)) == missing
    )


def test_an_own_incident_counts_on_the_side_that_the_policy_names(tmp_path: Path) -> None:
    read = facts(
        *[mention(None, turn, description=OWN, speaker=side) for turn, side in ((1, "agent"), (2, "caller"), (3, None))]
    )
    turns = {
        side: [one.turn for one in judge(read, own(tmp_path, side)).incidents] for side in ("agent", "caller", None)
    }
    # Of the third, nobody knows the side.
    assert turns == {"agent": [1, 3], "caller": [2, 3], None: [1, 2, 3]}


def test_all_mistakes_are_told(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    entries = ["kind: rude_agent, id: a", "description: d", "id: rude_agent, description: e", "kind: rude_agent"]
    path.write_text(BASE + "\nincidents:\n" + "".join(f"  - {{{one}, severity: low}}\n" for one in entries), "utf-8")
    first = BASE.count("\n") + 3
    assert [problem.line for problem in check_policy(path)] == [first, first + 1, first + 2, first + 3]


def test_a_turn_of_two_grave_incidents_is_named_once(tmp_path: Path) -> None:
    section = "\nincidents: [{kind: wrong_terms, severity: high}, {kind: wrong_promise, severity: critical}]\n"
    read = facts(mention("wrong_terms", 3, 0.6), mention("wrong_promise", 3, 0.5), mention("wrong_promise", 5, 0.5))
    reasons = judge(read, policy(tmp_path, section)).review_reasons
    assert reasons == (TurnsReason(code="incident_unsure", turns=(3, 5)),)


def test_facts_without_incidents_are_written_as_before() -> None:
    assert "incidents" not in Facts(call_id="c", turns=1).model_dump_json()
    assert "speaker" not in facts(mention("rude_agent", 1)).model_dump_json()


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
            "{id: a, description: It hums, severity: low}, {id: b, description: it  hums., severity: low}",
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
