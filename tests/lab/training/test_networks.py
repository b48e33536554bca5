"""What all networks share while they learn, and how evidence is weighed: by verb, own words apart from known ones."""

import numpy as np
import pytest
import torch
from evals.lab.training.networks import (
    DEVICE,
    UNITS,
    WEIGHERS,
    CallNumbers,
    ProbeNetwork,
    Weighed,
    chance_of,
    dropped,
    largest_by,
    raised_by,
    rate_at,
    sums_by,
)
from evals.lab.training.words import weighing_of
from tests.probes import by_chance

from ausweis.engines.heads import LineFeatures
from ausweis.engines.matcher import MATCHER_PARTS, VERBS, weigh, weighed_place

pytestmark = pytest.mark.training
CHANCE = np.random.default_rng(4)
LINES = 600


def test_the_rate_rises_and_falls() -> None:
    rates = [rate_at(step, 40) for step in range(41)]
    assert rates[:5] == [0, 0.25, 0.5, 0.75, 1]
    assert [rates[22], rates[40], rate_at(0, 1)] == pytest.approx([0.5, 0, 0])


def test_sums_and_the_largest_of_each_line() -> None:
    owner, values = torch.tensor([0, 2, 2]), torch.tensor([[1.0], [-3.0], [-2.0]])
    assert sums_by(owner, values, 3).tolist() == [[1], [0], [-5]]
    assert largest_by(owner, values, 3).tolist() == [[1], [0], [-2]]


def test_what_is_dropped_keeps_the_mean_and_is_the_same_again() -> None:
    one, other = (dropped(torch.ones(200, 50, device=DEVICE), 0.3, chance_of(1)) for _ in range(2))
    assert (one == other).all()
    assert one.mean().item() == pytest.approx(1, abs=0.05)
    assert dropped(one, 0.3, None) is one


def test_a_network_scores_as_the_probe_that_ships_does() -> None:
    chance = np.random.default_rng(5)
    probe = by_chance(("one", "two", "three"), (1, 2), 7)
    lines = [
        LineFeatures(chance.normal(size=(size, 14)).astype(np.float32), chance.normal(size=28).astype(np.float32))
        for size in (1, 5, 3)
    ]
    part = probe.parts
    tokens = np.concatenate([line.tokens for line in lines]) @ part["token_basis"] + part["token_shift"]
    whole = np.stack([line.line for line in lines]) @ part["line_basis"] + part["line_shift"]
    owner = torch.tensor(np.repeat(np.arange(3), [len(line.tokens) for line in lines]), device=DEVICE)
    nothing = torch.zeros(0)
    batch = CallNumbers(torch.tensor(tokens).to(DEVICE), owner, torch.tensor(whole).to(DEVICE), nothing, nothing)
    networks = [ProbeNetwork({name: value[number] for name, value in part.items()}) for number in range(2)]
    found = np.mean([network(batch).detach().cpu().numpy() for network in networks], axis=0)
    assert found == pytest.approx(np.array([probe.scores(line) for line in lines]), abs=1e-4, rel=1e-4)


def evidence_of(width: int) -> np.ndarray:
    return CHANCE.normal(scale=3, size=(LINES, width)).astype(np.float32)


GIVES, ASKS = evidence_of(6), evidence_of(4)
GIVES[:, 5] = -7
"""The same for all lines."""
ALIKE = {
    ("gives", True): Weighed(GIVES, (GIVES[:, 1] > 0).astype(np.float32)),
    ("gives", False): Weighed(GIVES, (GIVES[:, 2] < 0).astype(np.float32)),
    ("asks", True): Weighed(ASKS, (np.minimum(ASKS[:, 0], ASKS[:, 3]) > 0).astype(np.float32)),
}


def test_each_verb_is_weighed_by_what_speaks_for_it() -> None:
    parts = weighing_of(ALIKE)
    assert set(parts) == {name for name, shape in MATCHER_PARTS.items() if shape.startswith("v")}
    sizes = {"v": 2 * len(VERBS), "i": 6, "u": WEIGHERS * UNITS}
    for name, part in parts.items():
        assert list(part.shape) == [sizes[axis] for axis in MATCHER_PARTS[name]]
    for (verb, own), (evidence, truth) in ALIKE.items():
        said = weigh(parts, weighed_place(verb, own=own), evidence) > 0
        assert np.mean(said == (truth > 0)) > 0.95
    # What was never seen is never done, however much evidence it has.
    for verb, own, width in (("changes", True, 6), ("asks", False, 3), ("tells", True, 9)):
        assert weigh(parts, weighed_place(verb, own=own), evidence_of(width)) == pytest.approx(-9)
    assert weigh(weighing_of({}), weighed_place("gives", own=True), GIVES) == pytest.approx(-9)


def test_one_half_is_where_f1_is_best() -> None:
    """Scores that are right as likelihoods: F1 is best from half of it on."""
    likely = CHANCE.uniform(0.01, 0.6, size=20_000)
    truth = (CHANCE.uniform(size=len(likely)) < likely).astype(np.float32)
    scores = np.log(likely / (1 - likely)).astype(np.float32)

    def f1(raised: float) -> float:
        said = scores + raised > 0
        return float(2 * (said * truth).sum() / (said.sum() + truth.sum()))

    raised = raised_by(scores, truth)
    assert raised > 0.3
    assert f1(raised) > f1(0) + 0.05
    assert f1(raised) == pytest.approx(max(f1(other) for other in np.linspace(-1, 3, 81)), abs=0.01)


@pytest.mark.parametrize(("scores", "truth"), [([], []), ([0, 1, 2], [0, 0, 0]), ([5, 4, -4, -5], [1, 1, 0, 0])])
def test_nothing_is_raised_where_nothing_is_true_or_all_is_sure(scores: list[float], truth: list[float]) -> None:
    assert raised_by(np.array(scores, np.float32), np.array(truth, np.float32)) == pytest.approx(0)


def test_only_what_verdicts_hang_on_is_raised() -> None:
    """The same evidence and truth: with `gives` a doubtful line is likelier than with `asks`."""
    truth = (CHANCE.uniform(size=LINES) < 1 / (1 + np.exp(2 - GIVES[:, 0] / 2))).astype(np.float32)
    parts = weighing_of({(verb, own): Weighed(GIVES, truth) for verb in ("asks", "gives") for own in (True, False)})
    gives, asks, known = (
        weigh(parts, weighed_place(verb, own=own), GIVES)
        for verb, own in (("gives", True), ("asks", True), ("gives", False))
    )
    assert np.ptp(gives - asks) < 1e-3
    assert np.mean(gives - asks) > 0.2
    assert known == pytest.approx(asks, abs=1e-3)
