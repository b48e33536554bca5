"""The way from labelled calls to files; the model is one by chance, read letter by letter."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.evals.cases import labelled
from tests.probes import by_chance
from tests.training.small import PLAN, TEMPLATE, LetterEngine, calls, model

from ausweis.engines.learned_index import LearnedIndex
from ausweis.engines.llama.adapter import adapter_for
from ausweis.engines.probe import Probe
from ausweis.engines.weights import LocalModel
from ausweis.errors import InputError
from ausweis.training import adapter_run
from ausweis.training.adapter_run import AdapterOptions, train_adapter
from ausweis.training.options import GoingOn, Options

pytestmark = pytest.mark.training


@contextmanager
def steps(total: int) -> Iterator[Callable[[int, float], None]]:
    yield lambda done, loss: None


@pytest.fixture(autouse=True)
def _small_model(monkeypatch: pytest.MonkeyPatch) -> None:
    class Engine(LetterEngine):
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


def test_of_calls_that_are_cut_there_are_no_verdicts(tmp_path: Path) -> None:
    told: list[str] = []
    given = options(tmp_path, told, out=tmp_path / "learned")
    train_adapter(given, AdapterOptions(replace(PLAN, tokens=40), steps))
    assert "4 calls are longer than --tokens: no verdicts on them" in "\n".join(told)


def test_what_is_learned_is_kept_where_the_reader_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("AUSWEIS_LEARNED", str(tmp_path / "own"))
    given = options(tmp_path, [], version=3)
    adapter, path = train_adapter(given, AdapterOptions(PLAN, steps))
    assert adapter.path.parent == path.parent == tmp_path / "own"
    assert adapter_for(TEMPLATE.provenance, "1" * 64) == adapter
    assert adapter_for(TEMPLATE.provenance, "2" * 64) is None
    with pytest.raises(InputError, match="has a version 3 of this adapter already"):
        train_adapter(given, AdapterOptions(PLAN, steps))


def start_of(folder: Path, **more: Any) -> GoingOn:
    """A probe to go on from, and calls of another writing pass that it knows."""
    about = {"template_sha256": TEMPLATE.sha256, "dialogue": (0.1,) * 14, **more}
    probe = replace(by_chance(("asks pin", "gives pin"), (2, 3, 4), 16, "1" * 64), **about)
    probe.save(folder / "start.safetensors")
    known = [labelled(f"k{number}", "A: Ihre PIN? << asks pin", writing_pass=str(number)) for number in range(2, 5)]
    (folder / "known.jsonl").write_text("\n".join(call.line() for call in known), encoding="utf-8")
    return GoingOn(folder / "start.safetensors", (folder / "known.jsonl",), share=0.25)


def test_it_goes_on_from_a_probe_a_part_of_the_way(tmp_path: Path) -> None:
    told: list[str] = []
    given = options(tmp_path, told, out=tmp_path / "learned")
    going_on = start_of(tmp_path)
    _, path = train_adapter(given, AdapterOptions(PLAN, steps), going_on)
    probe, start = Probe.load(path), Probe.load(going_on.probe)
    # Of those that are rehearsed, the one of a pass that is left out is not learned.
    assert "14 calls to learn from, 4 are left out" in "\n".join(told)
    assert probe.labels[:2] == start.labels
    assert "asks" in probe.labels
    assert (probe.parts["token_basis"] == start.parts["token_basis"]).all()
    near, far = (np.abs(probe.parts["query"][:1] - part).max() for part in (start.parts["query"][:1], 0.0))
    assert 0 < near < far
    (part, *_) = LearnedIndex.read(tmp_path / "learned").parts
    assert part.notes.endswith("known.jsonl, going on from start.safetensors, share 0.25")


@pytest.mark.parametrize("more", [{"model_sha256": "2" * 64}, {"template_sha256": "2" * 64}, {"adapter_sha256": "2"}])
def test_a_probe_of_another_is_no_start(tmp_path: Path, more: dict[str, str]) -> None:
    with pytest.raises(InputError, match="probe to go on from is not for transcript@1 and small"):
        train_adapter(options(tmp_path, []), AdapterOptions(PLAN, steps), start_of(tmp_path, **more))


def test_more_layers_than_there_are_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--layers is 4 at most"):
        train_adapter(options(tmp_path, []), AdapterOptions(replace(PLAN, layers=5), steps))


def test_another_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no adapter is learned for incidents@1"):
        train_adapter(options(tmp_path, [], template="incidents"), AdapterOptions(PLAN, steps))
    assert not (tmp_path / "work").exists()
    assert torch.is_grad_enabled()
