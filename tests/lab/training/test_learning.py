"""What all networks share while they learn."""

import pytest
import torch
from evals.lab.training.learning import chance_of, dropped, largest_by, rate_at, sums_by

pytestmark = pytest.mark.training


def test_the_rate_rises_and_falls() -> None:
    rates = [rate_at(step, 40) for step in range(41)]
    assert rates[:5] == [0, 0.25, 0.5, 0.75, 1]
    assert rates[22] == pytest.approx(0.5)
    assert rates[40] == pytest.approx(0)
    assert rate_at(0, 1) == 0


def test_sums_and_the_largest_of_each_line() -> None:
    owner, values = torch.tensor([0, 2, 2]), torch.tensor([[1.0], [-3.0], [-2.0]])
    assert sums_by(owner, values, 3).tolist() == [[1], [0], [-5]]
    assert largest_by(owner, values, 3).tolist() == [[1], [0], [-2]]


def test_what_is_dropped_keeps_the_mean_and_is_the_same_again() -> None:
    one, other = (dropped(torch.ones(200, 50), 0.3, chance_of(1, torch.device("cpu"))) for _ in range(2))
    assert (one == other).all()
    assert one.mean().item() == pytest.approx(1, abs=0.05)
    assert dropped(one, 0.3, None) is one
