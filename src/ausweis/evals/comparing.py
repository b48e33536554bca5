"""Eval runs of the same calls: side by side, and two of them call by call.

Differences of shares: McNemar's exact test (McNemar 1947) by `scipy.stats.binomtest`. All else: paired bootstrap over
calls, the same resample for both. Labels are those of the newer run, so that a mended label is mended on both sides.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray
from pydantic import computed_field

from ausweis.evals.case import FIELDS, Case, Label
from ausweis.evals.metrics.estimate import Family, Measure, average_precision, bounds, micro_f1, weights
from ausweis.evals.metrics.incidents import KNOWN_INCIDENTS, OWN_INCIDENTS
from ausweis.evals.metrics.own_words import OWN_WORDS
from ausweis.evals.metrics.summary import F1, NONE, fact_marks, unflagged
from ausweis.labelled import Part

Pair = tuple[Case, Case]


class Flip(Part):
    """Calls right in one run only. `p`: how likely so uneven a split is by chance (two-sided McNemar exact)."""

    name: str
    calls: int
    before: float
    after: float
    better: int
    worse: int
    p: float


class Difference(Part):
    """A number of both runs; `low` and `high` bound the difference (95 %, paired bootstrap)."""

    name: str
    before: float
    after: float
    low: float
    high: float


class CaseChange(Part):
    """One call that was judged otherwise. `facts`: for each field what is only in the label, before, after."""

    id: str
    label: str
    before: str
    after: str
    risk_before: float
    risk_after: float
    facts: dict[str, dict[str, tuple[str, ...]]]

    @property
    def risks(self) -> str:
        """For people."""
        return f"{self.risk_before:.2f} → {self.risk_after:.2f}"


class Comparison(Part):
    """All of it. `missing` are calls of the first run without a partner in the second, `new` the other way round.

    `relabelled` are calls whose label is another in the second run.
    """

    calls: int
    flips: tuple[Flip, ...]
    differences: tuple[Difference, ...]
    better: tuple[CaseChange, ...]
    worse: tuple[CaseChange, ...]
    other: tuple[CaseChange, ...]
    missing: tuple[str, ...]
    new: tuple[str, ...]
    relabelled: tuple[str, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def p(self) -> float:
        """How likely so uneven a split into better and worse is by chance, as of a `Flip`."""
        return _p(len(self.better), len(self.worse))


class RunNumbers(Part):
    """The main numbers of one run; None where its calls do not tell it.

    `right`: the share of calls of which all is right that the label tells; `found`: of violations; `false_alarms`: of
    clean calls; `seconds`: a call (median).
    """

    calls: int
    right: float
    found: float | None
    false_alarms: float | None
    average_precision: float | None
    seconds: float | None


class SideBySide(Part):
    """Several runs by name, and each but the first against the first."""

    runs: dict[str, RunNumbers]
    against_first: dict[str, Comparison]


def _is_judged(case: Case) -> bool:
    return case.gold.outcome is not None


MEASURES: Mapping[str, Measure] = {
    "violation F1": F1,
    "clean calls without an alarm": unflagged,
    "average precision of risk": average_precision,
    "facts F1 (factors and actions with turn)": micro_f1(fact_marks),
}
_FAMILIES: Sequence[Family] = ((_is_judged, MEASURES), KNOWN_INCIDENTS, OWN_INCIDENTS, OWN_WORDS)


def told_by(pairs: Sequence[Pair]) -> list[tuple[str, Measure, list[Pair]]]:
    """The numbers that the labels of these calls tell, each with the calls that it is of."""
    families = [(measures, [pair for pair in pairs if all(map(tells, pair))]) for tells, measures in _FAMILIES]
    return [(name, measure, told) for measures, told in families if told for name, measure in measures.items()]


def compare(before: Sequence[Case], after: Sequence[Case]) -> Comparison:
    """Compare the first repeats of two runs."""
    pairs, missing, new = paired(before, after)
    changes = [_change(old, new) for old, new in pairs if old.told != new.told]
    sides = {old.id: (old.right, new.right) for old, new in pairs}
    labels = {case.id: case.gold for case in before}
    differences = []
    for name, measure, told in told_by(pairs):
        was, now, drawn = paired_draws(told, measure)
        if len(drawn) and not np.isnan([was, now]).any():
            low, high = bounds(drawn)
            differences.append(Difference(name=name, before=was, after=now, low=low, high=high))
    return Comparison(
        calls=len(pairs),
        flips=tuple(_flips(pairs)),
        differences=tuple(differences),
        better=tuple(change for change in changes if sides[change.id] == (False, True)),
        worse=tuple(change for change in changes if sides[change.id] == (True, False)),
        other=tuple(change for change in changes if sides[change.id][0] == sides[change.id][1]),
        missing=tuple(missing),
        new=tuple(new),
        relabelled=tuple(sorted({case.id for case in after if labels.get(case.id, case.gold) != case.gold})),
    )


def side_by_side(runs: Mapping[str, Sequence[Case]]) -> SideBySide:
    """The first repeats of runs."""
    first, *others = runs
    return SideBySide(
        runs={name: numbers_of(cases) for name, cases in runs.items()},
        against_first={name: compare(runs[first], runs[name]) for name in others},
    )


def numbers_of(cases: Sequence[Case]) -> RunNumbers:
    """The main numbers of the first repeat of a run."""
    every = [case for case in cases if case.repeat == 1]
    judged = [case for case in every if _is_judged(case)]
    ranked = average_precision(judged)(np.ones((1, len(judged)), dtype=np.int64))[0] if judged else np.nan
    seconds = [case.seconds for case in every if case.seconds is not None]
    return RunNumbers(
        calls=len(every),
        right=_share(case.right for case in every) or 0.0,
        found=_share(case.says_violation for case in judged if case.broken),
        false_alarms=_share(case.says_violation for case in judged if not case.broken),
        average_precision=None if np.isnan(ranked) else float(ranked),
        seconds=median(seconds) if seconds else None,
    )


def _share(hits: Iterable[bool]) -> float | None:
    all_of_them = list(hits)
    return sum(all_of_them) / len(all_of_them) if all_of_them else None


def paired(before: Sequence[Case], after: Sequence[Case]) -> tuple[list[Pair], list[str], list[str]]:
    """The calls of both, with the labels and tags of the second; ids only in the first; ids only in the second."""
    first = {case.id: case for case in before if case.repeat == 1}
    second = {case.id: case for case in after if case.repeat == 1}
    pairs = []
    for identifier, case in second.items():
        if identifier in first:
            update = {name: getattr(case, name) for name in ("gold", "tags", "must_pass", "twin")}
            pairs.append((first[identifier].model_copy(update=update), case))
    return pairs, [name for name in first if name not in second], [name for name in second if name not in first]


def _flips(pairs: Sequence[Pair]) -> list[Flip]:
    judged = [pair for pair in pairs if _is_judged(pair[1])]
    asked = [pair for pair in pairs if None not in (pair[0].incidents, pair[1].incidents)]
    rights: Sequence[tuple[str, Sequence[Pair], Callable[[Case], bool]]] = (
        ("outcome", judged, lambda case: case.outcome_right),
        ("violation or not", judged, lambda case: case.told is not None and case.broken == case.says_violation),
        ("incidents", asked, lambda case: case.incidents_right),
    )
    return [_flip(name, [(right(old), right(new)) for old, new in told]) for name, told, right in rights if told]


def _p(better: int, worse: int) -> float:
    from scipy.stats import binomtest

    return float(binomtest(better, better + worse).pvalue) if better + worse else 1.0


def _flip(name: str, rights: Sequence[tuple[bool, bool]]) -> Flip:
    better = sum(not old and new for old, new in rights)
    worse = sum(old and not new for old, new in rights)
    return Flip(
        name=name,
        calls=len(rights),
        before=sum(old for old, _ in rights) / len(rights),
        after=sum(new for _, new in rights) / len(rights),
        better=better,
        worse=worse,
        p=_p(better, worse),
    )


def paired_draws(pairs: Sequence[Pair], measure: Measure) -> tuple[float, float, NDArray[np.float64]]:
    """A number before, after, and its difference in each resample of calls that tells it."""
    first, second = measure([old for old, _ in pairs]), measure([new for _, new in pairs])
    whole = np.ones((1, len(pairs)), dtype=np.int64)
    drawn = second(resamples := weights(len(pairs))) - first(resamples)
    return float(first(whole)[0]), float(second(whole)[0]), drawn[~np.isnan(drawn)]


def _change(old: Case, new: Case) -> CaseChange:
    facts = {}
    for field in FIELDS:
        label, before, after = (_words(side, field) for side in (old.gold, old.told, new.told))
        if before != after:
            facts[field] = {"label": label, "before": before, "after": after}
    return CaseChange(
        id=old.id,
        label=_said(new, new.gold),
        before=_said(new, old.told),
        after=_said(new, new.told),
        risk_before=old.risk,
        risk_after=new.risk,
        facts=facts,
    )


def _said(case: Case, side: Label | None) -> str:
    """Of what the label tells, what one side says: the outcome, the incidents, or both."""
    if side is None:
        return NONE
    outcome = [str(side.outcome)] if _is_judged(case) else []
    return "; ".join([*outcome, side.incidents_said] if case.incidents is not None else outcome)


def _words(side: object, field: str) -> tuple[str, ...]:
    if side is None:
        return ()
    value = getattr(side, field)
    return tuple(map(str, value)) if isinstance(value, tuple) else (value,)
