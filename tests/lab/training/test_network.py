"""The networks of a probe score while they learn as they do when they are shipped."""

import numpy as np
import pytest
import torch
from evals.lab.training.network import Batch, network_scores
from tests.probes import by_chance

from ausweis.engines.heads import LineFeatures

pytestmark = pytest.mark.training


def test_scores_are_those_of_the_probe() -> None:
    chance = np.random.default_rng(5)
    probe = by_chance(("one", "two", "three"), (1, 2), 7)
    lines = [
        LineFeatures(chance.normal(size=(size, 14)).astype(np.float32), chance.normal(size=28).astype(np.float32))
        for size in (1, 5, 3)
    ]
    part = probe.parts
    tokens = np.concatenate([line.tokens for line in lines]) @ part["token_basis"] + part["token_shift"]
    whole = np.stack([line.line for line in lines]) @ part["line_basis"] + part["line_shift"]
    owner = torch.tensor(np.repeat(np.arange(3), [len(line.tokens) for line in lines]))
    nothing = torch.zeros(0)
    batch = Batch(torch.tensor(tokens), owner, torch.tensor(whole), nothing, nothing)
    networks = [{name: torch.tensor(value[number]) for name, value in part.items()} for number in range(2)]
    found = np.mean([network_scores(network, batch).numpy() for network in networks], axis=0)
    assert found == pytest.approx(np.array([probe.scores(line) for line in lines]), abs=1e-4, rel=1e-4)
