"""The way from labelled calls to files; the model is one by chance, read letter by letter."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.small import PLAN, LetterEngine, calls, model

from ausweis.engines.probe import Probe
from ausweis.engines.weights import LocalModel
from ausweis.errors import InputError
from ausweis.training import adapter_run
from ausweis.training.adapter_run import AdapterOptions, train_adapter
from ausweis.training.options import Options

pytestmark = pytest.mark.training


@contextmanager
def steps(total: int) -> Iterator[Callable[[int, float], None]]:
    yield lambda done, loss: None


@pytest.fixture(autouse=True)
def _small_model(monkeypatch: pytest.MonkeyPatch) -> None:
    class Engine(LetterEngine):
        layers = 6

        def __init__(self, weights: LocalModel) -> None:
            pass

        def close(self) -> None:
            pass

    monkeypatch.setattr(adapter_run, "LlamaEngine", Engine)
    monkeypatch.setattr(adapter_run, "locate", lambda name: LocalModel(Path(name), "small", "1" * 64))
    monkeypatch.setattr(adapter_run, "layers_of", lambda depth: (2, 3, 4))
    monkeypatch.setattr(adapter_run, "load_adapted", lambda *given: model())


def options(folder: Path, told: list[str], **more: Any) -> Options:
    (folder / "calls.jsonl").write_text("\n".join(call.line() for call in calls(16)), encoding="utf-8")
    about = {"template": "transcript", "model": "small", **more}
    return Options((folder / "calls.jsonl",), work=folder / "work", progress=nullcontext, tell=told.append, **about)


def test_labelled_calls_become_an_adapter_and_its_probe(tmp_path: Path) -> None:
    told: list[str] = []
    given = options(tmp_path, told, out=tmp_path / "learned")
    adapter, path = train_adapter(given, AdapterOptions(PLAN, steps))
    probe = Probe.load(path)
    assert probe.adapter_sha256 == adapter.sha256
    assert (probe.model_sha256, probe.layers) == ("1" * 64, (2, 3, 4))
    assert "asks pin" in probe.labels
    text = "\n".join(told)
    assert "12 calls to learn from, 4 are left out" in text
    assert "round 3: log loss a line of left-out calls" in text
    assert "average precision" in text
    again: list[str] = []
    same, _ = train_adapter(replace(given, tell=again.append), AdapterOptions(PLAN, steps))
    assert "goes on after step" in "\n".join(again)
    assert same.sha256 == adapter.sha256


def test_another_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no adapter is learned for incidents@1"):
        train_adapter(options(tmp_path, [], template="incidents"), AdapterOptions(PLAN, steps))
    assert not (tmp_path / "work").exists()
    assert torch.is_grad_enabled()
