"""Calls of a run come into the store as they are judged, a batch at a time."""

from pathlib import Path

import pytest
from tests.store.runs import make_call, make_run, read_facts

from ausweis.judging.verdict import Verdict
from ausweis.store import Store, importing
from ausweis.store.importing import scored_in
from ausweis.store.verdict_rows import ScoredCall


def verdicts(folder: Path) -> list[Verdict]:
    return [scored.verdict for scored in scored_in(folder)]


def test_calls_are_written_some_at_a_time_and_the_folder_finds_them_as_they_are(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_AT_ONCE", 2)
    calls = [make_call(number) for number in (1, 2, 3)]
    folder = make_run(tmp_path / "run", calls)
    door = store.sink(folder)
    counts = []
    for call, verdict in zip(calls, verdicts(folder), strict=True):
        door.add(call, read_facts(call), verdict)
        counts.append(store.count())
    door.flush()
    assert (counts, store.count(), door.done.new) == ([0, 2, 2], 3, 3)
    assert all(store.record(row.key).call is not None for row in store.calls())
    # One entry a batch, besides that of the run.
    assert len(store.chain()) == 3
    done = store.import_run(folder)
    assert (done.new, done.same, done.replaced, len(store.chain())) == (0, 3, 0, 3)
    assert store.verify_chain() == 3


def test_calls_are_written_after_a_while(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_SECONDS", 0.0)
    call = make_call(1)
    folder = make_run(tmp_path / "run", [call])
    store.sink(folder).add(call, read_facts(call), verdicts(folder)[0])
    assert store.count() == 1


def test_the_text_of_a_call_that_was_settled_before_comes_as_it_goes_by(store: Store, tmp_path: Path) -> None:
    calls = [make_call(1), make_call(2)]
    door = store.sink(make_run(tmp_path / "run", calls))
    door.take_up()
    door.find_texts()
    assert door.done.without_text == 2
    entries = len(store.chain())
    for _ in range(2):
        door.add_text(calls[0])
        door.flush()
    assert len(store.chain()) == entries + 1
    assert [store.record(store.find(call.id) or 0).call is not None for call in calls] == [True, False]


def test_another_text_than_the_one_that_was_decided_about_opens_the_call_even_after_a_kill(
    store: Store, tmp_path: Path
) -> None:
    before, after = make_call(1), make_call(1, words="ganz anders, ")
    first = make_run(tmp_path / "first", [before])
    door = store.sink(first)
    door.add(before, read_facts(before), verdicts(first)[0])
    door.flush()
    key = store.find(before.id) or 0
    store.decide(key, reviewer="Anna", choice="confirm", verdict_key=store.record(key).verdict_key)
    # The run of the other text was killed before its calls stood in the store, and goes on.
    resumed = store.sink(make_run(tmp_path / "second", [after], started="2026-03-03T20:00:00Z"))
    resumed.take_up()
    resumed.find_texts()
    resumed.add_text(after)
    resumed.flush()
    record = store.record(key)
    assert record.call is not None
    assert (record.call.turns, record.row.state, resumed.done.displaced) == (after.turns, "open", 1)


def test_what_a_fault_kept_out_waits(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = make_call(1)
    folder = make_run(tmp_path / "run", [call])
    door = store.sink(folder)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(importing, "add_texts", stopped)
        door.add(call, read_facts(call), verdicts(folder)[0])
        with pytest.raises(KeyboardInterrupt):
            door.flush()
    assert store.count() == 0
    door.flush()
    assert store.count() == 1


def test_what_goes_by_is_what_the_folder_has(tmp_path: Path) -> None:
    call = make_call(1)
    folder = make_run(tmp_path / "run", [call])
    assert [ScoredCall.of(read_facts(call), verdicts(folder)[0])] == list(scored_in(folder))
