"""Each measure, under random weights, is what scikit-learn makes of calls that are drawn so often."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, cohen_kappa_score, f1_score, precision_score, recall_score
from tests.evals.cases import case

from ausweis.evals.case import Case
from ausweis.evals.metrics import estimate as measures
from ausweis.evals.metrics.summary import F1, told
from ausweis.vocabulary import OUTCOMES

random.seed(7)
CASES = [
    case(
        str(n),
        random.choice(OUTCOMES),
        random.choice(OUTCOMES),
        random.choice([0.1, 0.2, 0.5, 0.5, 0.9]),
        confidence=random.choice([0.3, 0.6, 0.9]),
    )
    for n in range(40)
]
WEIGHTS = np.random.default_rng(3).multinomial(40, [1 / 40] * 40, size=5)


def drawn(weights: Sequence[int]) -> list[Case]:
    return [one for one, times in zip(CASES, weights, strict=True) for _ in range(times)]


def test_average_precision() -> None:
    some = [drawn(one) for one in WEIGHTS]
    wanted = [average_precision_score([one.broken for one in calls], [one.risk for one in calls]) for calls in some]
    assert measures.average_precision(CASES)(WEIGHTS) == pytest.approx(wanted)


def test_kappa() -> None:
    wanted = [
        cohen_kappa_score([one.gold.outcome for one in some], [told(one) for one in some])
        for some in map(drawn, WEIGHTS)
    ]
    assert measures.kappa(lambda one: (str(one.gold.outcome), told(one)))(CASES)(WEIGHTS) == pytest.approx(wanted)


def test_f1() -> None:
    wanted = [f1_score([c.broken for c in some], [c.says_violation for c in some]) for some in map(drawn, WEIGHTS)]
    assert F1(CASES)(WEIGHTS) == pytest.approx(wanted)


def test_precision_and_recall() -> None:
    def words(one: Case) -> tuple[list[str], list[str]]:
        return ["violation"] * one.broken, ["violation"] * one.says_violation

    some = [([one.broken for one in calls], [one.says_violation for one in calls]) for calls in map(drawn, WEIGHTS)]
    found = measures.micro_precision(words)(CASES)(WEIGHTS), measures.micro_recall(words)(CASES)(WEIGHTS)
    assert found[0] == pytest.approx([precision_score(*sides) for sides in some])
    assert found[1] == pytest.approx([recall_score(*sides) for sides in some])


def test_found_in_top() -> None:
    def plain(some: list[Case]) -> float:
        ordered = sorted(some, key=lambda one: (-one.risk, one.broken))[:12]
        return sum(one.broken for one in ordered) / sum(one.broken for one in some)

    assert measures.found_in_top(0.3)(CASES)(WEIGHTS) == pytest.approx([plain(some) for some in map(drawn, WEIGHTS)])


def test_coverage() -> None:
    def plain(some: list[Case]) -> float:
        kept = [[one for one in some if one.confidence >= least] for least in (0.3, 0.6, 0.9)]
        good = [len(part) for part in kept if sum(case.outcome_right for case in part) >= 0.25 * len(part)]
        return max(good, default=0) / len(some)

    assert measures.coverage(0.25)(CASES)(WEIGHTS) == pytest.approx([plain(some) for some in map(drawn, WEIGHTS)])


def test_what_cannot_be_told_is_nan() -> None:
    one = [case("a", "compliant", "compliant")]
    whole = np.ones((1, 1), dtype=np.int64)
    assert np.isnan(measures.average_precision(one)(whole)[0])
    assert np.isnan(F1(one)(whole)[0])
