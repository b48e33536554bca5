import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest
from tests.batch.conftest import Calls, Score
from tests.stored import content, failures, judged, verdicts

from ausweis.batch import Progress, Scorer, scoring
from ausweis.batch.scoring import Scored, local_runner
from ausweis.calls import Call, UnreadableCall
from ausweis.engines.fake import FakeEngine
from ausweis.errors import InputError, ModelError, StoreError
from ausweis.facts import Facts, facts_sha256
from ausweis.judging.verdict import Verdict
from ausweis.reading.questions import Reading
from ausweis.store import CallFilter, Store, database

SECRET = "Zwetschgendatschi 4711"


def test_one_verdict_a_call_in_the_order_of_the_input(tmp_path: Path, calls: Calls, scored: Score) -> None:
    told: list[Verdict] = []
    summary = scored(calls(5), tmp_path / "s", on_verdict=told.append)
    found = [one.verdict for one in judged(tmp_path / "s")]
    assert found == told
    assert [verdict.call_id for verdict in found] == [f"call-{n}" for n in range(1, 6)]
    assert [verdict.outcome for verdict in found] == [
        "compliant",
        "compliant",
        "violation",
        "not_applicable",
        "compliant",
    ]
    assert summary.complete
    assert summary.tally.counts.outcomes == {"compliant": 3, "violation": 1, "not_applicable": 1}
    assert summary.tally.counts.violations == {"no_authentication": 1}
    assert failures(tmp_path / "s") == []


def test_provenance_says_what_the_verdicts_were_made_of(
    tmp_path: Path, calls: Calls, scored: Score, engine: FakeEngine
) -> None:
    scored(calls(2), tmp_path / "s")
    with Store.open(tmp_path / "s") as store:
        ((_, _), (run, one)) = store.judged(store.keys(CallFilter()))
    provenance = one.verdict.provenance
    assert provenance is not None
    assert provenance.facts_sha256 == facts_sha256(one.facts)
    assert provenance.model is not None
    assert (provenance.model.sha256, run.model.sha256) == (engine.info.sha256,) * 2
    assert [(prompt.id, prompt.version) for prompt in provenance.prompts] == [("agent-turn", 1)]
    assert (provenance.tokens or 0) > 0
    assert provenance.seconds is not None
    assert provenance.seconds >= 0
    assert (run.policy, run.strategy) == (provenance.policy, "turnwise")


def test_the_same_input_gives_the_same(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(6), tmp_path / "a")
    scored(calls(6), tmp_path / "b")
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_a_bad_call_never_stops_the_others(
    tmp_path: Path, calls: Calls, new_call: Callable[..., Call], scored: Score
) -> None:
    bad = UnreadableCall("calls/x.json:3", "x", "the call has no turns", "empty")
    second = UnreadableCall("calls/y.json:1", "call-1", "another call with this id was read", "duplicate")
    summary = scored([bad, new_call(1), second, new_call(2, extra="Störgeräusch"), new_call(3)], tmp_path / "s")
    found = [
        {"call_id": "x", "place": "calls/x.json:3", "kind": "empty", "message": "the call has no turns"},
        {
            "call_id": "call-1",
            "place": "calls/y.json:1",
            "kind": "duplicate",
            "message": "another call with this id was read",
        },
        {"call_id": "call-2", "place": None, "kind": "engine", "message": "no answer for this call"},
    ]
    assert failures(tmp_path / "s") == found
    told = [one.model_dump(include={"call_id", "place", "kind", "message"}) for one in summary.tally.failures]
    assert told == found
    assert [one.verdict.call_id for one in judged(tmp_path / "s")] == ["call-1", "call-3"]
    assert summary.tally.counts.failures == {"empty": 1, "duplicate": 1, "engine": 1}
    assert summary.complete


def test_the_text_of_a_call_that_failed_is_kept_so_that_deletion_finds_what_it_left(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score
) -> None:
    scored([new_call(1, extra="Störgeräusch")], tmp_path / "s")
    assert (judged(tmp_path / "s"), "Störgeräusch" in content(tmp_path / "s")["texts"][0]) == ([], True)


def test_a_call_longer_than_the_context_is_a_failure(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score
) -> None:
    engine = FakeEngine([{"answer": "nothing"}], context_tokens=100)
    summary = scored([new_call(1, extra="lang " * 200), new_call(2)], tmp_path / "s", model=engine)
    assert summary.tally.counts.failures == {"context": 1}
    assert summary.tally.counts.verdicts == 1


def test_an_unexpected_error_tells_its_type_and_no_words_of_the_call(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score
) -> None:
    def answer(request: Any) -> str:
        if SECRET in request.messages[-1].content:
            raise KeyError(request.messages[-1].content)
        return "nothing"

    summary = scored([new_call(1, extra=SECRET), new_call(2)], tmp_path / "s", model=FakeEngine(answer))
    (failure,) = failures(tmp_path / "s")
    assert failure["kind"] == "internal"
    assert failure["message"] == "something unforeseen went wrong (KeyError)"
    assert summary.tally.counts.verdicts == 1


