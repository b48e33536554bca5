"""The model in PyTorch computes what llama.cpp computes, with an adapter and without."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.evals.cases import labelled
from tests.probes import by_chance
from tests.training.small import PLAN, computed, model

from ausweis.engines.learned_index import index_to_write
from ausweis.engines.learned_part import Base
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.protocol import Transcript
from ausweis.engines.weights import LocalModel, locate
from ausweis.errors import EngineError, InputError, ModelError
from ausweis.prompts import default_library
from ausweis.reading.asking import transcript_of
from ausweis.reading.chunks import spoken_chunks
from ausweis.training.adapted_model import AdaptedModel, kept_layers, load_adapted
from ausweis.training.adapter import AdapterLearner
from ausweis.training.adapter_calls import KeptCall, adapter_calls
from ausweis.training.adapter_file import write_adapted
from ausweis.training.lines import collect
from ausweis.training.tasks import FACT_TASK

pytestmark = pytest.mark.training
CPU = torch.device("cpu")
LAYERS = (4, 6, 8)
"""Few, so that it takes seconds; a wrong order of rows would show in the first."""


def test_calls_behind_one_prefix_do_not_see_each_other() -> None:
    small, prefix = model(), [1, 2, 3]
    one, other = (computed([*prefix, *call], small.kept)[3:] for call in ([4, 5, 6, 7], [8, 9]))
    with torch.no_grad():
        together = small.states(prefix, [one, other]).numpy()
        alone = torch.cat([small.states(prefix, [call]) for call in (one, other)]).numpy()
    assert together == pytest.approx(alone, abs=1e-5)
    assert (small.first, small.kept) == (2, (1, 2, 3, 4))
    # An adapter that has learned nothing changes nothing.
    assert together == pytest.approx(np.concatenate([one, other])[:, 1:], abs=1e-5)


def test_what_is_kept_are_the_layers_read_and_the_one_below() -> None:
    assert kept_layers((12, 16, 20), 4) == (12, 16, 20)
    assert kept_layers((12, 16, 20), 5) == (12, 15, 16, 20)
    with pytest.raises(InputError, match="--layers is 20 at most"):
        kept_layers((12, 16, 20), 21)


def test_a_file_that_transformers_cannot_read_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"GGUF" + bytes(60))
    with pytest.raises(ModelError, match="transformers cannot read the model"):
        load_adapted(LocalModel(tmp_path / "a.gguf", "a", "1" * 64), (1,), 1, 1, CPU)


@pytest.mark.model
def test_llama_cpp_reads_with_the_adapter_what_was_learned(tmp_path: Path) -> None:
    weights, template = locate("smollm2-135m"), default_library().get(_short(tmp_path))
    given = [
        labelled(str(number), "A: PIN? << asks pin", "C: Eins. << gives pin", "A: Gut.", writing_pass=str(number % 2))
        for number in range(8)
    ]
    adapted = load_adapted(weights, LAYERS, 6, 8, CPU)
    with closing(LlamaEngine(weights, context=512)) as engine:
        kept_calls = list(collect(engine, template, given, adapted.kept, tmp_path / "work"))
        calls = adapter_calls(engine, template, FACT_TASK, kept_calls, 100)
        transcript = transcript_of(template, given[0].call, spoken_chunks(given[0].call))
        plain = _read(engine, transcript)
    kept = calls.learned[0]
    begun = _states(adapted, kept)
    assert np.corrcoef(begun.ravel(), plain.ravel())[0, 1] > 0.995
    learner = AdapterLearner(adapted, calls, replace(PLAN, rounds=6, rate=1e-2, patience=6))
    learner.learn()
    learned = _states(adapted, kept)
    probe = by_chance(("asks", "gives"), LAYERS, begun.shape[2], weights.sha256)
    index, base = index_to_write(tmp_path), Base(id=weights.id, sha256=weights.sha256)
    adapter, _ = write_adapted(index, learner.parts()[0], adapted, probe, template.provenance, base, "by chance")
    with closing(LlamaEngine(weights, context=512, adapter=adapter)) as engine:
        assert engine.info.parameters["adapter"] == adapter.sha256
        found = _read(engine, transcript)
        bound = replace(probe, adapter_sha256=adapter.sha256)
        read = transcript.model_copy(update={"probes": (bound,) * len(transcript.rows)})
        assert len(engine.read(read)) == len(transcript.rows)
        bare = read.model_copy(update={"probes": (probe,) * len(transcript.rows)})
        assert engine.read(bare) != engine.read(read)
        with pytest.raises(EngineError, match="an adapter that is not loaded"):
            engine.read(read.model_copy(update={"probes": (replace(bound, adapter_sha256="2" * 64),) * 3}))
    assert np.corrcoef((found - plain).ravel(), (learned - begun).ravel())[0, 1] > 0.9
    assert _apart(found, learned) < _apart(plain, learned) / 2


def _short(folder: Path) -> Path:
    """The template with few words before the call, which take time."""
    source = default_library().get("transcript").path.read_text(encoding="utf-8")
    head, _, rest = source.partition("=== system ===\n")
    (folder / "transcript").mkdir()
    path = folder / "transcript" / "1.md"
    path.write_text(
        f"{head}=== system ===\nA call.\n\n=== user ==={rest.partition('=== user ===')[2]}", encoding="utf-8"
    )
    return path


def _states(adapted: AdaptedModel, call: KeptCall) -> NDArray[np.float32]:
    with torch.no_grad():
        states: NDArray[np.float32] = adapted.states(call.prefix, [call.states()]).numpy()
    return states


def _read(engine: LlamaEngine, transcript: Transcript) -> NDArray[np.float32]:
    return np.concatenate(list(engine.states(transcript, LAYERS)))


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))
