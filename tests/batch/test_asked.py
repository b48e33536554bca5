"""A question is shown as the model gets it when calls are scored, since the reading itself is listened to."""

import shutil
from pathlib import Path

import pytest
from tests.judging.own_policies import MARINA

from ausweis.batch.asked import asked_with
from ausweis.batch.config import ScorerConfig
from ausweis.calls.call import Call
from ausweis.engines.fake import FakeEngine
from ausweis.errors import EngineError, InputError, PromptError
from ausweis.policies import find_policy
from ausweis.policies.files import PolicyFile
from ausweis.prompts import default_library
from ausweis.reading.asking import transcript_of
from ausweis.reading.chunks import spoken_chunks

CALL = Call.model_validate(
    {
        "id": "c1",
        "turns": [
            {"speaker": "agent", "text": "Guten Tag, worum geht es?"},
            {"speaker": "caller", "text": "Ich bin Ilse Krummbiegel. Mein Chip hat die Nummer 7."},
            {"speaker": "agent", "text": ("Ihr Vertrag läuft bis Mai, und das ist ein langer Satz. " * 8).strip()},
        ],
    }
)
SCRIPT = FakeEngine(
    lambda request: request.choices[0] if request.choices else {"start": "beginning", "events": []}, model_id="script"
)


@pytest.fixture
def policy() -> PolicyFile:
    return find_policy("telecom-de")


@pytest.fixture
def own_policy(tmp_path: Path) -> PolicyFile:
    """One with words of its own, a known incident and one that it describes."""
    rude = "{kind: rude_agent, severity: low}"
    own = "{id: weather, description: Der Agent spricht vom Wetter., severity: low, speaker: agent}"
    path = tmp_path / "own.yaml"
    path.write_text(f"{MARINA}incidents: [{rude}, {own}]\n", encoding="utf-8")
    return find_policy(path)


@pytest.mark.parametrize("name", ["agent-turn", "caller-turn", "call-start", "incident", "call-events"])
def test_what_is_shown_is_what_is_asked_when_calls_are_scored(name: str, own_policy: PolicyFile) -> None:
    engine = FakeEngine(SCRIPT._answer)
    strategy = "events" if name == "call-events" else "turnwise"
    ScorerConfig(own_policy, strategy=strategy).scorer(engine).read(CALL)
    asked = [one for group in asked_with(name, CALL, own_policy) for one in group]
    wanted = [request for request in engine.requests if request.template.startswith(f"{name}@")]
    assert wanted
    assert [(one.turn, one.messages) for one in asked] == [(one.turn, one.messages) for one in wanted]


def test_a_long_turn_is_asked_about_in_pieces(policy: PolicyFile) -> None:
    assert [one.turn for group in asked_with("agent-turn", CALL, policy) for one in group] == [1, 3, 3]
    assert len(asked_with("agent-turn", CALL, policy, 3)) == 2


def test_a_transcript_is_shown_up_to_the_turn(policy: PolicyFile) -> None:
    template = default_library().get("transcript")
    whole = transcript_of(template, CALL, spoken_chunks(CALL))
    (rows,) = asked_with("transcript", CALL, policy)
    assert [row.turn for row in rows] == [1, 2, 3, 3]
    assert rows[-1].messages == whole.messages
    ((second,),) = asked_with("transcript", CALL, policy, 2)
    assert second.messages[-1].content.endswith("caller: Ich bin Ilse Krummbiegel. Mein Chip hat die Nummer 7.")


@pytest.mark.parametrize(
    ("name", "endings", "turns"),
    [("third-party", 3, [None]), ("own-word", 3, [1, 2, 3, 3]), ("own-incident", 1, [1, 2, 3, 3])],
)
def test_questions_stand_behind_the_transcript(
    name: str, endings: int, turns: list[int | None], policy: PolicyFile, own_policy: PolicyFile
) -> None:
    (group,) = asked_with(name, CALL, policy if name == "third-party" else own_policy)
    assert {len(one.endings) for one in group} == {endings}
    assert len({one.messages for one in group}) == 1
    assert "Ihr Vertrag läuft bis Mai" in group[0].messages[-1].content
    assert {one.turn for one in group} <= set(turns)


@pytest.mark.parametrize("name", ["transcript", "third-party", "incidents"])
def test_a_draft_that_nothing_was_learned_for_is_shown_and_not_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: PolicyFile
) -> None:
    own = shutil.copytree(default_library().folder, tmp_path / "own")
    text = (own / name / "1.md").read_text("utf-8").replace("version: 1", "version: 2")
    (own / name / "2.md").write_text(text.replace("Whose account", "Whose contract"), "utf-8")
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(own))
    shown, before = (
        asked_with(f"{name}@2", CALL, policy),
        None if name == "incidents" else asked_with(name, CALL, policy),
    )
    assert {one.template for group in shown for one in group} == {f"{name}@2"}
    if before is not None:
        assert [one.messages for one in shown[0]] == [one.messages for one in before[0]]
        assert [len(one.endings) for one in shown[0]] == [len(one.endings) for one in before[0]]
    with pytest.raises(PromptError, match=f"{name}@2|no probe of transcript@1"):
        asked_with(f"{name}@2", CALL, policy, engine=SCRIPT)


def test_only_what_is_wanted_is_asked_of_the_model(policy: PolicyFile) -> None:
    engine = FakeEngine({"caller-turn": {"gives name": 0.9, "nothing": 0.1}})
    ((asked,),) = asked_with("caller-turn", CALL, policy, 2, engine)
    assert [one.turn for one in engine.requests] == [2]
    assert asked.likeliest[:2] == [("gives name", 0.9), ("nothing", 0.1)]


def test_an_answer_that_a_reader_can_do_nothing_with_is_shown(policy: PolicyFile) -> None:
    many = [{"turn": 1, "quote": "Guten Tag", "event": "accepts"}] * 22
    engine = FakeEngine([{"answer": {"start": "beginning", "events": many}}])
    with pytest.raises(EngineError):
        ScorerConfig(policy, strategy="events").reader(engine).read(CALL)
    ((asked,),) = asked_with("call-events", CALL, policy, None, engine)
    assert '"Guten Tag"' in asked.text
    with pytest.raises(EngineError, match="no scripted answer"):
        asked_with("call-events", CALL, policy, None, FakeEngine([]))


@pytest.mark.parametrize(
    ("name", "turn", "message"),
    [
        ("agent-turn", 2, r"agent-turn@1 asks nothing about turn 2, but about turns 1, 3: take one of them, or leave"),
        ("agent-turn", 9, r"asks nothing about turn 9, but about turns 1, 3"),
        (
            "call-start",
            1,
            r"call-start@1 asks nothing about turn 1, but about the call as a whole, or leave --turn out",
        ),
    ],
)
def test_a_turn_that_nothing_is_asked_about(name: str, turn: int, message: str, policy: PolicyFile) -> None:
    with pytest.raises(InputError, match=message):
        asked_with(name, CALL, policy, turn)


@pytest.mark.parametrize("name", ["own-word", "own-incident", "incident", "incidents"])
def test_a_policy_by_which_nothing_is_asked(name: str, policy: PolicyFile) -> None:
    with pytest.raises(PromptError, match=r"does not ask with it; .* \(the policy"):
        asked_with(name, CALL, policy)


def test_a_call_without_words(policy: PolicyFile) -> None:
    silent = Call.model_validate({"id": "c2", "turns": [{"speaker": "agent", "text": ""}]})
    for name in ("agent-turn", "transcript", "call-events"):
        with pytest.raises(InputError, match="asks nothing about this call"):
            asked_with(name, silent, policy)
