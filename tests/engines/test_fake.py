import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.stored import failures, judged

from ausweis.cli import main
from ausweis.engines.fake import FakeEngine, Script
from ausweis.engines.protocol import Engine, Message, Request
from ausweis.errors import ContextError, EngineError, InputError

SCHEMA = {
    "type": "object",
    "properties": {"outcome": {"enum": ["compliant", "violation"]}},
    "required": ["outcome"],
    "additionalProperties": False,
}


def ask(text: str = "Guten Tag", **more: Any) -> Request:
    messages = (Message(role="system", content="Wer fragt?"), Message(role="user", content=text))
    return Request(messages=messages, **{"template": "agent-turn@1", "choices": ("asks", "tells", "nothing"), **more})


def test_it_is_an_engine_and_records_what_it_saw() -> None:
    fake = FakeEngine({"agent-turn": "asks"}, model_id="my-fake")
    engine: Engine = fake
    requests = [ask("a"), ask("b")]
    assert [result.text for result in engine.complete(requests)] == ["asks", "asks"]
    assert fake.requests == requests
    assert engine.info.id == "my-fake"
    assert FakeEngine({}, model_id="other").info.sha256 != engine.info.sha256


def test_a_choice_has_probability_1_and_probabilities_sum_to_1() -> None:
    (sure,) = FakeEngine({"agent-turn": "tells"}).complete([ask()])
    assert sure.probabilities == (0.0, 1.0, 0.0)
    (unsure,) = FakeEngine(lambda request: {"nothing": 3, "asks": 1}).complete([ask()])
    assert (unsure.text, unsure.probabilities) == ("nothing", (0.25, 0.0, 0.75))


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("other", "none of the 3 choices"),
        ({"asks": 0.5, "other": 0.5}, "none of the 3 choices"),
        ({"asks": -1, "tells": 2}, "no number from 0 on"),
        ({"asks": float("nan")}, "no number from 0 on"),
        ({"asks": "much"}, "no number from 0 on"),
        ({"asks": float("inf")}, "no number from 0 on"),
        ({"asks": 10**400}, "no number from 0 on"),
        ({"asks": 1e308, "tells": 1e308}, "no number from 0 on"),
        ({"asks": True}, "no number from 0 on"),
        ({"asks": 0.0}, "no choice a probability above 0"),
    ],
)
def test_no_engine_may_give_such_an_answer(answer: Any, what: str) -> None:
    with pytest.raises(EngineError, match=what):
        FakeEngine(lambda request: answer).complete([ask()])


def test_json_is_held_against_the_schema_without_quoting_it() -> None:
    request = ask(choices=(), json_schema=SCHEMA)
    (result,) = FakeEngine([{"answer": {"outcome": "violation"}}]).complete([request])
    assert (result.text, result.probabilities) == ('{"outcome": "violation"}', ())
    for bad, what in (
        ('{"outcome": "geheim"}', r"at outcome \(enum\)"),
        ("{}", "at the top"),
        ("geheim", "is no JSON"),
        ("NaN", "is no JSON"),
        ('{"outcome": "\\ud800"}', "is no JSON"),
    ):
        with pytest.raises(EngineError, match=what) as caught:
            FakeEngine({"agent-turn": bad}).complete([request])
        assert "geheim" not in str(caught.value)


def test_the_first_entry_that_fits_the_last_message_answers() -> None:
    engine = FakeEngine(
        [
            {"template": "caller-turn", "answer": "nothing"},
            {"template": "agent-turn@2", "answer": "nothing"},
            {"contains": "Wer", "answer": "nothing"},
            Script(matches="(?i)pin$", contains="Ihre", answer="asks"),
            {"template": "agent-turn@1", "answer": "tells"},
        ]
    )
    assert [r.text for r in engine.complete([ask("Ihre PIN"), ask("Die PIN"), ask("Ihre PIN?")])] == [
        "asks",
        "tells",
        "tells",
    ]


def test_failures_by_script_by_function_and_for_want_of_an_answer() -> None:
    with pytest.raises(EngineError, match="scripted failure"):
        FakeEngine([{"error": "scripted failure"}]).complete([ask()])
    with pytest.raises(EngineError, match=r"no scripted answer fits a question of agent-turn@1") as caught:
        FakeEngine([{"contains": "x", "answer": "asks"}]).complete([ask("geheim")])
    assert "geheim" not in str(caught.value)
    with pytest.raises(ContextError):
        FakeEngine({"agent-turn": "asks"}, context_tokens=10).complete([ask("x" * 41)])
    closed = FakeEngine({"agent-turn": "asks"})
    closed.close()
    with pytest.raises(EngineError):
        closed.complete([ask()])


