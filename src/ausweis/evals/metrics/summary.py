"""All numbers of an eval: `metrics.json`. What verdicts say beside what labels say; a call without a verdict is wrong.

A golden set has more violations than a day's calls. So `reviews` weighs calls: all violations together weigh as much as
violations are to be expected, all clean calls the rest. Then precision and recall of a review of the riskiest calls are
those of a day with that share (prior shift, Saerens et al. 2002; it holds as far as clean calls and violations of the
set are like those of the field).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from statistics import median
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ausweis.evals.case import Case, Occurrence, names_of
from ausweis.evals.metrics import estimate as measures
from ausweis.evals.metrics.calibration import Bin, bins_of
from ausweis.evals.metrics.estimate import Estimate, Measure, Values, Weights, micro_f1, ratio, resampled, share
from ausweis.evals.metrics.incidents import IncidentSummary, summarise_incidents
from ausweis.evals.metrics.own_words import OwnWordSummary, summarise_own_words
from ausweis.labelled import Part
from ausweis.vocabulary import OUTCOMES, VIOLATIONS, ViolationType

NONE = "failed"
"""Stands for the outcome of a call without a verdict."""
EXPECTED = (0.01, 0.02, 0.05)
"""Violations among all calls of a day."""
REVIEWED = (0.02, 0.05, 0.1)
"""The riskiest part of a day's calls, which people look at."""
WANTED_PRECISION = 0.95
REVIEWED_OF_SET = (0.1, 0.2, 0.3)
"""The riskiest part of the calls of the set."""


def _share(hit: Callable[[Case], bool], cases: Sequence[Case]) -> Estimate:
    return share(sum(map(hit, cases)), len(cases))


def told(case: Case) -> str:
    """The outcome of the verdict."""
    return str(NONE if case.told is None else case.told.outcome)


def _types(case: Case) -> tuple[frozenset[str], frozenset[str]]:
    label, verdict = map(names_of, case.marks("violations"))
    return label, verdict


def _factors(case: Case) -> tuple[list[Occurrence], list[Occurrence]]:
    label, verdict = ([mark._replace(status="") for mark in side] for side in case.marks("factors"))
    return label, verdict


def fact_marks(case: Case) -> tuple[list[Occurrence], list[Occurrence]]:
    """Factors and actions with their turns, of the label and of the verdict."""
    sides = zip(_factors(case), case.marks("actions"), strict=True)
    label, verdict = ([*factors, *actions] for factors, actions in sides)
    return label, verdict


F1 = micro_f1(lambda case: (["violation"] * case.broken, ["violation"] * case.says_violation))


def found_curve(cases: Sequence[Case]) -> list[tuple[float, float]]:
    """Share of calls reviewed, riskiest first, and share of violations found by then."""
    total = sum(case.broken for case in cases)
    points, violations = [(0.0, 0.0)], 0
    for reviewed, place in enumerate(measures.riskiest_first(cases), start=1):
        violations += cases[place].broken
        points.append((reviewed / len(cases), violations / total if total else 0.0))
    return points


def unflagged(cases: Sequence[Case]) -> Callable[[Weights], Values]:
    """The share of clean calls that are not flagged."""
    clean = np.array([not case.broken for case in cases], dtype=np.int64)
    kept = clean * np.array([not case.says_violation for case in cases], dtype=np.int64)
    return lambda weights: ratio(weights @ kept, weights @ clean)


def flipped(cases: Sequence[Case]) -> list[str]:
    """The ids of the calls that have several outcomes, or other incidents, over the repeats."""
    verdicts: dict[str, set[tuple[str, frozenset[str]]]] = defaultdict(set)
    for case in cases:
        verdicts[case.id].add((told(case), names_of(case.marks("incidents")[1])))
    return sorted(identifier for identifier, said in verdicts.items() if len(said) > 1)


class ReviewYield(Part):
    """What a review of the riskiest `reviewed` of all calls holds, if `expected` of all calls are violations.

    `precision`: of the reviewed calls, how many are violations; `found`: of the violations, how many are reviewed.
    """

    expected: Annotated[float, Field(gt=0, lt=1)]
    reviewed: Annotated[float, Field(gt=0, lt=1)]
    precision: Estimate
    found: Estimate


class Cost(Part):
    """Of reading: medians a call, and sums. Answers from recordings have no seconds that tell."""

    seconds_median: float | None
    seconds_total: float
    tokens_median: float | None
    tokens_total: int


class Slice(Part):
    """The calls of one tag."""

    tag: str
    accuracy: Estimate
    precision: Estimate
    recall: Estimate
    false_alarms: Estimate


