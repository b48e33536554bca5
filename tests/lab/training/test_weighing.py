"""How evidence is weighed is learned by verb, and for own words apart from known ones."""

import numpy as np
import pytest
from evals.lab.training.weighing import HIDDEN, NETWORKS, Weighed, raised_by
from evals.lab.training.words import weighing_of

from ausweis.engines.matcher import MATCHER_PARTS, VERBS, weigh, weighed_place

pytestmark = pytest.mark.training
CHANCE = np.random.default_rng(4)
LINES = 600


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


@pytest.fixture(scope="module")
def parts() -> dict[str, np.ndarray]:
    return weighing_of(ALIKE)


def test_it_is_what_a_matcher_of_words_weighs_by(parts: dict[str, np.ndarray]) -> None:
    assert set(parts) == {name for name, shape in MATCHER_PARTS.items() if shape.startswith("v")}
    sizes = {"v": 2 * len(VERBS), "i": 6, "u": NETWORKS * HIDDEN}
    assert {n: list(part.shape) for n, part in parts.items()} == {
        n: [sizes[a] for a in MATCHER_PARTS[n]] for n in parts
    }


@pytest.mark.parametrize(("verb", "own"), ALIKE)
def test_each_verb_is_weighed_by_what_speaks_for_it(parts: dict[str, np.ndarray], verb: str, own: bool) -> None:
    evidence, truth = ALIKE[verb, own]
    said = weigh(parts, weighed_place(verb, own=own), evidence) > 0
    assert np.mean(said == (truth > 0)) > 0.95


def test_what_was_never_seen_is_never_done(parts: dict[str, np.ndarray]) -> None:
    """However much evidence it has."""
    for verb, own, width in (("changes", True, 6), ("asks", False, 3), ("tells", True, 9)):
        assert weigh(parts, weighed_place(verb, own=own), evidence_of(width)) == pytest.approx(-9)


def test_nothing_at_all() -> None:
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


@pytest.mark.parametrize("truth", [[], [0, 0, 0]])
def test_where_nothing_is_true_nothing_is_raised(truth: list[float]) -> None:
    assert raised_by(np.arange(len(truth), dtype=np.float32), np.array(truth, np.float32)) == 0


def test_sure_likelihoods_are_raised_by_nothing() -> None:
    assert raised_by(np.array([5, 4, -4, -5], np.float32), np.array([1, 1, 0, 0], np.float32)) == pytest.approx(0)


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
