import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.probes import answers_by_chance, by_chance

from ausweis.engines.fake import FakeEngine
from ausweis.engines.protocol import Message, Request, Result, Transcript, UnsureToken
from ausweis.engines.recorded import RecordedOnly, RecordingEngine, pack, recordings
from ausweis.errors import EngineError, InputError, RunError


def ask(text: str) -> Request:
    return Request(messages=(Message(role="user", content=text),), choices=("asks", "nothing"), template="agent-turn@1")


def record(folder: Path, *texts: str) -> FakeEngine:
    inner = FakeEngine(lambda request: {"asks": 0.3, "nothing": 0.7})
    engine = RecordingEngine(inner, folder)
    engine.complete([ask(text) for text in texts])
    engine.close()
    return inner


def test_recorded_answers_come_back_the_same(tmp_path: Path) -> None:
    inner = FakeEngine(lambda request: {"asks": 0.3, "nothing": 0.7} if "?" in request.messages[0].content else "asks")
    engine = RecordingEngine(inner, tmp_path / "r")
    requests = [ask("PIN?"), ask("Ja.")]
    given = engine.complete(requests)
    engine.close()
    again = RecordedOnly(tmp_path / "r")
    assert again.complete(requests[::-1]) == given[::-1]
    assert again.info.sha256 == inner.info.sha256
    assert again.info.engine == "recorded:fake"
    again.close()


def test_no_word_of_a_prompt_is_recorded(tmp_path: Path) -> None:
    record(tmp_path / "r", "Zwetschgendatschi")
    for path in (tmp_path / "r").iterdir():
        assert b"Zwetsch" not in path.read_bytes()


def test_what_a_recording_is_of_stands_beside_it_and_changes_no_key(tmp_path: Path) -> None:
    """Template and turn; recordings of before do not tell the turn, and are read all the same."""
    asked = [ask("a"), ask("b").model_copy(update={"turn": 7})]
    recording = RecordingEngine(FakeEngine(lambda request: "asks"), tmp_path / "r")
    given = recording.complete(asked)
    recording.close()
    lines = [json.loads(line) for line in (tmp_path / "r" / "answers.jsonl").read_text().splitlines()]
    assert [(line["template"], line.get("turn")) for line in lines] == [("agent-turn@1", None), ("agent-turn@1", 7)]
    replay = RecordedOnly(tmp_path / "r")
    assert replay.complete([ask("a"), ask("b")]) == given
    replay.close()


def test_each_row_of_a_transcript_is_recorded_with_its_turn(tmp_path: Path) -> None:
    probe = by_chance(("asks", "tells"), (1,), 2)
    rows = ("agent: a", "caller: b")
    messages = (Message(role="user", content="\n".join(rows)),)
    asked = Transcript(messages=messages, rows=rows, turns=(1, 4), probes=(probe, probe), template="transcript@1")
    recording = RecordingEngine(FakeEngine({"transcript": "asks"}), tmp_path / "r")
    recording.read(asked)
    recording.close()
    lines = [json.loads(line) for line in (tmp_path / "r" / "answers.jsonl").read_text().splitlines()]
    assert [line["turn"] for line in lines] == [1, 4]
    assert [line["key"] for line in lines] == asked.model_copy(update={"turns": ()}).keys(recording.info.sha256)


def test_a_missing_recording_names_template_and_key_and_no_text(tmp_path: Path) -> None:
    inner = record(tmp_path / "r", "a")
    again = RecordedOnly(tmp_path / "r")
    request = ask("Zwetschgendatschi")
    with pytest.raises(EngineError, match="agent-turn@1") as caught:
        again.complete([request])
    assert request.key(inner.info.sha256)[:16] in str(caught.value)
    assert "Zwetsch" not in str(caught.value)
    again.close()


def test_recording_goes_on_where_it_was_torn_and_writes_nothing_twice(tmp_path: Path) -> None:
    record(tmp_path / "r", "a", "b")
    path = tmp_path / "r" / "answers.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    record(tmp_path / "r", "a", "b")
    assert path.read_bytes() == whole


def test_one_folder_one_model_one_process(tmp_path: Path) -> None:
    record(tmp_path / "r", "a")
    with pytest.raises(InputError, match="answers of fake"):
        RecordingEngine(FakeEngine({}, model_id="other"), tmp_path / "r")
    engine = RecordingEngine(FakeEngine({}), tmp_path / "r")
    with pytest.raises(RunError, match="another process"):
        RecordingEngine(FakeEngine({}), tmp_path / "r")
    engine.close()


