from pathlib import Path

import numpy as np
import pytest

from ausweis.engines.readout import Readout, features
from ausweis.errors import PromptError

STATES = np.arange(1, 5, dtype=np.float32).reshape(2, 1, 2)


def readout() -> Readout:
    return Readout(
        labels=("asks", "asks pin"),
        layers=(16,),
        weights=np.array([[1, 0, -1, 0.5], [0, 2, 0, 0]], dtype=np.float32),
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
    assert loaded.layers == (16,)
    assert loaded.probabilities(STATES) == readout().probabilities(STATES)
    readout().save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_probabilities_hang_on_the_direction_of_each_state_alone() -> None:
    x = np.array([1 / 5**0.5, 2 / 5**0.5, 3 / 5, 4 / 5])
    assert features(STATES) == pytest.approx(x, abs=1e-6)
    scores = np.array([x[0] - x[2] + 0.5 * x[3] + 0.5, 2 * x[1] - 0.5])
    assert readout().probabilities(STATES) == pytest.approx(tuple(1 / (1 + np.exp(-scores))), abs=1e-4)
    assert readout().probabilities(STATES * 7) == readout().probabilities(STATES)


def test_some_of_the_labels() -> None:
    (second,) = readout().only(["asks pin"]).probabilities(STATES)
    assert second == readout().probabilities(STATES)[1]


def test_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "1.tiny.safetensors"
    readout().save(path)
    whole = path.read_bytes()
    for broken in (b"", whole[:40], whole[:-5], b"x" * 200):
        path.write_bytes(broken)
        with pytest.raises(PromptError, match=r"1\.tiny\.safetensors: is no readout"):
            Readout.load(path)