class Summary(Part):
    """Numbers over the first repeat; `flips` over all.

    `calls`, `failed`, `cost`: of all calls; `incidents`: of those whose label tells of incidents; `own_words`: of those
    whose policy has own words; all else: of those whose label has an outcome.
    """

    schema_: Annotated[Literal["ausweis/metrics@2"], Field(alias="schema")] = "ausweis/metrics@2"
    calls: int
    failed: int
    accuracy: Estimate
    kappa: Estimate
    """Cohen's kappa of the outcome (Cohen 1960); nothing where all calls are of one outcome."""
    confusion: dict[str, dict[str, int]]
    """`confusion[label][verdict]`: how many calls."""
    precision: Estimate
    """Of the calls with the verdict violation, how many are."""
    recall: Estimate
    """Of the calls that are violations, how many have this verdict."""
    f1: Estimate
    false_alarms: Estimate
    """Of the clean calls, how many have the verdict violation."""
    reviews: list[ReviewYield]
    """For each expected share and each part that is reviewed; none without both violations and clean calls."""
    first_turn: Estimate
    """Of the calls that are violations, how many verdicts name the turn of the earliest."""
    types_f1: Estimate
    by_type: dict[ViolationType, dict[str, Estimate]]
    factor_f1: Estimate
    factor_status_f1: Estimate
    action_f1: Estimate
    caller: dict[str, Estimate]
    authorisation: Estimate
    """Of calls that have somebody else on the line, by label or verdict."""
    average_precision: Estimate
    found_when_reviewed: dict[str, Estimate]
    brier: Estimate
    """Mean square of confidence less right (1) or wrong (0) (Brier 1950); 0 is best. Of calls with a verdict."""
    risk_brier: Estimate
    """The same of risk and the label violation."""
    coverage: Estimate
    """The largest share of calls, the most confident first, of which at least 95 % have a right outcome.

    So many calls need no human at that precision. Calls of equal confidence come in or stay out together.
    """
    reliability: list[Bin]
    """Of confidence, of calls with a verdict."""
    quotes_verbatim: Estimate
    needs_review: Estimate
    flips: Estimate | None
    """The share of calls whose verdict flips; None where nothing was repeated."""
    cost: Cost
    slices: list[Slice]
    incidents: IncidentSummary | None = None
    own_words: OwnWordSummary | None = None


def summarise(cases: Sequence[Case]) -> Summary:
    """All numbers of these cases."""
    every = [case for case in cases if case.repeat == 1]
    first = [case for case in every if case.gold.outcome is not None]
    judged = [case for case in first if case.told]
    pairs = Counter((str(case.gold.outcome), told(case)) for case in first)
    seconds = [case.seconds for case in every if case.seconds is not None]
    tokens = [case.tokens for case in every if case.tokens is not None]
    tags = sorted({tag for case in first for tag in case.tags})
    return Summary(
        calls=len(every),
        failed=sum(case.told is None for case in every),
        **_told_apart(first),
        kappa=resampled(first, measures.kappa(lambda case: (str(case.gold.outcome), told(case)))),
        confusion={right: {said: pairs[right, said] for said in (*OUTCOMES, NONE)} for right in OUTCOMES},
        f1=resampled(first, F1),
        reviews=[
            ReviewYield(
                expected=expected,
                reviewed=reviewed,
                precision=resampled(first, _held(expected, reviewed, of=reviewed)),
                found=resampled(first, _held(expected, reviewed, of=expected)),
            )
            for expected, reviewed in product(EXPECTED, REVIEWED)
            if len({case.broken for case in first}) > 1
        ],
        first_turn=_share(
            lambda case: case.told is not None and case.told.first_violation_turn == case.gold.first_violation_turn,
            [case for case in first if case.broken],
        ),
        types_f1=resampled(first, micro_f1(_types)),
        by_type=_by_type(first),
        factor_f1=resampled(first, micro_f1(_factors)),
        factor_status_f1=resampled(first, micro_f1(lambda case: case.marks("factors"))),
        action_f1=resampled(first, micro_f1(lambda case: case.marks("actions"))),
        caller=_caller(first),
        authorisation=_authorisation(first),
        average_precision=resampled(first, measures.average_precision),
        found_when_reviewed={f"{part:.0%}": resampled(first, measures.found_in_top(part)) for part in REVIEWED_OF_SET},
        brier=resampled(judged, measures.mean([(case.confidence - case.outcome_right) ** 2 for case in judged])),
        risk_brier=resampled(judged, measures.mean([(case.risk - case.broken) ** 2 for case in judged])),
        coverage=resampled(first, measures.coverage(WANTED_PRECISION)),
        reliability=bins_of((case.confidence, case.outcome_right) for case in judged),
        quotes_verbatim=share(sum(case.verbatim for case in first), sum(case.quotes for case in first)),
        needs_review=_share(lambda case: case.needs_review, first),
        flips=None if len(every) == len(cases) else share(len(flipped(cases)), len({case.id for case in cases})),
        cost=Cost(
            seconds_median=round(median(seconds), 3) if seconds else None,
            seconds_total=round(sum(seconds), 3),
            tokens_median=median(tokens) if tokens else None,
            tokens_total=sum(tokens),
        ),
        slices=[Slice(tag=tag, **_told_apart([case for case in first if tag in case.tags])) for tag in tags],
        incidents=summarise_incidents(every),
        own_words=summarise_own_words(first),
    )


