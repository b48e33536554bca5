from pathlib import Path

import numpy as np
import pytest

from ausweis.engines.readout import Readout
from ausweis.errors import PromptError


def readout() -> Readout:
    return Readout(
        labels=("asks", "asks pin"),
        tokens=np.array([1, 4, 6], dtype=np.int32),
        weights=np.array([[1, 0, -1], [0, 2, 0]], dtype=np.float32),
        bias=np.array([0.5, -0.5], dtype=np.float32),
        template="agent-turn@1",
        template_sha256="a" * 64,
        model_sha256="b" * 64,
        notes="{}",
    )


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "1.tiny.safetensors"
    readout().save(path)
    loaded = Readout.load(path)
    assert (loaded.labels, loaded.template, loaded.model_sha256) == (("asks", "asks pin"), "agent-turn@1", "b" * 64)
    logits = np.arange(8, dtype=np.float32)
    assert loaded.probabilities(logits) == readout().probabilities(logits)
    readout().save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_probabilities_ignore_what_all_logits_have_in_common() -> None:
    logits = np.array([0, 3, 0, 0, 1, 0, -2, 0], dtype=np.float32)
    assert readout().probabilities(logits) == pytest.approx(readout().probabilities(logits + 7), abs=1e-5)
    x = np.array([3, 1, -2]) - 2 / 3
    scores = np.array([x[0] - x[2] + 0.5, 2 * x[1] - 0.5])
    assert readout().probabilities(logits) == pytest.approx(tuple(1 / (1 + np.exp(-scores))), abs=1e-5)


def test_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "1.tiny.safetensors"
    readout().save(path)
    whole = path.read_bytes()
    for broken in (b"", whole[:40], whole[:-5], b"x" * 200):
        path.write_bytes(broken)
        with pytest.raises(PromptError, match=r"1\.tiny\.safetensors: is no readout"):
            Readout.load(path)
