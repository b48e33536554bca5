"""What was read: factors and actions with their turns, who called, whether quotes stand in the transcript."""

from collections.abc import Sequence
from functools import partial

from ausweis.evals.case import Case
from ausweis.evals.metrics.estimate import Estimate, resampled, share
from ausweis.evals.metrics.measures import Words, micro_f1

__all__ = [
    "action_f1",
    "authorisation",
    "caller",
    "fact_words",
    "factor_f1",
    "factor_status_f1",
    "quotes_verbatim",
    "review_share",
]


def _factors(case: Case) -> tuple[list[str], list[str]]:
    told = case.told.factors if case.told else ()
    return [word.rpartition(":")[0] for word in case.gold.factors], [word.rpartition(":")[0] for word in told]


def _factors_with_status(case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return case.gold.factors, case.told.factors if case.told else ()


def _actions(case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return case.gold.actions, case.told.actions if case.told else ()


def fact_words(case: Case) -> tuple[list[str], list[str]]:
    """Factors and actions with their turns, of the label and of the verdict."""
    factors, actions = _factors(case), _actions(case)
    return [*factors[0], *actions[0]], [*factors[1], *actions[1]]


def _f1(words: Words, cases: Sequence[Case]) -> Estimate:
    return resampled(cases, micro_f1(words))


factor_f1 = partial(_f1, _factors)
"""F1 of factors with their turn, all calls together."""
factor_status_f1 = partial(_f1, _factors_with_status)
"""The same, where verified, leaked or rejected must be right too."""
action_f1 = partial(_f1, _actions)
"""F1 of protected actions, category and turn."""


def caller(cases: Sequence[Case]) -> dict[str, Estimate]:
    """The share of right callers, and F1 of each kind."""
    kinds = ("account_holder", "third_party", "unclear")
    scores = {
        kind: resampled(cases, micro_f1(partial(_caller, kind)), n=sum(c.gold.caller == kind for c in cases))
        for kind in kinds
    }
    right = sum(case.told is not None and case.told.caller == case.gold.caller for case in cases)
    return {"accuracy": share(right, len(cases)), **{f"{kind}_f1": score for kind, score in scores.items()}}


def _caller(kind: str, case: Case) -> tuple[list[str], list[str]]:
    return [kind] * (case.gold.caller == kind), [kind] * (case.told is not None and case.told.caller == kind)


def authorisation(cases: Sequence[Case]) -> Estimate:
    """The share of right authorisations among calls that have somebody else on the line, by label or verdict."""
    pairs = [(case.gold.authorisation, case.told.authorisation if case.told else None) for case in cases]
    others = [(right, said) for right, said in pairs if right != "not_needed" or said not in ("not_needed", None)]
    return share(sum(right == said for right, said in others), len(others))


def quotes_verbatim(cases: Sequence[Case]) -> Estimate:
    """The share of quotes that stand letter for letter in their turn."""
    return share(sum(case.verbatim for case in cases), sum(case.quotes for case in cases))


def review_share(cases: Sequence[Case]) -> Estimate:
    """The share of calls that a person should look at in any case."""
    return share(sum(case.needs_review for case in cases), len(cases))
