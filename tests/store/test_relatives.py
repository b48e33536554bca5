"""Runs that were judged from a call's run lose the call too, whichever of them the store knows, wherever they are."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from tests.store.runs import make_call, make_run

from ausweis.batch import RunFolder, rejudge, rejudging
from ausweis.errors import RunError, StoreError
from ausweis.policies import find_policy
from ausweis.store import Deleted, Store

WORDS = "000000001"
"""Of a quote in the facts and verdicts of call-1 alone."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "s.sqlite") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _each_begins_at_another_second(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count()
    monkeypatch.setattr(rejudging, "now", lambda: f"2026-03-05T00:00:{next(seconds):02}Z")


def judge(source: Path, target: Path) -> Path:
    with RunFolder.open(target) as run:
        rejudge(source, find_policy("energy-de"), run)
    return target


def holding(folder: Path) -> list[str]:
    """The folders below one in which something of call-1 is."""
    files = [path for path in folder.rglob("*.jsonl") if WORDS in path.read_text("utf-8")]
    return sorted({str(path.parent.relative_to(folder)) for path in files})


@pytest.mark.parametrize("known", ["run", "judged", "again"])
def test_every_run_of_the_family_loses_the_call(store: Store, tmp_path: Path, known: str) -> None:
    run = make_run(tmp_path / "run", [make_call(1), make_call(2)])
    judge(judge(run, tmp_path / "judged"), tmp_path / "again")
    judge(run, tmp_path / "beside")
    store.import_run(tmp_path / known)
    assert holding(tmp_path) == ["again", "beside", "judged", "run"]
    assert store.delete("call-1").missing == ()
    assert holding(tmp_path) == []
    assert len((tmp_path / "again" / "verdicts.jsonl").read_text("utf-8").splitlines()) == 1
    store.verify_chain()


def test_one_that_was_moved_is_asked_for_until_it_is_found(store: Store, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [make_call(1), make_call(2)])
    judged = judge(run, tmp_path / "judged")
    store.import_run(run)
    judged.rename(tmp_path / "moved")
    for _ in range(2):
        assert store.delete("call-1").missing == (str(judged),)
    assert holding(tmp_path) == ["moved"]
    assert store.delete("call-1", roots=[tmp_path / "moved"]).missing == ()
    assert holding(tmp_path) == []
    with pytest.raises(StoreError, match="no call with this id"):
        store.delete("call-1")


def test_those_that_were_moved_together_are_found(store: Store, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    judge(make_run(tmp_path / "runs" / "run", [make_call(1)]), tmp_path / "runs" / "judged")
    (tmp_path / "runs").rename(tmp_path / "archive")
    store.import_run(tmp_path / "archive" / "run")
    assert store.delete("call-1").missing == ()
    assert holding(tmp_path) == []


def test_what_came_of_a_run_that_is_found_again_is_asked_for_in_its_turn(store: Store, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [make_call(1)])
    judged = judge(run, tmp_path / "judged")
    store.import_run(run)
    run.rename(tmp_path / "moved")
    judged.rename(tmp_path / "moved too")
    assert store.delete("call-1").missing == (str(run),)
    for _ in range(2):
        assert store.delete("call-1", roots=[tmp_path / "moved"]).missing == (str(judged),)
    assert store.delete("call-1", roots=[tmp_path / "moved", tmp_path / "moved too"]).missing == ()
    assert holding(tmp_path) == []


def test_one_that_is_no_more_is_forgotten_when_that_is_said(store: Store, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [make_call(1), make_call(2), make_call(3)])
    judged = judge(run, tmp_path / "judged")
    judge(run, tmp_path / "beside")
    store.import_run(run)
    judged.rename(tmp_path / "away")
    assert store.delete("call-1").missing == (str(judged),)
    assert store.delete("call-1", gone=[judged]).missing == ()
    assert store.delete("call-2") == Deleted(1, store_places(tmp_path))


def store_places(folder: Path) -> tuple[str, ...]:
    names = ("facts.jsonl", "run.json", "verdicts.jsonl")
    return ("store", *(str(folder / run / name) for run in ("beside", "run") for name in names))


def test_a_call_that_only_runs_have_is_followed_too(store: Store, tmp_path: Path) -> None:
    judged = judge(make_run(tmp_path / "run", [make_call(1)]), tmp_path / "judged")
    judged.rename(tmp_path / "moved")
    assert store.delete("call-1", roots=[tmp_path / "run"]).missing == (str(judged),)
    assert store.delete("call-1", roots=[tmp_path / "moved"]).missing == ()
    assert holding(tmp_path) == []


def test_calls_of_other_runs_wait_for_none_of_them(store: Store, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [make_call(1)])
    judge(run, tmp_path / "judged").rename(tmp_path / "moved")
    store.import_run(run)
    store.import_run(make_run(tmp_path / "other", [make_call(2)]))
    assert store.delete("call-2").missing == ()


def test_a_run_that_takes_no_note_is_not_judged(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [make_call(1)])
    (run / "related.jsonl").mkdir()
    with pytest.raises(RunError, match=r"related\.jsonl: deletion would not find .*allow it to be written"):
        judge(run, tmp_path / "judged")
    assert not (tmp_path / "judged").exists()


@pytest.mark.parametrize("line", ["{", "[]", '{"folder": 7, "beside": "x", "started": ""}', "[" * 100_000])
def test_a_damaged_note_is_told_before_anything_goes(store: Store, tmp_path: Path, line: str) -> None:
    run = make_run(tmp_path / "run", [make_call(1)])
    store.import_run(run)
    (run / "related.jsonl").write_text(f"{line}\n")
    with pytest.raises(RunError, match=r"related\.jsonl:1: the line tells of no run; delete it"):
        store.delete("call-1")
    assert store.find("call-1") is not None
