"""Violations: are they found, is what is flagged one, of which type, and at which turn?"""

from collections.abc import Iterable, Sequence

from ausweis.evals.case import Case
from ausweis.evals.metrics.estimate import Estimate, resampled, share
from ausweis.evals.metrics.measures import micro_f1
from ausweis.vocabulary import VIOLATIONS, ViolationType

__all__ = ["F1", "by_type", "f1", "first_turn", "precision", "recall", "types_f1"]

F1 = micro_f1(lambda case: (["violation"] * case.broken, ["violation"] * case.says_violation))


def precision(cases: Sequence[Case]) -> Estimate:
    """Of the calls with the verdict violation, how many are."""
    flagged = [case for case in cases if case.says_violation]
    return share(sum(case.broken for case in flagged), len(flagged))


def recall(cases: Sequence[Case]) -> Estimate:
    """Of the calls that are violations, how many have this verdict."""
    broken = [case for case in cases if case.broken]
    return share(sum(case.says_violation for case in broken), len(broken))


def f1(cases: Sequence[Case]) -> Estimate:
    """The harmonic mean of both."""
    return resampled(cases, F1)


def types_f1(cases: Sequence[Case]) -> Estimate:
    """F1 of the violation types, each once a call, all calls together."""
    return resampled(cases, micro_f1(_types))


def by_type(cases: Sequence[Case]) -> dict[ViolationType, dict[str, Estimate]]:
    """Precision and recall of each type, each once a call."""
    types: dict[ViolationType, dict[str, Estimate]] = {}
    for violation in VIOLATIONS:
        right = [violation in case.gold.violation_types for case in cases]
        said = [case.told is not None and violation in case.told.violation_types for case in cases]
        both = sum(a and b for a, b in zip(right, said, strict=True))
        types[violation] = {"precision": share(both, sum(said)), "recall": share(both, sum(right))}
    return types


def first_turn(cases: Sequence[Case]) -> Estimate:
    """Of the calls that are violations, how many verdicts name the turn of the earliest."""
    broken = [case for case in cases if case.broken]
    hits = sum(
        case.told is not None and case.told.first_violation_turn == case.gold.first_violation_turn for case in broken
    )
    return share(hits, len(broken))


def _types(case: Case) -> tuple[Iterable[str], Iterable[str]]:
    return case.gold.violation_types, case.told.violation_types if case.told else ()
