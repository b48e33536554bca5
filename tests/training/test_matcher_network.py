"""The network of a matcher scores while it learns as it does when it is shipped."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.probes import matcher_by_chance
from tests.training.test_matcher import SMALL, made

from ausweis.training.matcher_data import basis_of, described_in, in_basis
from ausweis.training.matcher_network import MatchBatch, learn_network, match_batch, match_scores, scores_of

pytestmark = pytest.mark.training


def test_scores_are_those_of_the_matcher() -> None:
    """With what is learned at full precision; learning keeps tokens at half of it."""
    calls, described = made(24)
    basis = basis_of(calls, described, SMALL.token_dimensions, SMALL.line_dimensions)
    told, asked = [in_basis(one, basis) for one in calls], described_in(basis, described)
    network = learn_network(told, range(12), asked, SMALL, 0)
    parts = {**basis, **{name: part[None] for name, part in network.items()}}
    shipped = replace(matcher_by_chance((10, 20), 6), parts=parts)
    again = np.array([[shipped.score(seen, one.seen) for one in described[:3]] for seen in calls[0].seen])
    assert again == pytest.approx(scores_of(network, told[0], [0, 1, 2], asked), abs=0.05)
    batch = match_batch(told[:1], [0, 1, 2], asked, 0.0, torch.device("cpu"))
    tokens = np.concatenate([line.tokens for line in calls[0].seen]) @ basis["token_basis"] + basis["token_shift"]
    exact: MatchBatch = batch._replace(tokens=torch.tensor(tokens))
    found = match_scores({name: torch.tensor(part) for name, part in network.items()}, exact)
    assert found.numpy() == pytest.approx(again, abs=1e-4, rel=1e-4)
