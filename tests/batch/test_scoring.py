import json
from collections.abc import Callable
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest
from tests.batch.conftest import Calls, Score

from ausweis.batch import Progress, Scorer, comparable, scoring
from ausweis.batch.scoring import Scored, Task, local_runner
from ausweis.calls import Call, UnreadableCall
from ausweis.engines.fake import FakeEngine
from ausweis.errors import InputError, ModelError, RunError
from ausweis.facts import Facts
from ausweis.judging.verdict import Verdict

Lines = Callable[[Path], list[dict[str, Any]]]
SECRET = "Zwetschgendatschi 4711"


def verdicts(folder: Path) -> list[str]:
    return [comparable(line) for line in (folder / "verdicts.jsonl").read_text().split("\n")[:-1]]


def test_one_verdict_a_call_in_the_order_of_the_input(
    tmp_path: Path, calls: Calls, scored: Score, read_lines: Lines
) -> None:
    summary = scored(calls(5), tmp_path / "r")
    found = read_lines(tmp_path / "r" / "verdicts.jsonl")
    assert [verdict["call_id"] for verdict in found] == [f"call-{n}" for n in range(1, 6)]
    assert [verdict["outcome"] for verdict in found] == [
        "compliant",
        "compliant",
        "violation",
        "not_applicable",
        "compliant",
    ]
    assert summary.complete
    assert summary.counts.outcomes == {"compliant": 3, "violation": 1, "not_applicable": 1}
    assert summary.counts.violations == {"no_authentication": 1}
    assert (tmp_path / "r" / "failures.jsonl").read_bytes() == b""


def test_provenance_and_manifest_say_what_the_run_was_made_of(
    tmp_path: Path, calls: Calls, scored: Score, read_lines: Lines, engine: FakeEngine
) -> None:
    from hashlib import sha256

    scored(calls(2), tmp_path / "r")
    facts = (tmp_path / "r" / "facts.jsonl").read_bytes().split(b"\n")
    provenance = read_lines(tmp_path / "r" / "verdicts.jsonl")[1]["provenance"]
    assert provenance["facts_sha256"] == sha256(facts[1]).hexdigest()
    assert provenance["model"]["sha256"] == engine.info.sha256
    assert provenance["prompts"] == [{"id": "agent-turn", "version": 1, "sha256": "a" * 64}]
    assert provenance["tokens"] > 0
    assert provenance["seconds"] >= 0
    manifest = json.loads((tmp_path / "r" / "run.json").read_text())
    assert manifest["schema"] == "ausweis/run@2"
    assert manifest["policy"] == provenance["policy"]
    assert manifest["complete"] is True
    assert manifest["finished"] >= manifest["started"]
    assert manifest["counts"]["verdicts"] == 2
    assert manifest["machine"]["cpus"] >= 1


def test_same_input_same_bytes(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(6), tmp_path / "a")
    scored(calls(6), tmp_path / "b")
    assert (tmp_path / "a" / "facts.jsonl").read_bytes() == (tmp_path / "b" / "facts.jsonl").read_bytes()
    assert verdicts(tmp_path / "a") == verdicts(tmp_path / "b")


def test_comparable_leaves_out_the_effort_and_nothing_else() -> None:
    line = '{"a":"ä","provenance":{"seconds":1.5,"x":1,"tokens":7}}'
    assert comparable(line) == '{"a":"ä","provenance":{"x":1}}'
    assert comparable('{"provenance":null}') == '{"provenance":null}'


