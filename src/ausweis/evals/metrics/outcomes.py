"""What verdicts say beside what labels say: outcomes, violations, facts, risk; a call without a verdict is wrong.

A golden set has more violations than a day's calls. So `reviews` weighs calls: all violations together weigh as much as
violations are to be expected, all clean calls the rest. Then precision and recall of a review of the riskiest calls are
those of a day with that share (prior shift, Saerens et al. 2002; it holds as far as clean calls and violations of the
set are like those of the field).
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Annotated

import numpy as np
from pydantic import Field

from ausweis.evals.case import Case, Occurrence, names_of
from ausweis.evals.metrics import estimate as measures
from ausweis.evals.metrics.estimate import (
    Estimate,
    Measure,
    Sides,
    Values,
    Weights,
    micro_f1,
    ratio,
    resampled,
    riskiest_first,
    share,
)
from ausweis.labelled import Part
from ausweis.vocabulary import OUTCOMES, VIOLATIONS, ViolationType

__all__ = [
    "F1",
    "NONE",
    "Cost",
    "ReviewYield",
    "accuracy",
    "action_f1",
    "authorisation",
    "average_precision",
    "by_type",
    "caller",
    "confusion",
    "cost",
    "f1",
    "fact_marks",
    "factor_f1",
    "factor_status_f1",
    "false_alarms",
    "first_turn",
    "flipped",
    "flips",
    "found_curve",
    "found_when_reviewed",
    "kappa",
    "precision",
    "quotes_verbatim",
    "recall",
    "review_share",
    "reviews",
    "told",
    "types_f1",
    "unflagged",
]

NONE = "failed"
"""Stands for the outcome of a call without a verdict."""
EXPECTED = (0.01, 0.02, 0.05)
"""Violations among all calls of a day."""
REVIEWED = (0.02, 0.05, 0.1)
"""The riskiest part of a day's calls, which people look at."""
REVIEWED_OF_SET = (0.1, 0.2, 0.3)
"""The riskiest part of the calls of the set."""
Holds = Callable[[Case], bool]


def _share(hit: Holds, cases: Sequence[Case], *, of: Holds = lambda case: True) -> Estimate:
    """The share of cases that `hit` holds of, among those that `of` holds of."""
    among = [case for case in cases if of(case)]
    return share(sum(map(hit, among)), len(among))


def _broken(case: Case) -> bool:
    return case.broken


def _flagged(case: Case) -> bool:
    return case.says_violation


def _right_turn(case: Case) -> bool:
    return case.told is not None and case.told.first_violation_turn == case.gold.first_violation_turn


accuracy = partial(_share, lambda case: case.outcome_right)
"""The share of right outcomes."""
precision = partial(_share, _broken, of=_flagged)
"""Of the calls with the verdict violation, how many are."""
recall = partial(_share, _flagged, of=_broken)
"""Of the calls that are violations, how many have this verdict."""
false_alarms = partial(_share, _flagged, of=lambda case: not case.broken)
"""Of the clean calls, how many have the verdict violation."""
first_turn = partial(_share, _right_turn, of=_broken)
"""Of the calls that are violations, how many verdicts name the turn of the earliest."""
review_share = partial(_share, lambda case: case.needs_review)
"""The share of calls that a person should look at in any case."""


def told(case: Case) -> str:
    """The outcome of the verdict."""
    return str(NONE if case.told is None else case.told.outcome)


def kappa(cases: Sequence[Case]) -> Estimate:
    """Cohen's kappa of the outcome (Cohen 1960); nothing where all calls are of one outcome."""
    return resampled(cases, measures.kappa(lambda case: (str(case.gold.outcome), told(case))))


def confusion(cases: Sequence[Case]) -> dict[str, dict[str, int]]:
    """`confusion[label][verdict]`: how many calls."""
    table: dict[str, dict[str, int]] = {right: dict.fromkeys((*OUTCOMES, NONE), 0) for right in OUTCOMES}
    for case in cases:
        table[str(case.gold.outcome)][told(case)] += 1
    return table