def _told_apart(cases: Sequence[Case]) -> dict[str, Estimate]:
    """The numbers that each tag has too."""
    return {
        "accuracy": _share(lambda case: case.outcome_right, cases),
        "precision": _share(lambda case: case.broken, [case for case in cases if case.says_violation]),
        "recall": _share(lambda case: case.says_violation, [case for case in cases if case.broken]),
        "false_alarms": _share(lambda case: case.says_violation, [case for case in cases if not case.broken]),
    }


def _by_type(cases: Sequence[Case]) -> dict[ViolationType, dict[str, Estimate]]:
    types: dict[ViolationType, dict[str, Estimate]] = {}
    for violation in VIOLATIONS:
        sides = [tuple(violation in side for side in _types(case)) for case in cases]
        both, right, said = (sum(map(counted, sides)) for counted in (all, lambda side: side[0], lambda side: side[1]))
        types[violation] = {"precision": share(both, said), "recall": share(both, right)}
    return types


def _caller(cases: Sequence[Case]) -> dict[str, Estimate]:
    def is_kind(kind: str, case: Case) -> tuple[list[str], list[str]]:
        return [kind] * (case.gold.caller == kind), [kind] * (case.told is not None and case.told.caller == kind)

    scores = {"accuracy": _share(lambda case: case.told is not None and case.told.caller == case.gold.caller, cases)}
    for kind in ("account_holder", "third_party", "unclear"):
        n = sum(case.gold.caller == kind for case in cases)
        scores[f"{kind}_f1"] = resampled(cases, micro_f1(partial(is_kind, kind)), n=n)
    return scores


def _authorisation(cases: Sequence[Case]) -> Estimate:
    pairs = [(case.gold.authorisation, case.told.authorisation if case.told else None) for case in cases]
    others = [(right, said) for right, said in pairs if right != "not_needed" or said not in ("not_needed", None)]
    return share(sum(right == said for right, said in others), len(others))


def _held(expected: float, reviewed: float, *, of: float) -> Measure:
    """The weight of violations in the riskiest calls that together weigh `reviewed`, as a share `of` a weight.

    Among calls of equal risk those that are no violations come first.
    """

    def share_of(drawn: Weights) -> Values:
        return ratio(drawn, np.broadcast_to(drawn.sum(axis=1, keepdims=True), drawn.shape))

    def measure(cases: Sequence[Case]) -> Callable[[Weights], Values]:
        order = measures.riskiest_first(cases)
        broken = np.array([cases[place].broken for place in order], dtype=np.int64)

        def held(weights: Weights) -> Values:
            drawn = weights[:, order]
            weight = expected * share_of(drawn * broken) + (1 - expected) * share_of(drawn * (1 - broken))
            before = weight.cumsum(axis=1) - weight
            taken = np.clip(reviewed - before, 0, weight)
            return ratio((taken * broken).sum(axis=1), np.full(len(drawn), of))

        return held

    return measure


def rows_of(summary: Summary) -> list[tuple[str, Estimate]]:
    """The main numbers by name, in the order in which they are read: of what the labels tell."""
    rows = _outcome_rows(summary) if summary.accuracy.n else []
    rows += summary.own_words.main.items() if summary.own_words else []
    if (numbers := summary.incidents) is not None:
        for name, kinds in (("known incidents", numbers.known), ("own incidents", numbers.own)):
            if kinds is not None:
                rows += [(f"{name} found", kinds.found), (f"precision of {name}", kinds.precision)]
                rows.append((f"F1 of {name}", Estimate(value=kinds.f1, n=kinds.found.n)))
        rows += [("right turn, of incidents found", numbers.turn)]
        rows += [("no incident said, of calls without", numbers.clean), ("both right, of near twins", numbers.twins)]
    return rows if summary.flips is None else [*rows, ("verdicts that flip over repeats", summary.flips)]


def _outcome_rows(summary: Summary) -> list[tuple[str, Estimate]]:
    return [
        ("outcome accuracy", summary.accuracy),
        ("outcome kappa", summary.kappa),
        ("violation precision", summary.precision),
        ("violation recall", summary.recall),
        ("violation F1", summary.f1),
        ("false alarms, of clean calls", summary.false_alarms),
        ("violation types F1", summary.types_f1),
        ("first violation turn", summary.first_turn),
        ("factor F1 (with turn)", summary.factor_f1),
        ("factor F1 (with turn and status)", summary.factor_status_f1),
        ("action F1 (with turn)", summary.action_f1),
        ("caller accuracy", summary.caller["accuracy"]),
        ("authorisation (where somebody else called)", summary.authorisation),
        ("average precision of risk", summary.average_precision),
        *((f"violations found, riskiest {part}", share) for part, share in summary.found_when_reviewed.items()),
        ("Brier score of confidence (0 is best)", summary.brier),
        ("coverage at outcome precision 0.95", summary.coverage),
        ("quotes verbatim", summary.quotes_verbatim),
        ("needs review", summary.needs_review),
    ]