def test_a_bad_call_never_stops_the_others(
    tmp_path: Path, calls: Calls, new_call: Callable[..., Call], scored: Score, read_lines: Lines
) -> None:
    bad = UnreadableCall("calls/x.json:3", "x", "the call has no turns", "empty")
    second = UnreadableCall("calls/y.json:1", "call-1", "another call with this id was read", "duplicate")
    summary = scored([bad, new_call(1), second, new_call(2, extra="Störgeräusch"), new_call(3)], tmp_path / "r")
    assert read_lines(tmp_path / "r" / "failures.jsonl") == [
        {
            "schema": "ausweis/failure@1",
            "call_id": "x",
            "place": "calls/x.json:3",
            "kind": "empty",
            "message": "the call has no turns",
        },
        {
            "schema": "ausweis/failure@1",
            "call_id": "call-1",
            "place": "calls/y.json:1",
            "kind": "duplicate",
            "message": "another call with this id was read",
        },
        {
            "schema": "ausweis/failure@1",
            "call_id": "call-2",
            "place": None,
            "kind": "engine",
            "message": "no answer for this call",
        },
    ]
    assert [verdict["call_id"] for verdict in read_lines(tmp_path / "r" / "verdicts.jsonl")] == ["call-1", "call-3"]
    assert summary.counts.failures == {"empty": 1, "duplicate": 1, "engine": 1}
    assert summary.complete


def test_a_call_longer_than_the_context_is_a_failure(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score
) -> None:
    engine = FakeEngine([{"answer": "nothing"}], context_tokens=100)
    summary = scored([new_call(1, extra="lang " * 200), new_call(2)], tmp_path / "r", model=engine)
    assert summary.counts.failures == {"context": 1}
    assert summary.counts.verdicts == 1


def test_an_unexpected_error_tells_its_type_and_no_words_of_the_call(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score
) -> None:
    def answer(request: Any) -> str:
        if SECRET in request.messages[-1].content:
            raise KeyError(request.messages[-1].content)
        return "nothing"

    summary = scored([new_call(1, extra=SECRET), new_call(2)], tmp_path / "r", model=FakeEngine(answer))
    written = (tmp_path / "r" / "failures.jsonl").read_text()
    assert json.loads(written)["kind"] == "internal"
    assert json.loads(written)["message"] == "something unforeseen went wrong (KeyError)"
    assert SECRET not in written
    assert summary.counts.verdicts == 1


def test_input_that_breaks_while_it_is_read_is_told_and_the_run_is_not_complete(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score, read_lines: Lines
) -> None:
    def broken() -> Any:
        yield new_call(1)
        raise RecursionError(SECRET)

    summary = scored(broken(), tmp_path / "r")
    assert not summary.complete
    (failure,) = read_lines(tmp_path / "r" / "failures.jsonl")
    assert failure["message"].startswith("something unforeseen went wrong (RecursionError) while calls were read")
    assert SECRET not in json.dumps(failure)


def test_wrong_use_that_shows_while_calls_are_read_is_passed_on(tmp_path: Path, scored: Score) -> None:
    def refusing() -> Any:
        raise InputError("no")
        yield

    with pytest.raises(InputError):
        scored(refusing(), tmp_path / "r")


def test_limit_takes_the_first_calls_of_the_input(tmp_path: Path, calls: Calls, scored: Score) -> None:
    assert not scored(calls(5), tmp_path / "r", limit=2).complete
    assert len(verdicts(tmp_path / "r")) == 2
    again = scored(calls(5), tmp_path / "r", resume=True, limit=3)
    assert (again.progress, again.counts.verdicts) == (Progress(3, 2, 0), 3)
    assert scored(calls(5), tmp_path / "r", resume=True).complete


def test_progress_is_told_after_each_call(tmp_path: Path, new_call: Callable[..., Call], scored: Score) -> None:
    told: list[Progress] = []
    scored([new_call(1), new_call(2, extra="Störgeräusch")], tmp_path / "r", on_progress=told.append)
    assert told == [Progress(1, 0, 0), Progress(2, 0, 1)]


def test_calls_are_taken_one_at_a_time(tmp_path: Path, new_call: Callable[..., Call], scored: Score) -> None:
    given = 0

    def counted() -> Any:
        nonlocal given
        for number in range(1, 4):
            given += 1
            yield new_call(number)

    ahead: list[int] = []
    scored(counted(), tmp_path / "r", on_progress=lambda progress: ahead.append(given - progress.seen))
    assert ahead == [0, 0, 0]