def test_what_is_no_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"engine\.json is missing"):
        RecordedOnly(tmp_path)
    record(tmp_path / "r", "a")
    with (tmp_path / "r" / "answers.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(InputError, match=r"answers\.jsonl:2: is no recorded answer"):
        RecordedOnly(tmp_path / "r")
    (tmp_path / "r" / "engine.json").write_text("{}")
    with pytest.raises(InputError, match="which engine was recorded"):
        RecordedOnly(tmp_path / "r")
    (tmp_path / "packed.xz").write_bytes(b"no xz")
    with pytest.raises(InputError, match="no recorded answers, or broken"):
        RecordedOnly(tmp_path / "packed.xz")


@pytest.mark.parametrize("told", ["[NaN,1]", "[0.3,Infinity]", "[-0.1,1]", "[1e999,0]", '["x",1]', "[0.3,1.7]"])
def test_a_recorded_number_that_is_no_probability_is_named(tmp_path: Path, told: str) -> None:
    record(tmp_path / "r", "a")
    path = tmp_path / "r" / "answers.jsonl"
    path.write_text(path.read_text().replace("[0.3,0.7]", told))
    with pytest.raises(InputError, match=r"answers\.jsonl:1: is no recorded answer"):
        RecordedOnly(tmp_path / "r")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[0.3,0.7]", "[0.3]"),
        ("[0.3,0.7]", "[]"),
        ("[0.3,0.7]", "[0.9,0.9]"),
        ("[0.3,0.7]", "[0.0,0.0]"),
        ('"nothing"', '"else"'),
    ],
)
def test_a_recorded_answer_to_something_else_is_none(tmp_path: Path, old: str, new: str) -> None:
    record(tmp_path / "r", "a", "b")
    path = tmp_path / "r" / "answers.jsonl"
    path.write_text(path.read_text().replace(old, new, 1))
    again = RecordedOnly(tmp_path / "r")
    with pytest.raises(EngineError, match=r"agent-turn@1 .* is none to it"):
        again.complete([ask("a")])
    assert again.complete([ask("b")])[0].text == "nothing"
    again.close()


def test_how_sure_a_generated_text_was_comes_back_too(tmp_path: Path) -> None:
    request = Request(messages=(Message(role="user", content="?"),), json_schema={}, unsure=True)
    told = Result(text='"a"', unsure=(UnsureToken(1, 2, 0.5),))

    class Sure(FakeEngine):
        def complete(self, requests: Sequence[Request]) -> list[Result]:
            return [told for _ in requests]

    engine = RecordingEngine(Sure([]), tmp_path / "r")
    assert engine.complete([request]) == [told]
    engine.close()
    again = RecordedOnly(tmp_path / "r")
    assert again.complete([request]) == [told]
    again.close()
    info, answers = recordings(tmp_path / "r")
    pack(tmp_path / "packed.xz", info, answers)
    packed = RecordedOnly(tmp_path / "packed.xz")
    assert packed.complete([request]) == [told]
    with pytest.raises(EngineError, match="no recorded answer"):
        packed.complete([ask("a")])


def test_nothing_is_recorded_of_what_was_not_asked(tmp_path: Path) -> None:
    record(tmp_path / "r", "a")
    assert "unsure" not in (tmp_path / "r" / "answers.jsonl").read_text()


def test_the_answer_about_a_call_is_recorded_under_the_template_of_its_questions(tmp_path: Path) -> None:
    about = (Message(role="user", content="For whom?"), Message(role="assistant", content="For"))
    asked = Transcript(
        messages=(Message(role="user", content="agent: Hi."),),
        rows=("agent: Hi.",),
        probes=(by_chance(("greets", "asks"), (1,), 3),),
        about=(about,),
        answer_probe=replace(answers_by_chance(("for another",), (1,), 3), template="third-party@1"),
        template="transcript@1",
    )
    engine = RecordingEngine(FakeEngine({"transcript": "greets", "third-party": "for another"}), tmp_path / "r")
    given = engine.read(asked)
    engine.close()
    again = RecordedOnly(tmp_path / "r")
    assert (
        [result.text for result in again.read(asked)] == [result.text for result in given] == ["greets", "for another"]
    )
    other = asked.model_copy(update={"about": (about, about)})
    with pytest.raises(EngineError, match="a question of third-party@1"):
        again.read(other)
    again.close()
