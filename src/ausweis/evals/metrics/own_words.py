"""How well the own factors and categories of a policy are read: what happens in a call, and in which turn.

Each event counts once a turn, and of those that were read the ones that are likelier than not. All numbers over all
calls together, with a bootstrap interval over calls.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from ausweis.evals.case import Case, Occurrence
from ausweis.evals.metrics.estimate import Estimate, Family, Sides, micro_f1, micro_precision, micro_recall, resampled
from ausweis.labelled import Part


class OwnWordNumbers(Part):
    """Of one kind of event: `precision` of those read, `recall` of those labelled."""

    precision: Estimate
    recall: Estimate
    f1: Estimate


class OwnWordSummary(Part):
    """`main`: what the gate looks at, by name. `events`: by what happens, with its turn but for the first of them.

    `languages`: the same of each language.
    """

    calls: int
    main: dict[str, Estimate]
    events: dict[str, OwnWordNumbers]
    languages: dict[str, dict[str, OwnWordNumbers]]


def _events(case: Case, *, kind: str = "") -> tuple[list[Occurrence], list[Occurrence]]:
    label, verdict = ([mark for mark in side if kind in ("", mark.kind)] for side in case.marks("own_words"))
    return label, verdict


def _given(case: Case) -> tuple[list[str], list[str]]:
    label, verdict = ([mark.name for mark in side] for side in _events(case, kind="gives"))
    return label, verdict


SIDES: Mapping[str, Sides] = {
    "given in the call": _given,
    "given": partial(_events, kind="gives"),
    "asked": partial(_events, kind="asks"),
    "read out": partial(_events, kind="reads_out"),
    "told": partial(_events, kind="discloses"),
    "changed": partial(_events, kind="changes"),
}
OWN_WORDS: Family = (
    lambda case: bool(case.own_words),
    {"F1 of own factors given in a call": micro_f1(_given), "F1 of own words (with turn)": micro_f1(_events)},
)
"""Of calls whose policy has own words."""


def summarise_own_words(cases: Sequence[Case]) -> OwnWordSummary | None:
    """The numbers of the cases whose policy has own words; None where none has."""
    cases = [case for case in cases if case.own_words]
    if not cases:
        return None
    languages = sorted({tag for case in cases for tag in case.tags if tag.startswith("language:")})
    return OwnWordSummary(
        calls=len(cases),
        main={name: resampled(cases, measure) for name, measure in OWN_WORDS[1].items()},
        events=_numbers(cases),
        languages={tag.partition(":")[2]: _numbers([case for case in cases if tag in case.tags]) for tag in languages},
    )


def _numbers(cases: Sequence[Case]) -> dict[str, OwnWordNumbers]:
    numbers = {}
    for name, sides in SIDES.items():
        label, verdict = (sum(len(set(side)) for side in both) for both in zip(*map(sides, cases), strict=True))
        numbers[name] = OwnWordNumbers(
            precision=resampled(cases, micro_precision(sides), n=verdict),
            recall=resampled(cases, micro_recall(sides), n=label),
            f1=resampled(cases, micro_f1(sides), n=label),
        )
    return numbers
