"""Workers that die or fail, and what each of them is given, without Ray."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ausweis.batch.config import ScorerConfig
from ausweis.batch.ray_runner import gpu_share, threads_for
from ausweis.batch.ray_worker import ATTEMPTS, Attempts, Worker, packed, unpacked
from ausweis.calls import Call
from ausweis.engines.fake import FakeEngine
from ausweis.errors import ModelError
from ausweis.policies import find_policy

NewCall = Callable[..., Call]


class Near:
    """An actor in this process."""

    def __init__(self) -> None:
        attempts = Attempts()
        self.opens = SimpleNamespace(remote=attempts.opens)
        self.begins = SimpleNamespace(remote=attempts.begins)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScorerConfig:
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(get=lambda value: value))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answers.yaml").write_text("answers: [{template: call-start, answer: beginning}, {answer: nothing}]")
    return ScorerConfig(find_policy("telecom-de"), engine="fake:answers.yaml")


def worker(config: ScorerConfig, attempts: Any, *, origin: ScorerConfig | None = None, openings: int = 99) -> Worker:
    with (origin or config).open() as scorer:
        return Worker(config, scorer.origin, attempts, openings, Path("/no such folder"))


def test_a_call_that_workers_die_over_is_given_up(config: ScorerConfig, new_call: NewCall) -> None:
    attempts = Near()
    row = packed(7, new_call(1))
    for _ in range(ATTEMPTS):
        assert unpacked(worker(config, attempts)(row)).verdict is not None
    failure = unpacked(worker(config, attempts)(row)).failure
    assert failure is not None
    assert (failure.call_id, failure.kind) == ("call-1", "engine")
    assert "3 workers ended while they read the call" in failure.message
    assert unpacked(worker(config, attempts)(packed(8, new_call(2)))).verdict is not None


def test_workers_that_die_while_they_open_end_the_run(config: ScorerConfig, new_call: NewCall) -> None:
    attempts = Near()
    found = [worker(config, attempts, openings=2) for _ in range(3)]
    row = packed(0, new_call(1))
    with pytest.raises(ModelError, match="workers end while they load the model"):
        unpacked(found[2](row))
    assert unpacked(found[0](row)).verdict is not None
    assert attempts.opens.remote() == 1


def test_a_worker_with_another_model_ends_the_run(config: ScorerConfig, new_call: NewCall, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("answers: [{answer: nothing}]")
    other = ScorerConfig(config.policy, engine="fake:other.yaml")
    with pytest.raises(ModelError, match="another model or engine than the first one"):
        unpacked(worker(config, Near(), origin=other)(packed(0, new_call(1))))


def test_an_unforeseen_error_fails_its_call_alone_and_tells_no_words_of_it(config: ScorerConfig) -> None:
    row = {"number": 0, "call_id": "x", "call": b'["Zwetschgendatschi", null]'}
    failure = unpacked(worker(config, Near())(row)).failure
    assert failure is not None
    assert (failure.call_id, failure.kind) == ("x", "internal")
    assert failure.message == "something unforeseen went wrong (ValidationError)"


def test_a_worker_that_cannot_ask_for_its_attempts_ends_the_run(config: ScorerConfig, new_call: NewCall) -> None:
    def gone(*_: object) -> None:
        raise OSError("Zwetschgendatschi")

    attempts = Near()
    found = worker(config, attempts)
    attempts.begins = SimpleNamespace(remote=gone)
    with pytest.raises(ModelError, match=r"cannot go on \(OSError\)"):
        unpacked(found(packed(0, new_call(1))))


def test_a_server_that_is_gone_is_told(
    config: ScorerConfig, new_call: NewCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(engine: FakeEngine, requests: Any) -> None:
        raise ModelError("the server is gone", place="http://x")

    found = worker(config, Near())
    monkeypatch.setattr(FakeEngine, "complete", gone)
    with pytest.raises(ModelError, match="http://x: the server is gone"):
        unpacked(found(packed(0, new_call(1))))


@pytest.mark.parametrize(
    ("processors", "workers", "threads"),
    [([2], 2, 1), ([8], 2, 4), ([8], 3, 2), ([8, 4], 3, 4), ([2], 5, 1), ([], 1, 1), ([64, 64], 16, 8)],
)
def test_threads_of_a_worker(processors: list[int], workers: int, threads: int) -> None:
    assert threads_for(processors, workers) == threads


@pytest.mark.parametrize(("gpus", "workers", "share"), [(0, 4, 0), (4, 4, 1), (4, 1, 1), (2, 3, 0.5), (1, 4, 0.25)])
def test_gpu_of_a_worker(gpus: int, workers: int, share: float) -> None:
    assert gpu_share(gpus, workers) == share