def test_input_that_breaks_while_it_is_read_is_told_and_the_run_is_not_complete(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score
) -> None:
    def broken() -> Any:
        yield new_call(1)
        raise RecursionError(SECRET)

    summary = scored(broken(), tmp_path / "s")
    assert not summary.complete
    (failure,) = failures(tmp_path / "s")
    assert failure["message"].startswith("something unforeseen went wrong (RecursionError) while calls were read")
    assert SECRET not in json.dumps(failure)


def test_wrong_use_that_shows_while_calls_are_read_is_passed_on(tmp_path: Path, scored: Score) -> None:
    def refusing() -> Any:
        raise InputError("no")
        yield

    with pytest.raises(InputError):
        scored(refusing(), tmp_path / "s")


def test_calls_that_have_a_verdict_are_told_and_not_read_again(tmp_path: Path, calls: Calls, scored: Score) -> None:
    assert scored(calls(2), tmp_path / "s").complete
    again = scored(calls(3), tmp_path / "s")
    assert (again.progress, again.tally.counts.verdicts) == (Progress(3, 2, 0), 3)


def test_progress_is_told_after_each_call(tmp_path: Path, new_call: Callable[..., Call], scored: Score) -> None:
    told: list[Progress] = []
    scored([new_call(1), new_call(2, extra="Störgeräusch")], tmp_path / "s", on_progress=told.append)
    assert told == [Progress(1, 0, 0), Progress(2, 0, 1)]


def test_calls_are_taken_one_at_a_time(tmp_path: Path, new_call: Callable[..., Call], scored: Score) -> None:
    given = 0

    def counted() -> Any:
        nonlocal given
        for number in range(1, 4):
            given += 1
            yield new_call(number)

    ahead: list[int] = []
    scored(counted(), tmp_path / "s", on_progress=lambda progress: ahead.append(given - progress.seen))
    assert ahead == [0, 0, 0]


def test_facts_of_another_call_are_no_facts_of_this_one(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = sys.modules["small_reader"]
    monkeypatch.setattr(small.SmallReader, "read", lambda self, call: Reading(Facts(call_id="other", turns=1), 0))
    assert scored([new_call(1)], tmp_path / "s").tally.counts.failures == {"internal": 1}
    assert judged(tmp_path / "s") == []


def test_a_store_that_is_full_stops_the_run_and_keeps_what_was_written(
    tmp_path: Path, calls: Calls, scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Those of an empty store, and of some calls.
    monkeypatch.setattr(database, "_SETTINGS", (*database._SETTINGS, "PRAGMA max_page_count = 52"))
    with pytest.raises(StoreError, match="full; make room on the disk, and try again"):
        scored(calls(60), tmp_path / "s")
    monkeypatch.undo()
    kept = verdicts(tmp_path / "s")
    assert 0 < len(kept) < 60
    summary = scored(calls(60), tmp_path / "s")
    assert (summary.complete, summary.progress) == (True, Progress(60, len(kept), 0))
    scored(calls(60), tmp_path / "whole")
    assert content(tmp_path / "s") == content(tmp_path / "whole")


def test_an_engine_that_waits_for_a_server_gets_several_calls_at_once(
    tmp_path: Path, calls: Calls, scored: Score
) -> None:
    """Four calls meet inside the engine: one at a time they would wait there for ever."""

    class Waiting(FakeEngine):
        calls_at_once = 4

    together = threading.Barrier(4, timeout=30)

    def answer(request: Any) -> str:
        if request.messages[-1].content.startswith("Guten Tag"):
            together.wait()
        return "nothing"

    summary = scored(calls(8), tmp_path / "s", model=Waiting(answer))
    assert (summary.complete, summary.progress) == (True, Progress(8, 0, 0))
    assert sorted(one.verdict.call_id for one in judged(tmp_path / "s")) == [f"call-{n}" for n in range(1, 9)]


def test_an_engine_that_is_gone_stops_the_run_and_nothing_is_lost(tmp_path: Path, calls: Calls, scored: Score) -> None:
    def answer(request: Any) -> str:
        if len(gone.requests) > 8:
            raise ModelError("the server is gone")
        return "nothing"

    gone = FakeEngine(answer)
    with pytest.raises(ModelError):
        scored(calls(5), tmp_path / "s", model=gone)
    assert (len(verdicts(tmp_path / "s")), failures(tmp_path / "s")) == (2, [])
    again = scored(calls(5), tmp_path / "s", model=FakeEngine(lambda _: "nothing"))
    assert (again.complete, again.progress) == (True, Progress(5, 2, 0))


class Gone(Scorer):
    """Thirty calls at once, and for one of them the server is gone."""

    def __init__(self) -> None:
        self.calls_at_once = 30

    def score(self, call: Call) -> Scored:
        if call.id == "call-7":
            raise ModelError("the server is gone")
        return Scored(call.id)


def test_what_was_read_beside_a_call_that_ends_the_run_is_given(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_at_once(futures: Any, **_: Any) -> Any:
        return wait(futures)

    monkeypatch.setattr(scoring, "wait", all_at_once)
    given: list[str] = []
    with pytest.raises(ModelError, match="the server is gone"):
        given += (row.call_id for row in local_runner(Gone())(calls(30)))
    assert len(given) == 29
