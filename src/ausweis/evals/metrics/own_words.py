"""How well the own factors and categories of a policy are read: what happens in a call, and in which turn.

Each event counts once a turn, and of those that were read the ones that are likelier than not. All numbers over all
calls together, with a bootstrap interval over calls.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from pydantic import BaseModel, ConfigDict

from ausweis.evals.case import Case
from ausweis.evals.conclusion import ids_of
from ausweis.evals.metrics.estimate import Estimate, resampled
from ausweis.evals.metrics.measures import Measure, Words, micro_f1, micro_precision, micro_recall

__all__ = ["OWN_WORDS", "OwnWordNumbers", "OwnWordSummary", "has_own_words", "summarise_own_words"]


class OwnWordNumbers(BaseModel):
    """Of one kind of event: `precision` of those read, `recall` of those labelled."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    precision: Estimate
    recall: Estimate
    f1: Estimate


class OwnWordSummary(BaseModel):
    """`main`: what the gate looks at, by name. `events`: by what happens, with its turn but for the first of them.

    `languages`: the same of each language.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls: int
    main: dict[str, Estimate]
    events: dict[str, OwnWordNumbers]
    languages: dict[str, dict[str, OwnWordNumbers]]


def has_own_words(case: Case) -> bool:
    """Whether the policy of the call has own words."""
    return bool(case.own_words)


def _sides(case: Case, change: Callable[[Sequence[str]], list[str]]) -> tuple[list[str], list[str]]:
    return change(case.gold.own_words), change(case.told.own_words if case.told else ())


def _of(kind: str, words: Sequence[str]) -> list[str]:
    return [word for word in words if word.startswith(f"{kind} ")]


SIDES: Mapping[str, Words] = {
    "given in the call": partial(_sides, change=lambda words: [*ids_of(_of("gives", words))]),
    "given": partial(_sides, change=partial(_of, "gives")),
    "asked": partial(_sides, change=partial(_of, "asks")),
    "read out": partial(_sides, change=partial(_of, "reads_out")),
    "told": partial(_sides, change=partial(_of, "discloses")),
    "changed": partial(_sides, change=partial(_of, "changes")),
}
OWN_WORDS: Mapping[str, Measure] = {
    "F1 of own factors given in a call": micro_f1(SIDES["given in the call"]),
    "F1 of own words (with turn)": micro_f1(partial(_sides, change=list)),
}
"""Of calls that `has_own_words` holds of."""


def summarise_own_words(cases: Sequence[Case]) -> OwnWordSummary | None:
    """The numbers of the cases whose policy has own words; None where none has."""
    cases = [case for case in cases if has_own_words(case)]
    if not cases:
        return None
    languages = sorted({tag for case in cases for tag in case.tags if tag.startswith("language:")})
    return OwnWordSummary(
        calls=len(cases),
        main={name: resampled(cases, measure) for name, measure in OWN_WORDS.items()},
        events=_events(cases),
        languages={tag.partition(":")[2]: _events([case for case in cases if tag in case.tags]) for tag in languages},
    )


def _events(cases: Sequence[Case]) -> dict[str, OwnWordNumbers]:
    return {name: _numbers(cases, words) for name, words in SIDES.items()}


def _numbers(cases: Sequence[Case], words: Words) -> OwnWordNumbers:
    label, verdict = (sum(len(set(side)) for side in sides) for sides in zip(*map(words, cases), strict=True))
    return OwnWordNumbers(
        precision=resampled(cases, micro_precision(words), n=verdict),
        recall=resampled(cases, micro_recall(words), n=label),
        f1=resampled(cases, micro_f1(words), n=label),
    )