def _f1(sides: Sides, cases: Sequence[Case]) -> Estimate:
    return resampled(cases, micro_f1(sides))


def _violation(case: Case) -> tuple[list[str], list[str]]:
    return ["violation"] * case.broken, ["violation"] * case.says_violation


def _types(case: Case) -> tuple[frozenset[str], frozenset[str]]:
    return case.gold.violation_types, case.told.violation_types if case.told else frozenset()


def _factors_with_status(case: Case) -> tuple[Sequence[Occurrence], Sequence[Occurrence]]:
    return case.gold.factors, case.told.factors if case.told else ()


def _factors(case: Case) -> tuple[list[Occurrence], list[Occurrence]]:
    label, verdict = ([mark._replace(status="") for mark in side] for side in _factors_with_status(case))
    return label, verdict


def _actions(case: Case) -> tuple[Sequence[Occurrence], Sequence[Occurrence]]:
    return case.gold.actions, case.told.actions if case.told else ()


def fact_marks(case: Case) -> tuple[list[Occurrence], list[Occurrence]]:
    """Factors and actions with their turns, of the label and of the verdict."""
    label, verdict = ([*factors, *actions] for factors, actions in zip(_factors(case), _actions(case), strict=True))
    return label, verdict


F1 = micro_f1(_violation)
f1 = partial(_f1, _violation)
"""The harmonic mean of precision and recall of violations."""
types_f1 = partial(_f1, _types)
"""F1 of the violation types, each once a call, all calls together."""
factor_f1 = partial(_f1, _factors)
"""F1 of factors with their turn, all calls together."""
factor_status_f1 = partial(_f1, _factors_with_status)
"""The same, where verified, leaked or rejected must be right too."""
action_f1 = partial(_f1, _actions)
"""F1 of protected actions, category and turn."""


def by_type(cases: Sequence[Case]) -> dict[ViolationType, dict[str, Estimate]]:
    """Precision and recall of each type, each once a call."""
    types: dict[ViolationType, dict[str, Estimate]] = {}
    for violation in VIOLATIONS:
        sides = [tuple(violation in side for side in _types(case)) for case in cases]
        both, right, said = (sum(map(counted, sides)) for counted in (all, lambda side: side[0], lambda side: side[1]))
        types[violation] = {"precision": share(both, said), "recall": share(both, right)}
    return types


def caller(cases: Sequence[Case]) -> dict[str, Estimate]:
    """The share of right callers, and F1 of each kind."""

    def is_kind(kind: str, case: Case) -> tuple[list[str], list[str]]:
        return [kind] * (case.gold.caller == kind), [kind] * (case.told is not None and case.told.caller == kind)

    scores = {"accuracy": _share(lambda case: case.told is not None and case.told.caller == case.gold.caller, cases)}
    for kind in ("account_holder", "third_party", "unclear"):
        n = sum(case.gold.caller == kind for case in cases)
        scores[f"{kind}_f1"] = resampled(cases, micro_f1(partial(is_kind, kind)), n=n)
    return scores


def authorisation(cases: Sequence[Case]) -> Estimate:
    """The share of right authorisations among calls that have somebody else on the line, by label or verdict."""
    pairs = [(case.gold.authorisation, case.told.authorisation if case.told else None) for case in cases]
    others = [(right, said) for right, said in pairs if right != "not_needed" or said not in ("not_needed", None)]
    return share(sum(right == said for right, said in others), len(others))


def quotes_verbatim(cases: Sequence[Case]) -> Estimate:
    """The share of quotes that stand letter for letter in their turn."""
    return share(sum(case.verbatim for case in cases), sum(case.quotes for case in cases))


def average_precision(cases: Sequence[Case]) -> Estimate:
    """Average precision of risk against the label violation."""
    return resampled(cases, measures.average_precision)


def found_when_reviewed(cases: Sequence[Case]) -> dict[str, Estimate]:
    """The share of violations among the riskiest calls, when 10, 20 or 30 % of all calls are reviewed."""
    return {f"{part:.0%}": resampled(cases, measures.found_in_top(part)) for part in REVIEWED_OF_SET}


