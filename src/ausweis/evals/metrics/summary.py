"""All numbers of an eval: `metrics.json`."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ausweis.evals.case import Case
from ausweis.evals.metrics import calibration, outcomes
from ausweis.evals.metrics.estimate import Estimate
from ausweis.evals.metrics.incidents import IncidentSummary, summarise_incidents
from ausweis.evals.metrics.own_words import OwnWordSummary, summarise_own_words
from ausweis.labelled import Part
from ausweis.vocabulary import ViolationType

__all__ = ["Slice", "Summary", "rows_of", "summarise"]


class Slice(Part):
    """The calls of one tag."""

    tag: str
    accuracy: Estimate
    precision: Estimate
    recall: Estimate
    false_alarms: Estimate


class Summary(Part):
    """Numbers over the first repeat; `flips` over all. See the modules of `ausweis.evals.metrics` for each.

    `calls`, `failed`, `cost`: of all calls; `incidents`: of those whose label tells of incidents; `own_words`: of those
    whose policy has own words; all else: of those whose label has an outcome.
    """

    schema_: Annotated[Literal["ausweis/metrics@2"], Field(alias="schema")] = "ausweis/metrics@2"
    calls: int
    failed: int
    accuracy: Estimate
    kappa: Estimate
    confusion: dict[str, dict[str, int]]
    precision: Estimate
    recall: Estimate
    f1: Estimate
    false_alarms: Estimate
    reviews: list[outcomes.ReviewYield]
    first_turn: Estimate
    types_f1: Estimate
    by_type: dict[ViolationType, dict[str, Estimate]]
    factor_f1: Estimate
    factor_status_f1: Estimate
    action_f1: Estimate
    caller: dict[str, Estimate]
    authorisation: Estimate
    average_precision: Estimate
    found_when_reviewed: dict[str, Estimate]
    brier: Estimate
    risk_brier: Estimate
    coverage: Estimate
    reliability: list[calibration.Bin]
    quotes_verbatim: Estimate
    needs_review: Estimate
    flips: Estimate | None
    cost: outcomes.Cost
    slices: list[Slice]
    incidents: IncidentSummary | None = None
    own_words: OwnWordSummary | None = None


def summarise(cases: Sequence[Case]) -> Summary:
    """All numbers of these cases."""
    every = [case for case in cases if case.repeat == 1]
    first = [case for case in every if case.gold.outcome is not None]
    return Summary(
        calls=len(every),
        failed=sum(case.told is None for case in every),
        accuracy=outcomes.accuracy(first),
        kappa=outcomes.kappa(first),
        confusion=outcomes.confusion(first),
        precision=outcomes.precision(first),
        recall=outcomes.recall(first),
        f1=outcomes.f1(first),
        false_alarms=outcomes.false_alarms(first),
        reviews=outcomes.reviews(first),
        first_turn=outcomes.first_turn(first),
        types_f1=outcomes.types_f1(first),
        by_type=outcomes.by_type(first),
        factor_f1=outcomes.factor_f1(first),
        factor_status_f1=outcomes.factor_status_f1(first),
        action_f1=outcomes.action_f1(first),
        caller=outcomes.caller(first),
        authorisation=outcomes.authorisation(first),
        average_precision=outcomes.average_precision(first),
        found_when_reviewed=outcomes.found_when_reviewed(first),
        brier=calibration.brier(first),
        risk_brier=calibration.risk_brier(first),
        coverage=calibration.coverage(first),
        reliability=calibration.reliability(first),
        quotes_verbatim=outcomes.quotes_verbatim(first),
        needs_review=outcomes.review_share(first),
        flips=outcomes.flips(cases),
        cost=outcomes.cost(every),
        slices=_slices(first),
        incidents=summarise_incidents(every),
        own_words=summarise_own_words(first),
    )


def _slices(cases: Sequence[Case]) -> list[Slice]:
    tags = sorted({tag for case in cases for tag in case.tags})
    tagged = {tag: [case for case in cases if tag in case.tags] for tag in tags}
    return [
        Slice(
            tag=tag,
            accuracy=outcomes.accuracy(part),
            precision=outcomes.precision(part),
            recall=outcomes.recall(part),
            false_alarms=outcomes.false_alarms(part),
        )
        for tag, part in tagged.items()
    ]


def rows_of(summary: Summary) -> list[tuple[str, Estimate]]:
    """The main numbers by name, in the order in which they are read: of what the labels tell."""
    rows = _outcome_rows(summary) if summary.accuracy.n else []
    rows += summary.own_words.main.items() if summary.own_words else []
    rows += _incident_rows(summary.incidents) if summary.incidents else []
    return rows if summary.flips is None else [*rows, ("verdicts that flip over repeats", summary.flips)]


def _incident_rows(numbers: IncidentSummary) -> list[tuple[str, Estimate]]:
    rows = []
    for name, kinds in (("known incidents", numbers.known), ("own incidents", numbers.own)):
        if kinds is not None:
            rows += [
                (f"{name} found", kinds.found),
                (f"precision of {name}", kinds.precision),
                (f"F1 of {name}", Estimate(value=kinds.f1, n=kinds.found.n)),
            ]
    return [
        *rows,
        ("right turn, of incidents found", numbers.turn),
        ("no incident said, of calls without", numbers.clean),
        ("both right, of near twins", numbers.twins),
    ]


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
