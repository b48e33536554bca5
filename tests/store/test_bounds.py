import pytest
from scipy.stats import beta

from ausweis.store.bounds import bounds


@pytest.mark.parametrize("level", [0.95, 0.99, 0.9975])
@pytest.mark.parametrize(
    ("hits", "n"), [(0, 1), (1, 1), (0, 50), (1, 50), (25, 50), (49, 50), (50, 50), (3, 14_400), (9200, 14_400)]
)
def test_bounds_are_those_of_clopper_and_pearson(hits: int, n: int, level: float) -> None:
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else beta.ppf(tail, hits, n - hits + 1)
    high = 1.0 if hits == n else beta.ppf(1 - tail, hits + 1, n - hits)
    assert bounds(hits, n, level) == pytest.approx((low, high), abs=1e-9)