@pytest.mark.parametrize("value", [float("nan"), date(2025, 1, 31), "[" * 100_000])
def test_an_answer_that_is_no_json(value: Any) -> None:
    answer = value if isinstance(value, str) else {"outcome": value}
    with pytest.raises(EngineError, match="is no JSON"):
        FakeEngine([{"answer": answer}]).complete([ask(choices=(), json_schema=SCHEMA)])


def test_from_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text(
        "model_id: mine\nanswers:\n"
        "  - {template: agent-turn, matches: 'PIN', answer: {asks: 0.8, nothing: 0.2}}\n"
        "  - answer: nothing\n"
    )
    engine = FakeEngine.from_file(path)
    assert [result.text for result in engine.complete([ask("PIN"), ask()])] == ["asks", "nothing"]
    assert engine.info.id == "mine"
    assert engine.requests == []
    before = engine.info.sha256
    path.write_text(path.read_text() + "# other\n")
    assert FakeEngine.from_file(path).info.sha256 != before


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("answers:\n  - {matches: 'a{99999999999}', answer: a}", "no regular expression"),
        ("answers:\n  - {answer: [a]}", r"answers.yaml:2: .*wrong at answers.1.answer"),
        ("delay: .nan\nanswers: []", "wrong at delay"),
        (f"context_tokens: 1{'0' * 400}\nanswers: []", "wrong at context_tokens"),
        ("answers: [", r"answers\.yaml:1: .*no valid YAML"),
        ("answers:\n  - {answer: a, error: b}", r"wrong at answers\.1: .*either an answer or an error"),
        ("answers:\n  - {template: x}", "either an answer or an error"),
        ("answers:\n  - {matches: '(', answer: a}", "no regular expression"),
        ("answers: []\nanswer: x", "wrong at answer"),
        ("", "none of the keys model_id, context_tokens, delay, answers"),
        ("context_tokens: 0\nanswers: []", "wrong at context_tokens"),
        ("answers: [{answer: {a: .nan}}]", "what JSON cannot"),
        ("answers: [{answer: {a: .inf}}]", "what JSON cannot"),
        ("answers: [{answer: {a: 2026-01-01}}]", "what JSON cannot"),
        ('answers: [{answer: "\\ud800"}]', "half of a surrogate pair"),
        ('model_id: "\\ud800"\nanswers: []', "half of a surrogate pair"),
        ("answers: [{answer: &a {a: *a}}]", r"answers\.yaml:1: .*an alias"),
        ("answers: " + "[" * 3000, "no valid YAML"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=what):
        FakeEngine.from_file(path)


def test_a_missing_or_foreign_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        FakeEngine.from_file(tmp_path / "none.yaml")
    (tmp_path / "a.yaml").write_bytes(b"\xff")
    with pytest.raises(InputError, match="not UTF-8"):
        FakeEngine.from_file(tmp_path / "a.yaml")
    with pytest.raises(ValidationError):
        FakeEngine([{"answr": "x"}])


DOCS = Path(__file__).parents[2] / "docs" / "engines.md"
CALL = """\
AGENT: Guten Tag, was kann ich für Sie tun?
CALLER: Wendt mein Name, Kennwort Apfelbaum, wann endet mein Vertrag?
AGENT: Ihr Vertrag läuft bis Mai.
"""


def test_the_script_in_the_docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what the docs say: it answers the questions about a call as the templates ask them."""
    [script] = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("answers.yaml").write_text(script, encoding="utf-8")
    Path("good.txt").write_text(CALL, encoding="utf-8")
    Path("bad.txt").write_text(CALL + "CALLER: Störgeräusch\n", encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        main(["score", "good.txt", "bad.txt", "--policy", "telecom-de", "--engine", "fake:answers.yaml"])
    assert caught.value.code == 3
    ((facts, _, _),) = judged(Path("ausweis.sqlite"))
    assert facts.call_id == "good"
    events = [(one.turn, one.kind, one.subject) for one in facts.events]
    assert events == [(2, "gives", "password"), (3, "discloses", "contract_data")]
    assert [one["message"] for one in failures(Path("ausweis.sqlite"))] == ["no answer for this call"]