def test_facts_of_another_call_are_no_facts_of_this_one(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from ausweis.facts import Facts
    from ausweis.reading.reader import Reading

    small = sys.modules["small_reader"]
    monkeypatch.setattr(small.SmallReader, "read", lambda self, call: Reading(Facts(call_id="other", turns=1), 0))
    engine = FakeEngine({"agent-turn": "nothing"})
    from ausweis.batch import RunFolder, Scorer, local_runner, score
    from ausweis.policies import find_policy

    with RunFolder.open(tmp_path / "r") as run:
        scorer = Scorer(small.SmallReader(engine), engine, find_policy("telecom-de"))
        summary = score([new_call(1)], local_runner(scorer), scorer.origin, run)
    assert summary.counts.failures == {"internal": 1}
    assert (tmp_path / "r" / "facts.jsonl").read_bytes() == b""


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, calls: Calls, scored: Score) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="cannot be written"):
        scored(calls(1), tmp_path / "file" / "r")


def test_an_engine_that_waits_for_a_server_gets_several_calls_at_once(
    tmp_path: Path, calls: Calls, scored: Score, read_lines: Lines
) -> None:
    """Four calls meet inside the engine: one at a time they would wait there for ever."""
    import threading

    class Waiting(FakeEngine):
        calls_at_once = 4

    together = threading.Barrier(4, timeout=30)

    def answer(request: Any) -> str:
        if request.messages[-1].content.startswith("Guten Tag"):
            together.wait()
        return "nothing"

    summary = scored(calls(8), tmp_path / "r", model=Waiting(answer))
    assert (summary.complete, summary.progress) == (True, Progress(8, 0, 0))
    found = read_lines(tmp_path / "r" / "verdicts.jsonl")
    assert sorted(verdict["call_id"] for verdict in found) == [f"call-{n}" for n in range(1, 9)]


def test_an_engine_that_is_gone_stops_the_run_and_nothing_is_lost(tmp_path: Path, calls: Calls, scored: Score) -> None:
    from ausweis.errors import ModelError

    def answer(request: Any) -> str:
        if len(gone.requests) > 8:
            raise ModelError("the server is gone")
        return "nothing"

    gone = FakeEngine(answer)
    with pytest.raises(ModelError):
        scored(calls(5), tmp_path / "r", model=gone)
    assert len(verdicts(tmp_path / "r")) == 2
    assert (tmp_path / "r" / "failures.jsonl").read_bytes() == b""
    assert scored(calls(5), tmp_path / "r", resume=True, model=FakeEngine([{"answer": "nothing"}])).complete


def test_a_sink_has_the_text_of_each_call_that_was_read(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score
) -> None:
    """Of failed calls too, and of those that were settled before: so deletion finds what they left behind."""

    class Texts:
        def __init__(self) -> None:
            self.judged: list[str] = []
            self.texts: list[str] = []

        def add(self, call: Call, facts: Facts, verdict: Verdict) -> None:
            self.judged.append(call.id)

        def add_text(self, call: Call) -> None:
            self.texts.append(call.id)

        def flush(self) -> None:
            pass

    calls = [new_call(1), new_call(2, extra="Störgeräusch"), new_call(3)]
    first, again = Texts(), Texts()
    scored(calls, tmp_path / "r", also=lambda run: first)
    scored([*calls, new_call(4)], tmp_path / "r", resume=True, also=lambda run: again)
    assert (first.judged, first.texts) == (["call-1", "call-3"], ["call-2"])
    assert (again.judged, again.texts) == (["call-4"], ["call-1", "call-2", "call-3"])


class Gone(Scorer):
    """Thirty calls at once, and for one of them the server is gone."""

    def __init__(self) -> None:
        self.calls_at_once = 30

    def score(self, task: Task) -> Scored:
        if task.call.id == "call-7":
            raise ModelError("the server is gone")
        return Scored(task.call.id)


def test_what_was_read_beside_a_call_that_ends_the_run_is_given(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_at_once(futures: Any, **_: Any) -> Any:
        return wait(futures)

    monkeypatch.setattr(scoring, "wait", all_at_once)
    given: list[str] = []
    with pytest.raises(ModelError, match="the server is gone"):
        given += (row.call_id for row in local_runner(Gone())(map(Task, calls(30))))
    assert len(given) == 29
