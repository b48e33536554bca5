"""How evidence is weighed is learned by verb, and for own words apart from known ones."""

import numpy as np
import pytest

from ausweis.engines.word_matcher import VERBS, WORD_PARTS, weigh
from ausweis.training.word_weighing import HIDDEN, NETWORKS, Weighed, learn_weighing

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
    return learn_weighing(ALIKE)


def test_it_is_what_a_matcher_of_words_weighs_by(parts: dict[str, np.ndarray]) -> None:
    assert set(parts) == {name for name, shape in WORD_PARTS.items() if shape.startswith("v")}
    sizes = {"v": 2 * len(VERBS), "i": 6, "u": NETWORKS * HIDDEN}
    assert {n: list(part.shape) for n, part in parts.items()} == {n: [sizes[a] for a in WORD_PARTS[n]] for n in parts}


@pytest.mark.parametrize(("verb", "own"), ALIKE)
def test_each_verb_is_weighed_by_what_speaks_for_it(parts: dict[str, np.ndarray], verb: str, own: bool) -> None:
    evidence, truth = ALIKE[verb, own]
    said = weigh(parts, verb, evidence, own=own) > 0
    assert np.mean(said == (truth > 0)) > 0.95


def test_what_was_never_seen_is_never_done(parts: dict[str, np.ndarray]) -> None:
    """However much evidence it has."""
    for verb, own, width in (("changes", True, 6), ("asks", False, 3), ("tells", True, 9)):
        assert weigh(parts, verb, evidence_of(width), own=own) == pytest.approx(-9)


def test_nothing_at_all() -> None:
    assert weigh(learn_weighing({}), "gives", GIVES, own=True) == pytest.approx(-9)