def found_curve(cases: Sequence[Case]) -> list[tuple[float, float]]:
    """Share of calls reviewed, riskiest first, and share of violations found by then."""
    total = sum(case.broken for case in cases)
    points, violations = [(0.0, 0.0)], 0
    for reviewed, place in enumerate(riskiest_first(cases), start=1):
        violations += cases[place].broken
        points.append((reviewed / len(cases), violations / total if total else 0.0))
    return points


class ReviewYield(Part):
    """What a review of the riskiest `reviewed` of all calls holds, if `expected` of all calls are violations.

    `precision`: of the reviewed calls, how many are violations; `found`: of the violations, how many are reviewed.
    """

    expected: Annotated[float, Field(gt=0, lt=1)]
    reviewed: Annotated[float, Field(gt=0, lt=1)]
    precision: Estimate
    found: Estimate


def reviews(cases: Sequence[Case]) -> list[ReviewYield]:
    """For each expected share and each part that is reviewed; none without both violations and clean calls."""
    if len({case.broken for case in cases}) < 2:
        return []
    return [
        ReviewYield(
            expected=expected,
            reviewed=reviewed,
            precision=resampled(cases, _held(expected, reviewed, of=reviewed)),
            found=resampled(cases, _held(expected, reviewed, of=expected)),
        )
        for expected in EXPECTED
        for reviewed in REVIEWED
    ]


def _held(expected: float, reviewed: float, *, of: float) -> Measure:
    """The weight of violations in the riskiest calls that together weigh `reviewed`, as a share `of` a weight.

    Among calls of equal risk those that are no violations come first.
    """

    def share_of(drawn: Weights) -> Values:
        return ratio(drawn, np.broadcast_to(drawn.sum(axis=1, keepdims=True), drawn.shape))

    def measure(cases: Sequence[Case]) -> Callable[[Weights], Values]:
        order = riskiest_first(cases)
        broken = np.array([cases[place].broken for place in order], dtype=np.int64)

        def held(weights: Weights) -> Values:
            drawn = weights[:, order]
            weight = expected * share_of(drawn * broken) + (1 - expected) * share_of(drawn * (1 - broken))
            before = weight.cumsum(axis=1) - weight
            taken = np.clip(reviewed - before, 0, weight)
            return ratio((taken * broken).sum(axis=1), np.full(len(drawn), of))

        return held

    return measure


def unflagged(cases: Sequence[Case]) -> Callable[[Weights], Values]:
    """The share of clean calls that are not flagged."""
    clean = np.array([not case.broken for case in cases], dtype=np.int64)
    kept = clean * np.array([not case.says_violation for case in cases], dtype=np.int64)
    return lambda weights: ratio(weights @ kept, weights @ clean)


def flipped(cases: Sequence[Case]) -> list[str]:
    """The ids of the calls that have several outcomes, or other incidents, over the repeats."""
    verdicts: dict[str, set[tuple[str, frozenset[str]]]] = defaultdict(set)
    for case in cases:
        verdicts[case.id].add((told(case), names_of(case.told.incidents if case.told else ())))
    return sorted(identifier for identifier, said in verdicts.items() if len(said) > 1)


def flips(cases: Sequence[Case]) -> Estimate | None:
    """The share of calls whose verdict flips; None where nothing was repeated."""
    if all(case.repeat == 1 for case in cases):
        return None
    return share(len(flipped(cases)), len({case.id for case in cases}))


class Cost(Part):
    """Of reading: medians a call, and sums. Answers from recordings have no seconds that tell."""

    seconds_median: float | None
    seconds_total: float
    tokens_median: float | None
    tokens_total: int


def cost(cases: Sequence[Case]) -> Cost:
    """Of all cases that were read."""
    seconds = [case.seconds for case in cases if case.seconds is not None]
    tokens = [case.tokens for case in cases if case.tokens is not None]
    return Cost(
        seconds_median=round(median(seconds), 3) if seconds else None,
        seconds_total=round(sum(seconds), 3),
        tokens_median=median(tokens) if tokens else None,
        tokens_total=sum(tokens),
    )
