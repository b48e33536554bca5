"""Calls of a run come into the store as they are judged, a batch at a time."""

from pathlib import Path

import pytest
from tests.store.runs import make_call, make_run, read_facts

from ausweis.judging.verdict import Verdict
from ausweis.store import Store, sink
from ausweis.store.settled import Settled, settled_in


def verdicts(folder: Path) -> list[Verdict]:
    return [settled.verdict for settled in settled_in(folder)]


def test_calls_are_written_some_at_a_time_and_the_folder_finds_them_as_they_are(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "_AT_ONCE", 2)
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
    monkeypatch.setattr(sink, "_SECONDS", 0.0)
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
        door.add_settled(calls[0])
        door.add_settled(make_call(7))
    assert len(store.chain()) == entries + 1
    assert [store.record(store.find(call.id) or 0).call is not None for call in calls] == [True, False]


def test_what_goes_by_is_what_the_folder_has(tmp_path: Path) -> None:
    call = make_call(1)
    folder = make_run(tmp_path / "run", [call])
    assert [Settled.of(read_facts(call), verdicts(folder)[0])] == list(settled_in(folder))
